// Figures of the study of Cho et al. 2014 out of the scores, lists, links and gradients that
// `phrases` and `carousel score` write.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/csv.hpp"
#include "io/files.hpp"
#include "link_files.hpp"
#include "place_shares.hpp"
#include "program.hpp"
#include "reranking.hpp"
#include "scored_phrases.hpp"

namespace carousel::phrases {
namespace {

struct ScoresArguments {
  std::string table, csv_file, sources_file;
  std::vector<std::string> networks;  // NAME=FILE
  int least_targets = 3, examples = 10;
  std::uint64_t seed = 1;
};

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void print_scores(const ScoresArguments& arguments) {
  std::vector<NetworkScores> networks;
  for (const std::string& one : arguments.networks) {
    const std::size_t equals = one.find('=');
    if (equals == one.npos || equals == 0) fail_input("got '{}', expected NAME=FILE", one);
    networks.push_back({one.substr(0, equals), one.substr(equals + 1)});
  }
  auto sources = read_scored_table(arguments.table, networks);
  // To judge by: log p of a target is lower the longer it is, whatever the network has learned.
  for (ScoredSource& source : sources) {
    for (ScoredTarget& target : source.targets) target.scores.push_back(-target.words);
  }
  auto judged = networks;
  judged.push_back({"fewest words", {}});
  const auto groups = groups_of(sources, arguments.least_targets);
  print(agreement_markdown(groups, judged));
  std::string drawn_sources;
  for (const SourceGroup& group : groups) {
    if (group.words != "4-7" || group.frequency == "all") continue;
    const auto drawn = drawn_from(group, arguments.examples, arguments.seed);
    if (drawn.empty()) continue;
    print(fmt::format("\n{} sources of {} words:\n\n", group.frequency, group.words));
    print(examples_markdown(drawn, networks));
    for (const ScoredSource* source : drawn) drawn_sources += source->text + "\n";
  }
  if (!arguments.csv_file.empty()) {
    write_text(arguments.csv_file, agreement_csv(groups, judged));
  }
  if (!arguments.sources_file.empty()) write_text(arguments.sources_file, drawn_sources);
}

void add_scores(CLI::App& app, ScoresArguments& arguments) {
  CLI::App& command = *app.add_subcommand(
      "scores", "Networks' scores of phrases beside how often the pairs were extracted");
  command.add_option("TABLE", arguments.table, "What `phrases --table` wrote")->required();
  command
      .add_option("NETWORKS", arguments.networks,
                  "NAME=FILE: log p of each line of the table, what `carousel score` wrote")
      ->required();
  command
      .add_option("--least", arguments.least_targets, "Targets that a source has, to be compared")
      ->check(CLI::Range(2, 1000000))
      ->capture_default_str();
  command
      .add_option("--examples", arguments.examples,
                  "Frequent sources that are shown with their targets, and rare ones")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "Of their choice")->capture_default_str();
  command.add_option("--csv", arguments.csv_file, "File for the correlations");
  command.add_option("--sources", arguments.sources_file, "File for the sources that are shown");
  command.callback([&] { print_scores(arguments); });
}

RankedFiles ranked_files(const std::vector<std::string>& names) {
  return {names[0], names[1], names[2]};
}

struct RerankArguments {
  std::vector<std::string> valid, test;  // LIST SCORES REFERENCE
};

void print_reranked(const RerankArguments& arguments) {
  const Reranked found = reranked(read_candidates(ranked_files(arguments.valid)),
                                  read_candidates(ranked_files(arguments.test)));
  CsvText csv({"part", "weight", "bleu"});
  csv.add({"valid", "0", csv_number(found.valid_before, 2)});
  csv.add({"valid", csv_number(found.weight, 4), csv_number(found.valid_after, 2)});
  csv.add({"test", "0", csv_number(found.test_before, 2)});
  csv.add({"test", csv_number(found.weight, 4), csv_number(found.test_after, 2)});
  print(csv.text());
}

void add_rerank(CLI::App& app, RerankArguments& arguments) {
  CLI::App& command = *app.add_subcommand(
      "rerank", "BLEU of translations ranked with a network's score, its weight tuned");
  const auto add = [&](const char* name, std::vector<std::string>& files, const char* help) {
    command.add_option(name, files, help)
        ->required()
        ->expected(3)
        ->type_name("LIST SCORES REFERENCE");
  };
  add("--valid", arguments.valid, "What `phrases --n-best` wrote, log p of each line, sentences");
  add("--test", arguments.test, "The same of the part that BLEU is for");
  command.callback([&] { print_reranked(arguments); });
}

struct LinksArguments {
  std::string found, expected;
};

void print_links(const LinksArguments& arguments) {
  const LinkAgreement sums = compare_links(arguments.found, arguments.expected);
  CsvText csv({"found", "expected", "both", "precision", "recall", "f1", "error_rate"});
  csv.add({csv_number(sums.found, 0), csv_number(sums.expected, 0), csv_number(sums.both, 0),
           csv_number(sums.precision(), 4), csv_number(sums.recall(), 4), csv_number(sums.f1(), 4),
           csv_number(sums.error_rate(), 4)});
  print(csv.text());
}

void add_links(CLI::App& app, LinksArguments& arguments) {
  CLI::App& command =
      *app.add_subcommand("links", "How far two alignments of the same pairs agree");
  command.add_option("FOUND", arguments.found, "Lines `s-t s-t ..`")->required();
  command.add_option("EXPECTED", arguments.expected, "The same; its links count as right")
      ->required();
  command.callback([&] { print_links(arguments); });
}

struct PlacesArguments {
  std::string file;
  int width = 10;
};

void add_places(CLI::App& app, PlacesArguments& arguments) {
  CLI::App& command =
      *app.add_subcommand("places", "Shares of the places of the source in the gradient");
  command.add_option("GRADIENTS", arguments.file, "What `carousel score --show gradients` wrote")
      ->required();
  command.add_option("--width", arguments.width, "Lengths that are taken together")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.callback(
      [&] { print(shares_csv(place_shares(read_norms(arguments.file), arguments.width))); });
}

int run(int argc, char** argv) {
  CLI::App app{"figures: what networks make of phrases and sentences"};
  app.require_subcommand(1);
  ScoresArguments scores;
  RerankArguments rerank;
  LinksArguments links;
  PlacesArguments places;
  add_scores(app, scores);
  add_rerank(app, rerank);
  add_links(app, links);
  add_places(app, places);
  return run_app(app, argc, argv);
}

}  // namespace
}  // namespace carousel::phrases

int main(int argc, char** argv) {
  return carousel::exit_code_of([&] { return carousel::phrases::run(argc, argv); });
}
