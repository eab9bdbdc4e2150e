// A phrase-based system, as small as it can be: alignment, phrase table, trigrams, tuned weights,
// translations (Koehn, Och and Marcu 2003, N03-1017). Cho et al. 2014 give it one more score.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>

#include "alignment.hpp"
#include "data/sentence_pairs.hpp"
#include "data/text.hpp"
#include "data/vocabulary.hpp"
#include "io/files.hpp"
#include "phrase_table.hpp"
#include "stack_decoder.hpp"
#include "tensor/error.hpp"
#include "trigrams.hpp"
#include "tuning.hpp"

namespace carousel::phrases {
namespace {

struct Arguments {
  std::string folder, source = "en", target = "fr";
  std::string table_file, links_file, further_file, pairs_folder, out;
  int held_out = 500;
  int tune = 500, rounds = 8, starts = 5;
  std::uint64_t seed = 1;
};

class Clock {
 public:
  void say(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    std::fprintf(stderr, "%6.1f s  %s\n", std::chrono::duration<double>(now - begun_).count(),
                 what.c_str());
    begun_ = now;
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// Both languages by numbers; those of words that training lacks are added behind.
class System {
 public:
  explicit System(const Arguments& arguments)
      : arguments_(arguments),
        set_(read_sentence_pairs(arguments.folder, arguments.source, arguments.target)) {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      for (const SentencePair& pair : set_.parts[k]) {
        parts_[k].push_back(
            {numbers(source_words_, pair.source), numbers(target_words_, pair.target)});
      }
      if (k == 0) known_words_ = static_cast<int>(target_words_.size());
    }
  }

  void run() {
    const std::vector<Links> links = aligned();
    const PhraseTable table(parts_[0], links);
    clock_.say(fmt::format("phrase table: {} pairs", table.size()));
    if (!arguments_.table_file.empty()) write_table(table);
    if (!arguments_.pairs_folder.empty()) {
      write_pairs(links);
      return;
    }
    std::vector<Words> sentences;
    for (const Pair& pair : parts_[0]) sentences.push_back(pair.target);
    const Trigrams trigrams(sentences, known_words_);
    clock_.say("trigrams");
    const PhraseScore further = arguments_.further_file.empty() ? PhraseScore{} : read_further();
    const StackDecoder decoder(table, trigrams, further);
    translate_all(decoder, tuned_weights(decoder, further != nullptr));
  }

 private:
  static Words numbers(Vocabulary& vocabulary, const std::vector<std::string>& words) {
    Words all;
    for (const std::string& word : words) all.push_back(static_cast<int>(vocabulary.add(word)));
    return all;
  }

  static std::string text_of(const Vocabulary& vocabulary, const Words& words) {
    std::string text;
    for (const int word : words) text += (text.empty() ? "" : " ") + vocabulary.text(word);
    return text;
  }

  std::vector<Links> aligned() {
    const std::vector<Pair>& pairs = parts_[0];
    std::vector<Pair> turned;
    for (const Pair& pair : pairs) turned.push_back({pair.target, pair.source});
    const auto of_target = align(pairs), of_source = align(turned);
    std::vector<Links> links;
    std::size_t count = 0;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      links.push_back(symmetrised(of_target[p], of_source[p]));
      count += links.back().size();
    }
    clock_.say(fmt::format("alignment: {} links of {} pairs", count, pairs.size()));
    if (!arguments_.links_file.empty()) write_links(links);
    return links;
  }

  void write_links(const std::vector<Links>& links) const {
    std::string text;
    for (const Links& of_pair : links) {
      std::string line;
      for (const auto& [s, t] : of_pair)
        line += fmt::format("{}{}-{}", line.empty() ? "" : " ", s, t);
      text += line + "\n";
    }
    write_text(arguments_.links_file, text);
  }

  void write_table(const PhraseTable& table) const {
    std::string text;
    table.for_each([&](const Words& source, const std::vector<Option>& options) {
      const std::string phrase = text_of(source_words_, source);
      for (const Option& option : options) {
        text +=
            fmt::format("{} ||| {} ||| {} ||| {}\n", phrase, text_of(target_words_, option.target),
                        fmt::join(option.scores, " "), option.count);
      }
    });
    write_text(arguments_.table_file, text);
  }

  // Each pair of phrases once, however often it stands there: of the first sentences for training,
  // of the last ones for validation and test, so that no part of a sentence that is held out was
  // trained on.
  void write_pairs(const std::vector<Links>& links) {
    const std::size_t all = links.size(), held_out = static_cast<std::size_t>(arguments_.held_out);
    if (all < 3 * held_out) {
      fail_input("--held-out is {}, expected at most a third of the {} sentences", held_out, all);
    }
    const std::array<std::size_t, 4> borders = {0, all - 2 * held_out, all - held_out, all};
    make_folder(arguments_.pairs_folder);
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      const auto first = static_cast<std::ptrdiff_t>(borders[k]);
      const auto last = static_cast<std::ptrdiff_t>(borders[k + 1]);
      const PhraseTable table({parts_[0].begin() + first, parts_[0].begin() + last},
                              {links.begin() + first, links.begin() + last});
      std::string source, target;
      table.for_each([&](const Words& phrase, const std::vector<Option>& options) {
        for (const Option& option : options) {
          source += text_of(source_words_, phrase) + "\n";
          target += text_of(target_words_, option.target) + "\n";
        }
      });
      const std::string base =
          fmt::format("{}/{}.", arguments_.pairs_folder, std::array{"train", "valid", "test"}[k]);
      write_text(base + arguments_.source, source);
      write_text(base + arguments_.target, target);
      clock_.say(fmt::format("{}: {} pairs of phrases", base, table.size()));
    }
  }

