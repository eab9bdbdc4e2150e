// A phrase-based system, as small as it can be: alignment, phrase table, trigrams, tuned weights,
// translations (Koehn, Och and Marcu 2003, N03-1017). Cho et al. 2014 give it one more score.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>

#include "alignment.hpp"
#include "data/sentence_pairs.hpp"
#include "data/text.hpp"
#include "data/vocabulary.hpp"
#include "io/files.hpp"
#include "line_reader.hpp"
#include "link_files.hpp"
#include "phrase_table.hpp"
#include "program.hpp"
#include "stack_decoder.hpp"
#include "tensor/error.hpp"
#include "trigrams.hpp"
#include "tuning.hpp"

namespace carousel::phrases {
namespace {

constexpr std::array part_names = {"train", "valid", "test"};

struct Arguments {
  std::string folder, source = "en", target = "fr";
  std::string table_file, links_base, further_file, pairs_folder, out;
  int held_out = 500;
  int best = 0;
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
    if (!arguments_.links_base.empty()) {
      write_links();
      return;
    }
    const std::vector<Links> links = aligned(parts_[0]);
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

  std::vector<Links> aligned(const std::vector<Pair>& pairs) {
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
    return links;
  }

  // The alignment is learned from the pairs that it is of, as is usual without examples. The
  // system's own table is of the training pairs alone.
  void write_links() {
    std::vector<Pair> pairs;
    for (const auto& part : parts_) pairs.insert(pairs.end(), part.begin(), part.end());
    const std::vector<Links> links = aligned(pairs);
    auto first = links.begin();
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      const auto last = first + std::ssize(parts_[k]);
      write_text(fmt::format("{}.{}", arguments_.links_base, part_names[k]),
                 links_text({first, last}));
      first = last;
    }
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
      const std::string base = fmt::format("{}/{}.", arguments_.pairs_folder, part_names[k]);
      write_text(base + arguments_.source, source);
      write_text(base + arguments_.target, target);
      clock_.say(fmt::format("{}: {} pairs of phrases", base, table.size()));
    }
  }

  // Lines `source ||| target ||| score`.
  PhraseScore read_further() {
    auto scores = std::make_shared<std::map<std::pair<Words, Words>, double>>();
    LineReader line(arguments_.further_file);
    const auto words = [](Vocabulary& vocabulary, std::string_view text) {
      return numbers(vocabulary, symbols_of(text, true));
    };
    while (line.next()) {
      const auto fields = line.fields(3, "`source ||| target ||| score`");
      (*scores)[{words(source_words_, fields[0]), words(target_words_, fields[1])}] =
          line.number(fields[2]);
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
    for (std::size_t part = 1; part < parts_.size(); ++part) {
      BleuCounts sums(bleu_counts({}, {}).size(), 0.0);
      std::string text;
      const auto found = translated(decoder, parts_[part], weights, std::max(arguments_.best, 1));
      for (std::size_t s = 0; s < found.size(); ++s) {
        const Words best = found[s].empty() ? Words{} : found[s][0].target;
        const BleuCounts counts = bleu_counts(best, parts_[part][s].target);
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += counts[k];
        text += text_of(target_words_, best) + "\n";
      }
      clock_.say(fmt::format("{} translated", part_names[part]));
      std::printf("%s BLEU %.2f\n", part_names[part], bleu_of(sums));
      if (arguments_.out.empty()) continue;
      const std::string file = fmt::format("{}.{}", arguments_.out, part_names[part]);
      write_text(file, text);
      if (arguments_.best > 0) write_text(file + ".n-best", n_best_text(found));
    }
  }

  std::string n_best_text(const std::vector<std::vector<Translated>>& found) const {
    std::string text;
    for (std::size_t s = 0; s < found.size(); ++s) {
      for (const Translated& one : found[s]) {
        text += fmt::format("{} ||| {} ||| {} ||| {}\n", s, text_of(target_words_, one.target),
                            fmt::join(one.features, " "), one.score);
      }
    }
    return text;
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
  app.add_option("--links", arguments.links_base,
                 "Links of all pairs, aligned together: FILE.train, FILE.valid and FILE.test; "
                 "nothing is translated then")
      ->type_name("FILE");
  app.add_option("--further", arguments.further_file,
                 "Lines `source ||| target ||| score`: one more score of phrase pairs");
  app.add_option("--pairs", arguments.pairs_folder,
                 "Folder for pairs of phrases to train a network on; nothing is translated then");
  app.add_option("--held-out", arguments.held_out,
                 "Of --pairs: sentences for validation, and as many for test")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  auto* out = app.add_option("--out", arguments.out, "Translations: FILE.valid and FILE.test")
                  ->type_name("FILE");
  app.add_option("--n-best", arguments.best,
                 "So many translations of each sentence with their features, at most: "
                 "FILE.valid.n-best and FILE.test.n-best")
      ->check(CLI::Range(1, 1000))
      ->needs(out);
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
  app.callback([&] { System(arguments).run(); });
  return run_app(app, argc, argv);
}

}  // namespace
}  // namespace carousel::phrases

int main(int argc, char** argv) {
  return carousel::exit_code_of([&] { return carousel::phrases::run(argc, argv); });
}
