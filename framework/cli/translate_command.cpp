#include "cli/translate_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "data/text.hpp"
#include "io/characters.hpp"
#include "metric/text_scores.hpp"

namespace carousel {
namespace {

constexpr std::size_t lines_together = 64;

const Translator& translator_of(const OpenModel& open) {
  const auto* translator = dynamic_cast<const Translator*>(&open.model().model());
  if (!translator) {
    fail_input(
        "{}: a model of {} writes no sentence for another one; expected a run of the task "
        "that does (carousel tasks)",
        open.id(), open.trial().dataset);
  }
  return *translator;
}

// The next lines of the standard input, without their ends; a person who types gets each at once.
std::vector<std::string> next_lines(std::size_t first) {
  std::vector<std::string> lines;
  const std::size_t count = isatty(STDIN_FILENO) ? 1 : lines_together;
  for (std::string line; lines.size() < count && std::getline(std::cin, line);) {
    if (line.ends_with('\r')) line.pop_back();
    expect_utf8(line, fmt::format("standard input, line {}", first + lines.size() + 1));
    lines.push_back(std::move(line));
  }
  return lines;
}

void print(std::size_t place, const std::vector<Translation>& found, Index best) {
  if (best == 1) std::printf("%s\n", found.empty() ? "" : found[0].text.c_str());
  for (const Translation& one : found) {
    if (best == 1) break;
    std::printf("%zu ||| %s ||| %.6f ||| %.6f\n", place, one.text.c_str(), one.log_probability,
                one.score);
  }
}

std::vector<std::string> lines_in(const std::string& file) {
  const std::string text = read_utf8(file);
  std::vector<std::string> lines;
  for (const std::string_view line : lines_of(text)) lines.emplace_back(line);
  return lines;
}

// Translations beside their references.
class Compared {
 public:
  explicit Compared(const std::string& file)
      : file_(file),
        references_(lines_in(file)),
        tally_(counts_of(text_metrics()), std::ssize(references_)) {}

  void add(std::size_t place, const std::string& text) {
    if (place >= references_.size()) {
      fail_input("{} has {} lines, and the standard input has more; expected the same number",
                 file_, references_.size());
    }
    const auto written = symbols_of(text, true), reference = symbols_of(references_[place], true);
    count_text(written, reference, static_cast<Index>(place), tally_);
    added_ = place + 1;
  }
  void print() const {
    if (added_ < references_.size()) {
      fail_input("{} has {} lines and the standard input has {}, expected the same number", file_,
                 references_.size(), added_);
    }
    const auto figure = [&](std::size_t k) { return figure_of(text_metrics()[k], tally_); };
    std::fprintf(stderr, "BLEU %.2f  chrF2 %.2f  exact %.2f %%  of %zu sentences\n", figure(0),
                 figure(1), figure(2), added_);
  }

 private:
  std::string file_;
  std::vector<std::string> references_;
  Tally tally_;
  std::size_t added_ = 0;
};

// What is asked for of some pairs, a line each.
std::vector<std::string> lines_about(const Translator& translator, const TrainedModel& model,
                                     const std::string& show, std::span<const std::string> sources,
                                     std::span<const std::string> targets) {
  std::vector<std::string> lines;
  if (show == "links") {
    for (const auto& of_pair : translator.links(model, sources, targets)) {
      std::string& line = lines.emplace_back();
      for (std::size_t t = 0; t < of_pair.size(); ++t) {
        line += fmt::format("{}{}-{}", t == 0 ? "" : " ", of_pair[t], t);
      }
    }
  } else if (show == "gradients") {
    for (const auto& of_pair : translator.gradients(model, sources, targets)) {
      lines.push_back(fmt::format("{:.6g}", fmt::join(of_pair, " ")));
    }
  } else {
    for (const double score : translator.score(model, sources, targets)) {
      lines.push_back(fmt::format("{:.6f}", score));
    }
  }
  return lines;
}

}  // namespace

int translate_command(CellRegistry& registry, ModelOfRun wanted, const TranslateOptions& options,
                      const std::string& reference, const CommonOptions& common) {
  if (options.best > options.beam) {
    fail_input("--n-best is {}, expected at most the beam, {}", options.best, options.beam);
  }
  wanted.data_dir = common.data_dir;
  std::optional<Compared> compared;
  if (!reference.empty()) compared.emplace(reference);
  const OpenModel open = open_model(registry, wanted);
  const Translator& translator = translator_of(open);
  std::size_t place = 0;
  for (auto lines = next_lines(0); !lines.empty(); lines = next_lines(place)) {
    for (const auto& found : translator.translate(open.model(), lines, options, place)) {
      if (compared) compared->add(place, found.empty() ? "" : found[0].text);
      print(place++, found, options.best);
    }
    std::fflush(stdout);
  }
  if (compared) compared->print();
  return 0;
}

int score_command(CellRegistry& registry, ModelOfRun wanted, const PairRequest& request,
                  const CommonOptions& common) {
  wanted.data_dir = common.data_dir;
  const std::string &source_file = request.source_file, &target_file = request.target_file;
  const std::vector<std::string> sources = lines_in(source_file), targets = lines_in(target_file);
  if (sources.size() != targets.size()) {
    fail_input("{} has {} lines and {} has {}, expected the same number", source_file,
               sources.size(), target_file, targets.size());
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (symbols_of(sources[i], true).empty()) {
      fail_input("{}:{}: got an empty line, expected a sentence", source_file, i + 1);
    }
  }
  const OpenModel open = open_model(registry, wanted);
  const Translator& translator = translator_of(open);
  const TrainedModel model = request.at_start ? open.at_start() : open.model();
  for (std::size_t first = 0; first < sources.size(); first += lines_together) {
    const std::size_t count = std::min(lines_together, sources.size() - first);
    for (const std::string& line :
         lines_about(translator, model, request.show, std::span(sources).subspan(first, count),
                     std::span(targets).subspan(first, count))) {
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace carousel