  // Lines `source ||| target ||| score`.
  PhraseScore read_further() {
    auto scores = std::make_shared<std::map<std::pair<Words, Words>, double>>();
    const std::string text = read_text(arguments_.further_file);
    int number = 0;
    for (const std::string_view line : lines_of(text)) {
      ++number;
      const std::size_t first = line.find(" ||| "), second = line.find(" ||| ", first + 5);
      if (first == line.npos || second == line.npos) {
        fail_input("{}:{}: expected `source ||| target ||| score`", arguments_.further_file,
                   number);
      }
      (*scores)[{
          numbers(source_words_, symbols_of(line.substr(0, first), true)),
          numbers(target_words_, symbols_of(line.substr(first + 5, second - first - 5), true))}] =
          std::stod(std::string(line.substr(second + 5)));
    }
    clock_.say(fmt::format("a further score of {} phrase pairs", scores->size()));
    return [scores](const Words& source, const Words& target) {
      const auto found = scores->find({source, target});
      return found == scores->end() ? 0.0 : found->second;
    };
  }

  // A word that nobody translates stays as it is.
  int unknown(int source) {
    return static_cast<int>(target_words_.add(source_words_.text(source)));
  }

  std::vector<std::vector<Translated>> translated(const StackDecoder& decoder,
                                                  std::span<const Pair> pairs,
                                                  const Features& weights, int best) {
    std::vector<std::vector<Translated>> all;
    for (const Pair& pair : pairs) {
      all.push_back(decoder.translate(pair.source, weights, {.best = best},
                                      [&](int word) { return unknown(word); }));
    }
    return all;
  }

  Features tuned_weights(const StackDecoder& decoder, bool has_further) {
    const auto count = std::min(static_cast<std::size_t>(arguments_.tune), parts_[1].size());
    const std::span<const Pair> pairs = std::span(parts_[1]).first(count);
    std::vector<Words> references;
    for (const Pair& pair : pairs) references.push_back(pair.target);
    std::vector<bool> fixed(feature_count, false);
    fixed.back() = !has_further;
    Features weights =
        tuned([&](const Features& at) { return translated(decoder, pairs, at, 100); }, references,
              first_weights(), fixed, arguments_.rounds, arguments_.starts, arguments_.seed,
              [&](int round, double bleu) {
                clock_.say(fmt::format("tuning, round {}: BLEU {:.2f} of {} sentences", round + 1,
                                       bleu, count));
              });
    for (std::size_t k = 0; k < feature_count; ++k) {
      std::fprintf(stderr, "          %-10s %9.4f\n", feature_names()[k].c_str(), weights[k]);
    }
    return weights;
  }

  void translate_all(const StackDecoder& decoder, const Features& weights) {
    for (const auto& [part, name] :
         {std::pair<std::size_t, const char*>{1, "valid"}, {2, "test"}}) {
      BleuCounts sums(bleu_counts({}, {}).size(), 0.0);
      std::string text;
      const auto found = translated(decoder, parts_[part], weights, 1);
      for (std::size_t s = 0; s < found.size(); ++s) {
        const Words best = found[s].empty() ? Words{} : found[s][0].target;
        const BleuCounts counts = bleu_counts(best, parts_[part][s].target);
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += counts[k];
        text += text_of(target_words_, best) + "\n";
      }
      clock_.say(fmt::format("{} translated", name));
      std::printf("%s BLEU %.2f\n", name, bleu_of(sums));
      if (!arguments_.out.empty()) write_text(arguments_.out + "." + name, text);
    }
  }

  const Arguments& arguments_;
  Clock clock_;
  PairSet set_;
  Vocabulary source_words_, target_words_;
  std::array<std::vector<Pair>, 3> parts_;
  int known_words_ = 0;
};

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"phrases: a small phrase-based translation system"};
  app.add_option("FOLDER", arguments.folder, "Sentence pairs (docs/data.md)")->required();
  app.add_option("--source", arguments.source, "The language that is read")->capture_default_str();
  app.add_option("--target", arguments.target, "The language that is written")
      ->capture_default_str();
  app.add_option("--table", arguments.table_file, "File for the phrase table");
  app.add_option("--links", arguments.links_file, "File for the alignment of the training pairs");
  app.add_option("--further", arguments.further_file,
                 "Lines `source ||| target ||| score`: one more score of phrase pairs");
  app.add_option("--pairs", arguments.pairs_folder,
                 "Folder for pairs of phrases to train a network on; nothing is translated then");
  app.add_option("--held-out", arguments.held_out,
                 "Of --pairs: sentences for validation, and as many for test")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--out", arguments.out, "Translations: FILE.valid and FILE.test");
  app.add_option("--tune", arguments.tune, "Sentences of validation to tune on")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--rounds", arguments.rounds, "Of tuning")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--starts", arguments.starts, "Of the search for weights, besides the best ones")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "Of tuning")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  System(arguments).run();
  return 0;
}

}  // namespace
}  // namespace carousel::phrases

int main(int argc, char** argv) {
  try {
    return carousel::phrases::run(argc, argv);
  } catch (const carousel::InputError& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
}
