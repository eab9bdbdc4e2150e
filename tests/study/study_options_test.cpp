#include "study/study_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const char* const yaml = R"(name: test
dataset: {name: chords, width: 96}
cells:
  - {name: lstm, hidden: 4}
  - {name: rnn_tanh, hidden: 5}
seeds: [7, 8]
train:
  epochs: 3
  learning_rate: 0.25
)";

StudyOptions parse(const std::vector<std::string>& overrides = {}, const std::string& text = yaml) {
  return parse_study(text, "study.yaml", overrides);
}

std::string error(const std::vector<std::string>& overrides, const std::string& text = yaml) {
  return error_of<InputError>([&] { parse(overrides, text); });
}

TEST(StudyOptions, ReadsTheFile) {
  const StudyOptions o = parse();
  ASSERT_EQ(o.tasks.size(), 1u);
  EXPECT_EQ(o.tasks[0].name, "next_frame");
  EXPECT_EQ(o.tasks[0].options.text("data"), "chords");
  EXPECT_EQ(o.tasks[0].options.integer("width"), 96);
  ASSERT_EQ(o.cells.size(), 2u);
  EXPECT_EQ(o.cells[1].name, "rnn_tanh");
  EXPECT_EQ(o.cells[1].hidden, 5);
  EXPECT_EQ(o.seeds, (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(o.train.epochs, 3);
  EXPECT_EQ(o.train.optimiser.learning_rate, 0.25);
  EXPECT_EQ(o.train.batch, StudyOptions().train.batch);
}

TEST(StudyOptions, TakesOverrides) {
  const StudyOptions o = parse({"train.epochs=9", "seeds=1,2,3", "dataset=jsb_chorales",
                                "cells=[{name: gru_reset_after, hidden: 2}]", "model.depth=2",
                                "train.optimiser=sgd", "train.nesterov=true"});
  EXPECT_EQ(o.train.epochs, 9);
  EXPECT_EQ(o.seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(o.tasks[0].options.text("data"), "jsb_chorales");
  EXPECT_EQ(o.tasks[0].options.integer("width"), 96);
  ASSERT_EQ(o.cells.size(), 1u);
  EXPECT_EQ(o.cells[0].name, "gru_reset_after");
  EXPECT_EQ(o.model.depth, 2);
  EXPECT_TRUE(o.train.optimiser.nesterov);
  EXPECT_EQ(parse({"seeds=2"}).seeds, (std::vector<std::uint64_t>{1, 2}));
}

TEST(StudyOptions, WritesWhatReadsBack) {
  const StudyOptions o = parse({"train.learning_rate=0.1", "train.weight_noise=0.075"});
  const std::string text = to_yaml(o);
  EXPECT_EQ(to_yaml(parse({}, text)), text);
  EXPECT_EQ(parse({}, text).train.optimiser.learning_rate, 0.1);
  EXPECT_THAT(text, HasSubstr("\n  weight_noise: 0.075\n")) << "no digit more than it takes";
}

TEST(StudyOptions, TakesSeveralSetsAndPublishedFigures) {
  const std::string text = R"(
dataset: [{name: jsb_chorales, width: 96}, chords]
cells: [lstm, {name: rnn_tanh, hidden: 7, hyper: {leak: 0, depth: 0.3}}]
parameters: 20000
search: {draws: 4, exponent_min: -9, exponent_max: -7, seed: 3}
published: [{source: A paper, dataset: chords, cell: lstm, test_nll: 8.67}]
)";
  const StudyOptions o = parse({}, text);
  ASSERT_EQ(o.tasks.size(), 2u);
  EXPECT_EQ(o.tasks[0].options.integer("width"), 96);
  EXPECT_EQ(o.tasks[1].options.text("data"), "chords");
  EXPECT_EQ(o.cells[0].hidden, 0);
  EXPECT_EQ(o.cells[1].hidden, 7);
  EXPECT_EQ(figure_of(o.published[0].figures, "nll", Split::test), 8.67);
  EXPECT_TRUE(std::isnan(figure_of(o.published[0].figures, "nll", Split::train)));
  EXPECT_EQ(to_yaml(parse({}, to_yaml(o))), to_yaml(o));
  EXPECT_EQ(parse({}, to_yaml(o)).cells[1].hyper,
            (std::map<std::string, double>{{"leak", 0.0}, {"depth", 0.3}}));
  EXPECT_EQ(parse({"dataset=chords,jsb_chorales"}, text).tasks[1].options.text("data"),
            "jsb_chorales");
}

// `dataset` is short for the task on data; both end in the same study.
TEST(StudyOptions, ATaskStandsWithItsOptions) {
  const auto of = [](const std::string& head) {
    return to_yaml(parse({}, head + "\ncells: [{name: lstm, hidden: 4}]\n"));
  };
  const std::string expected = of("dataset: {name: chords, width: 96}");
  EXPECT_EQ(of("task: {name: next_frame, data: chords, width: 96}"), expected);
  EXPECT_EQ(of("task: [{name: next_frame, width: 96, data: chords}]"), expected);
  EXPECT_THAT(expected, HasSubstr("{name: next_frame, data: chords, fallback: \"\", width: 96"));
}

TEST(StudyOptions, AWrongOptionOfATaskNamesItsPlaceAndThoseThatThereAre) {
  const auto of = [](const std::string& task) {
    return error({}, "task:\n  - " + task + "\ncells: [{name: lstm, hidden: 4}]\n");
  };
  EXPECT_THAT(of("{name: next_frame, data: chords, widht: 3}"),
              AllOf(HasSubstr("study.yaml:2:"), HasSubstr("task[0].widht"),
                    HasSubstr("there is no option 'widht'; did you mean 'width'?"),
                    HasSubstr("there are: data, fallback, width")));
  EXPECT_THAT(of("{name: next_frame, width: many}"),
              AllOf(HasSubstr("study.yaml:2:"), HasSubstr("width is 'many'"),
                    HasSubstr("a whole number from 0 to")));
  EXPECT_THAT(of("{name: next_frame, width: -1}"), HasSubstr("width is '-1'"));
  EXPECT_THAT(of("{name: next_frame, data: [chords]}"), HasSubstr("a list or map"));
  EXPECT_THAT(of("{name: next_fram}"),
              AllOf(HasSubstr("study.yaml:2:"), HasSubstr("did you mean 'next_frame'?")));
  EXPECT_THAT(of("{data: chords}"), HasSubstr("expected a 'name'"));
  EXPECT_THAT(error({}, "dataset: chords\ntask: next_frame\ncells: [{name: lstm, hidden: 4}]\n"),
              AllOf(HasSubstr("study.yaml:1:"), HasSubstr("either task or dataset")));
  EXPECT_THAT(error({}, "cells: [{name: lstm, hidden: 4}]\n"), HasSubstr("expected a task"));
}

TEST(StudyOptions, AKeyThatStandsTwiceIsAnError) {
  EXPECT_THAT(error({}, "name: a\ntrain:\n  epochs: 3\n  epochs: 4\n"),
              AllOf(HasSubstr("study.yaml:4:3"), HasSubstr("the key 'epochs' stands there twice")));
  EXPECT_THAT(error({}, "cells: [{name: lstm, hidden: 4, hidden: 5}]\n"), HasSubstr("'hidden'"));
}

TEST(StudyOptions, AFigureOfAPaperHasASplitAndAMetric) {
  const auto of = [](const std::string& figures) {
    return "dataset: chords\ncells: [{name: lstm, hidden: 4}]\n"
           "published: [{source: A, dataset: chords, cell: lstm, " +
           figures + "}]\n";
  };
  const StudyOptions o = parse({}, of("valid_error: 0.25, test_error: 0.5"));
  EXPECT_EQ(figure_of(o.published[0].figures, "error", Split::valid), 0.25);
  EXPECT_EQ(figure_of(o.published[0].figures, "error", Split::test), 0.5);
  EXPECT_THAT(error({}, of("nll: 3")), HasSubstr("there is no key 'published[0].nll'"));
  EXPECT_THAT(error({}, of("test_nll: low")), HasSubstr("published[0].test_nll is 'low'"));
}

TEST(StudyOptions, DrawsRatesFromTheRange) {
  StudyOptions o =
      parse({"search.draws=2000", "search.exponent_min=-12", "search.exponent_max=-6"});
  const std::vector<double> rates = drawn_rates(o);
  ASSERT_EQ(rates.size(), 2000u);
  double mean = 0.0;
  for (const double rate : rates) {
    EXPECT_GE(rate, std::exp(-12.0));
    EXPECT_LE(rate, std::exp(-6.0));
    mean += std::log(rate) / 2000.0;
  }
  EXPECT_NEAR(mean, -9.0, 4.0 * 6.0 / std::sqrt(12.0 * 2000.0));  // four standard errors
  o.search.draws = 10;
  EXPECT_EQ(drawn_rates(o), std::vector<double>(rates.begin(), rates.begin() + 10));
  o.search.seed = 2;
  EXPECT_NE(drawn_rates(o)[0], rates[0]);
  EXPECT_TRUE(drawn_rates(parse()).empty());
}

// Each key stands in backticks, with the group in front.
TEST(StudyOptions, EveryKeyIsInTheDocs) {
  const std::string docs = file_text(std::string(CAROUSEL_SOURCE_DIR) + "/docs/studies.md");
  std::istringstream lines(to_yaml(parse()));
  std::string line, group;
  int keys = 0;
  while (std::getline(lines, line)) {
    const auto colon = line.find(':');
    if (line.starts_with("  -")) continue;  // of a list: cells, tasks
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, colon);
    if (line.back() == ':') group = key + ".";
    else if (line[0] != ' ') group.clear();
    const std::string name = line[0] == ' ' ? group + key.substr(key.find_first_not_of(' ')) : key;
    if (line.back() == ':') continue;
    ++keys;
    EXPECT_THAT(docs, HasSubstr("`" + name + "`")) << line;
  }
  EXPECT_GE(keys, 25);
}

TEST(StudyOptions, SuggestsAKey) {
  EXPECT_THAT(error({}, "name: x\ntrain:\n  epoch: 3\n"),
              AllOf(HasSubstr("study.yaml:3:3"), HasSubstr("no key 'train.epoch'"),
                    HasSubstr("did you mean 'train.epochs'")));
  EXPECT_THAT(error({"trian.epochs=3"}),
              AllOf(HasSubstr("override 'trian.epochs=3'"), HasSubstr("did you mean 'train'")));
  EXPECT_THAT(error({"train.learning_rat=3"}), HasSubstr("did you mean 'train.learning_rate'"));
  EXPECT_THAT(error({}, "cells:\n  - {name: lstm, hiden: 3}\n"),
              AllOf(HasSubstr("study.yaml:2:"), HasSubstr("did you mean 'cells[0].hidden'")));
}

TEST(StudyOptions, NamesTheTypeExpected) {
  EXPECT_THAT(error({"train.epochs=many"}),
              AllOf(HasSubstr("train.epochs is 'many'"), HasSubstr("a whole number")));
  EXPECT_THAT(error({"train.epochs=2.5"}), HasSubstr("a whole number"));
  EXPECT_THAT(error({"train.learning_rate=[1]"}), HasSubstr("a list or map, expected a number"));
  EXPECT_THAT(error({"published=3"}), HasSubstr("published: expected keys and values"));
  EXPECT_THAT(error({"dataset=[{name: chords}]", "dataset.width=96"}),
              HasSubstr("give the whole list"));
  EXPECT_THAT(error({"seeds=[a]"}), HasSubstr("seeds[0] is 'a'"));
}

TEST(StudyOptions, ChecksRanges) {
  EXPECT_THAT(error({"cells=[lstm]"}), HasSubstr("needs 'hidden'"));
  EXPECT_THAT(error({"search.exponent_min=-3"}),
              HasSubstr("search.exponent_min must not be above"));
  EXPECT_THAT(error({"train.epochs=0"}), HasSubstr("train.epochs must be 1 or more"));
  EXPECT_THAT(error({"train.batch=-1"}), HasSubstr("train.batch"));
  EXPECT_THAT(error({"train.precision=half"}), HasSubstr("float or double"));
  EXPECT_THAT(error({"train.learning_rate=-1"}), HasSubstr("learning_rate"));
  EXPECT_THAT(error({"train.learning_rate=.nan"}), HasSubstr("learning_rate"));
  EXPECT_THAT(error({"train.optimiser=adem"}), HasSubstr("did you mean 'adam'"));
  EXPECT_THAT(error({"seeds=1,1"}), HasSubstr("twice"));
  EXPECT_THAT(error({"cells=[]"}), HasSubstr("at least one cell"));
  EXPECT_THAT(error({"name=a/b"}), HasSubstr("without '/'"));
}

TEST(StudyOptions, RefusesWhatIsNotYaml) {
  EXPECT_THAT(error({}, "name: [1, 2\n"), HasSubstr("study.yaml:"));
  EXPECT_THAT(error({}, "just a text"), HasSubstr("expected keys and values"));
  EXPECT_THAT(error({"no equals sign"}), HasSubstr("expected key.sub=value"));
  EXPECT_THAT(error_of<InputError>([] { read_study("/no/such/study.yaml", {}); }),
              HasSubstr("/no/such/study.yaml"));
}

}  // namespace
}  // namespace carousel
