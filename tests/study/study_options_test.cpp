#include "study/study_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>
#include <sstream>

#include "optim/optimiser.hpp"
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
cells: [lstm, {name: rnn_tanh, hidden: 7, hyper: {leak: 0, depth: 0.3, phi: relu}}]
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
            (HyperValues{{"leak", 0.0}, {"depth", 0.3}, {"phi", "relu"}}));
  EXPECT_EQ(o.cells[1].changes(), "depth=0.3 leak=0 phi=relu");
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

// The rate of a draw as a number.
std::vector<double> rates_of(const StudyOptions& options) {
  std::vector<double> rates;
  for (const Settings& draw : draws_of(options)) {
    EXPECT_EQ(draw.at(0).first, "train.learning_rate");
    rates.push_back(number_in(draw.at(0).second).value());
  }
  return rates;
}

TEST(StudyOptions, DrawsRatesFromTheRange) {
  StudyOptions o =
      parse({"search.draws=2000", "search.exponent_min=-12", "search.exponent_max=-6"});
  const std::vector<double> rates = rates_of(o);
  ASSERT_EQ(rates.size(), 2000u);
  double mean = 0.0;
  for (const double rate : rates) {
    EXPECT_GE(rate, std::exp(-12.0));
    EXPECT_LE(rate, std::exp(-6.0));
    mean += std::log(rate) / 2000.0;
  }
  EXPECT_NEAR(mean, -9.0, 4.0 * 6.0 / std::sqrt(12.0 * 2000.0));  // four standard errors
  o.search.draws = 10;
  EXPECT_EQ(rates_of(o), std::vector<double>(rates.begin(), rates.begin() + 10));
  o.search.seed = 2;
  EXPECT_NE(rates_of(o)[0], rates[0]);
  EXPECT_TRUE(draws_of(parse()).empty());
}

// Rows of docs/studies.md: | `key` | default | takes | meaning |
TEST(StudyOptions, TheDocsHaveEveryKeyWithWhatItTakes) {
  std::istringstream docs(file_text(std::string(CAROUSEL_SOURCE_DIR) + "/docs/studies.md"));
  std::map<std::string, std::string> rows;
  static const std::regex row(R"(\| `([^`]*)` \|[^|]*\| ([^|]*) \|[^|]*\|)");
  std::smatch found;
  for (std::string line; std::getline(docs, line);) {
    if (std::regex_match(line, found, row)) rows[found[1]] = found[2];
  }
  std::map<std::string, std::string> keys;
  for (const StudyKey& key : study_keys()) keys[key.name] = key.takes;
  keys["dataset"] = keys["task"];  // short for it
  EXPECT_EQ(rows, keys);
  EXPECT_EQ(keys.at("train.epochs"), "1 to 1000000");
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

// Just outside at both ends, and what is no number, for every number of a study.
TEST(StudyOptions, EveryNumberHasARange) {
  const auto expect = [](const std::string& key, const std::string& value,
                         const std::string& message) {
    EXPECT_EQ(error({key + "=" + value}), fmt::format("override '{}={}': {} is '{}', expected {}",
                                                      key, value, key, value, message));
  };
  const std::string whole = "a whole number, ", number = "a number, ";
  int numbers = 0;
  for (const StudyKey& key : study_keys()) {
    static const std::regex range("(above )?([^ ]+) to (below )?([^ ]+)");
    std::smatch ends;
    const std::string group = key.name.substr(0, key.name.find('.'));
    if (!std::regex_match(key.takes, ends, range) || group == "cells" || group == "published" ||
        key.name == "model.zoneout") {  // a map of them
      continue;
    }
    ++numbers;
    const bool is_whole = error({key.name + "=0.5"}).find("a whole number") != std::string::npos;
    const double least = std::stod(ends[2]), most = std::stod(ends[4]);
    const std::string expected = (is_whole ? whole : number) + key.takes;
    expect(key.name, is_whole ? fmt::format("{}", least - 1) : fmt::format("{}", least - 0.001),
           expected);
    expect(key.name, is_whole ? fmt::format("{}", most + 1) : fmt::format("{}", 2 * most),
           expected);
    expect(key.name, ".inf", expected);
    expect(key.name, "-.inf", expected);
    expect(key.name, ".nan", expected);
    if (ends[1].matched) expect(key.name, ends[2], expected);
    if (ends[3].matched) expect(key.name, ends[4], expected);
  }
  EXPECT_GE(numbers, 20);
  EXPECT_THAT(error({"model.zoneout={c: 1}"}),
              HasSubstr("model.zoneout.c is '1', expected a number, 0 to below 1"));
  expect("train.epochs", "2000000000", whole + "1 to 1000000");
  expect("train.clip_norm", ".inf", number + "0 to 1e+30");
  expect("seeds", "2000000000", whole + "1 to 1000");
}

TEST(StudyOptions, ANumberInAListHasARangeToo) {
  const auto of = [](const std::string& cell) {
    return error({}, "dataset: chords\ncells:\n  - {name: lstm, " + cell + "}\n");
  };
  EXPECT_EQ(
      of("hidden: 2000000000"),
      "study.yaml:3:26: cells[0].hidden is '2000000000', expected a whole number, 0 to 65536");
  EXPECT_EQ(of("hidden: 4, hyper: {leak: .inf}"),
            "study.yaml:3:43: cells[0].hyper.leak is '.inf', expected a number, -1e+30 to 1e+30");
  EXPECT_EQ(error({"seeds=1,-1"}),
            "override 'seeds=1,-1': seeds[1] is '-1', expected a whole number, 0 to "
            "9007199254740991");
  EXPECT_THAT(error({"published=[{source: A, dataset: a, cell: b, test_nll: .nan}]"}),
              HasSubstr("published[0].test_nll is '.nan', expected a number, -1e+30 to 1e+30"));
  std::string seeds = "0";
  for (int seed = 1; seed <= 1000; ++seed) seeds += fmt::format(",{}", seed);
  EXPECT_THAT(error({"seeds=" + seeds}), HasSubstr("seeds has 1001 entries, expected 1 to 1000"));
}

TEST(StudyOptions, ANameIsOnePlainFileName) {
  EXPECT_EQ(parse({"name=ü b-1"}).name, "ü b-1");
  EXPECT_EQ(parse({"name=" + std::string(100, 'a')}).name.size(), 100u);
  for (const std::string& name :
       {std::string(101, 'a'), std::string(300, 'a'), std::string(".."), std::string("."),
        std::string("a/b"), std::string(".hidden"), std::string("'a\tb'").replace(2, 1, "\x01"),
        std::string(), std::string("\"a\\nb\""), std::string("\"a\\0b\"")}) {
    EXPECT_THAT(error({"name=" + name}),
                HasSubstr("expected a file name of 1 to 100 bytes without '/' and no '.' in front"))
        << name;
  }
}

TEST(StudyOptions, TextsHaveNoControlCharacters) {
  EXPECT_EQ(parse({"description=\"two\\nlines\""}).description, "two\nlines");
  EXPECT_THAT(error({"description=\"a\\eb\""}), HasSubstr("description is 'a?b', expected a text"));
  EXPECT_THAT(error({"published=[{source: \"a\\nb\", dataset: a, cell: b, test_nll: 1}]"}),
              HasSubstr("published[0].source is 'a?b', expected a text of at most 1000 bytes in "
                        "one line"));
  EXPECT_THAT(error({}, "task: {name: next_frame, data: \"a\\0b\"}\ncells: [{name: lstm}]\n"),
              HasSubstr("study.yaml:1:32: task.data is 'a?b'"));
  EXPECT_THAT(error({}, "name: a\ndescription: \xff\n"),
              HasSubstr("study.yaml:2: the byte 0xff is no UTF-8 text"));
}

TEST(StudyOptions, ChecksWhatConcernsSeveralKeys) {
  EXPECT_THAT(error({"cells=[lstm]"}), HasSubstr("needs 'hidden'"));
  EXPECT_THAT(
      error({"search.exponent_min=-3"}),
      HasSubstr("search.exponent_min must not be above search.exponent_max, got -3 and -6"));
  EXPECT_THAT(error({"train.precision=half"}),
              HasSubstr("train.precision is 'half', expected float, double"));
  EXPECT_THAT(error({"train.optimiser=adem"}), HasSubstr("did you mean 'adam'"));
  EXPECT_THAT(error({"seeds=1,1"}), HasSubstr("twice"));
  EXPECT_THAT(error({"cells=[]"}), HasSubstr("cells has 0 entries, expected 1 to 1000"));
  EXPECT_THAT(error({"search.draws=10000", "seeds=1000", "dataset=a,b,c,d,e"}),
              HasSubstr("make 110000 trials, expected at most 100000"));
  EXPECT_THAT(error({"cells=[{name: lstm, hidden: 4, variant: " + std::string(101, 'v') + "}]"}),
              HasSubstr("have 101 bytes, expected at most 100"));
}

// What a study accepts, the optimiser takes.
TEST(StudyOptions, EveryOptimiserIsKnownToTheOptimiser) {
  for (const StudyKey& key : study_keys()) {
    if (key.name != "train.optimiser") continue;
    std::istringstream names(key.takes);
    int count = 0;
    for (std::string name; names >> name; ++count) {
      if (name.back() == ',') name.pop_back();
      const auto rule = parse({"train.optimiser=" + name, "train.momentum=0", "train.decay=0",
                               "train.floor=1e-30", "train.epsilon=1e30", "train.beta1=0",
                               "train.learning_rate=1e-300"})
                            .train.optimiser;
      EXPECT_NO_THROW(Optimiser<float>(rule, ParameterSet<float>())) << name;
    }
    EXPECT_EQ(count, 6);
  }
}

TEST(StudyOptions, WhatYamlWouldLeaveOutInSilenceIsRefused) {
  EXPECT_EQ(error({}, std::string(yaml) + "---\nname: other\n"),
            "study.yaml:10:1: a second document begins; expected one study");
  EXPECT_THAT(error({"train.epochs=3\n---\n4"}), HasSubstr("a second document begins"));
  EXPECT_THAT(
      error({"cells=[{name: lstm, hidden: 4, hidden: 5}]"}),
      AllOf(HasSubstr("override 'cells=["), HasSubstr("the key 'hidden' stands there twice")));
  EXPECT_THAT(error({}, "cells: [&a {name: lstm}, *a]\n"),
              HasSubstr("study.yaml:1:26: an alias (*) stands here"));
  EXPECT_THAT(error({}, "a: &a [*a]\n"), HasSubstr("an alias (*)"));
  EXPECT_THAT(error({}, "? [a]\n: b\n"), HasSubstr("study.yaml:1:3: this key is no text"));
  EXPECT_THAT(error({}, std::string(100000, '[')), HasSubstr("study.yaml:1:"));
  EXPECT_THAT(error({}, std::string((1 << 20) + 1, ' ')),
              HasSubstr("got 1048577 bytes, expected at most 1048576"));
}

TEST(StudyOptions, RefusesWhatIsNotYaml) {
  EXPECT_THAT(error({}, "name: [1, 2\n"), HasSubstr("study.yaml:"));
  EXPECT_THAT(error({}, "just a text"), HasSubstr("expected keys and values"));
  EXPECT_THAT(error({"no equals sign"}), HasSubstr("expected key.sub=value"));
  EXPECT_THAT(error_of<InputError>([] { read_study("/no/such/study.yaml", {}); }),
              HasSubstr("/no/such/study.yaml"));
}

TEST(StudyOptions, AnEmptyFileIsFilledByOverrides) {
  const StudyOptions o = parse({"task=adding", "cells=[{name: lstm, hidden: 4}]"}, "");
  EXPECT_EQ(o.tasks.at(0).name, "adding");
  EXPECT_EQ(o.cells.at(0).hidden, 4);
}

// As a person would write it.
TEST(StudyOptions, AreWrittenInTheFormOfAFile) {
  const StudyOptions o = parse({}, R"(
name: mine
task: adding
cells: [{name: lstm, hidden: 4}, {name: rhn, variant: NIG, refit: true}]
parameters: 600
seeds: [7, 8]
grid: {train.shard: [8, 16], model.depth: [1, 2]}
points: [{train.batch: 8, train.loss: step}, {train.batch: 9, train.loss: sequence}]
search:
  draws: 2
  space: {train.learning_rate: {uniform: [0.1, 0.2]}, hidden: {integer: [2, 9]}}
published: [{source: A, dataset: a, cell: lstm, test_nll: 8.25}]
)");
  const std::string text = to_yaml(o);
  for (const char* part :
       {"name: mine\n", "\ntask:\n  - {name: adding, ",
        "\ncells:\n  - {name: lstm, hidden: 4}\n  - {name: rhn, variant: NIG, refit: true}\n",
        "\nparameters: 600\n", "\nseeds: [7, 8]\n",
        "\ngrid:\n  train.shard: [8, 16]\n  model.depth: [1, 2]\n",
        "\npoints:\n  - {train.batch: 8, train.loss: step}\n  - {train.batch: 9, train.loss: "
        "sequence}\n",
        "\nsearch:\n  draws: 2\n  space:\n    train.learning_rate: {uniform: [0.1, 0.2]}\n    "
        "hidden: {integer: [2, 9]}\n",
        "\npublished:\n  - {source: A, dataset: a, cell: lstm, test_nll: 8.25}\n"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const std::string plain = to_yaml(parse());
  for (const char* key : {"grid:", "points:", "space:", "hyper:"}) {
    EXPECT_THAT(plain, testing::Not(HasSubstr(key))) << "there is none";
  }
}

TEST(StudyOptions, AListHasNoMoreEntriesThanItsKeyTakes) {
  const auto many = [](int count, const char* entry) {
    std::string text;
    for (int k = 0; k < count; ++k) {
      text += (k > 0 ? ", " : "") + fmt::format(fmt::runtime(entry), k);
    }
    return text;
  };
  const auto hyper = [&](int count) {
    return "cells=[{name: lstm, hidden: 4, hyper: {" + many(count, "h{}: 1") + "}}]";
  };
  EXPECT_THAT(error({hyper(101)}), HasSubstr("cells[0].hyper has 101 entries, expected 0 to 100"));
  EXPECT_THAT(error({hyper(100)}), HasSubstr("have 589 bytes")) << "too many for a name";
  EXPECT_THAT(error({"dataset=[" + many(101, "chords") + "]"}),
              HasSubstr("dataset has 101 entries, expected 1 to 100"));
  EXPECT_THAT(error({"grid={" + many(101, "k{}: [1]") + "}"}),
              HasSubstr("grid has 101 entries, expected 0 to 100"));
  EXPECT_THAT(error({"search.draws=2", "search.space={hidden: {integer: [2, 9], choice: [2]}}"}),
              HasSubstr("search.space.hidden has 2 entries, expected 1 to 1"));
  EXPECT_THAT(error({"points=[{}]"}), HasSubstr("points[0] has 0 entries, expected 1 to 100"));
  EXPECT_THAT(error({"grid={train.batch: [" + many(1001, "{}") + "]}"}),
              HasSubstr("grid.train.batch has 1001 entries, expected 1 to 1000"));
}

TEST(StudyOptions, AValueAloneStandsForAListOfOne) {
  const StudyOptions o = parse({"grid={train.batch: 8}"});
  ASSERT_EQ(o.grid.size(), 1u);
  EXPECT_EQ(o.grid[0].key, "train.batch");
  EXPECT_EQ(o.grid[0].values, std::vector<std::string>{"8"});
}

TEST(StudyOptions, EachKeyOfAPointTakesItsValue) {
  EXPECT_THAT(error({}, std::string(yaml) + "points:\n  - {train.batch: 8, model.depth: 0}\n"),
              AllOf(HasSubstr("study.yaml:11:"), HasSubstr("points[0].model.depth"),
                    HasSubstr("model.depth is '0'")));
  EXPECT_THAT(error({"points=[{task.lag: 30}]"}), HasSubstr("options of tasks stand in grid"));
  EXPECT_THAT(error({"points=[{train.batch: '8 9'}]"}), HasSubstr("a value without blanks"));
}

// Also where grid and points stand in the command.
TEST(StudyOptions, AnOverrideReachesAKeyOfGridAndSpace) {
  const StudyOptions o = parse({"grid.train.batch=8,9", "search.draws=2",
                                "search.space.train.learning_rate={uniform: [0.1, 0.2]}"});
  EXPECT_EQ(o.grid.at(0).key, "train.batch");
  EXPECT_EQ(o.grid.at(0).values, (std::vector<std::string>{"8", "9"}));
  EXPECT_EQ(o.search.space.at(0).key, "train.learning_rate");
  EXPECT_EQ(o.search.space.at(0).values, (std::vector<std::string>{"0.1", "0.2"}));
}

TEST(StudyOptions, ANameThatTheFileMakesUpIsAPlainText) {
  const std::string longest(100, 'k');
  EXPECT_THAT(error({"cells=[{name: lstm, hidden: 4, hyper: {" + longest + ": 1}}]"}),
              HasSubstr("have 102 bytes, expected at most 100"))
      << "as the changes of a cell";
  EXPECT_THAT(error({"cells=[{name: lstm, hidden: 4, hyper: {" + longest + "k: 1}}]"}),
              HasSubstr("cells[0].hyper: a key is '"));
  EXPECT_THAT(error({"cells=[{name: lstm, hidden: 4, hyper: {\"a\\eb\": 1}}]"}),
              HasSubstr("a key is 'a?b', expected a text of at most 100 bytes in one line"));
}

TEST(StudyOptions, AKeyStandsInOneOfGridPointsAndSpace) {
  const std::vector<std::string> draws = {"search.draws=2",
                                          "search.space={train.batch: {choice: [8, 9]}}"};
  const auto with = [&](const std::string& text) { return error({draws[0], draws[1], text}); };
  EXPECT_EQ(with("grid={model.depth: [1, 2]}"), "nothing was thrown");
  EXPECT_THAT(with("grid={train.batch: [8, 9]}"),
              HasSubstr("'train.batch' is set by a grid or points and by search.space"));
  EXPECT_THAT(with("points=[{train.batch: 8}]"),
              HasSubstr("'train.batch' is set by a grid or points and by search.space"));
  EXPECT_THAT(error({"grid={train.batch: [8, 9]}", "points=[{train.batch: 8}]"}),
              HasSubstr("'train.batch' stands in grid and in points"));
  EXPECT_THAT(error({"search.draws=2", "search.halving.first=1", "grid={train.epochs: [8, 9]}"}),
              HasSubstr("leave train.epochs out of grid"));
  EXPECT_THAT(error({"search.draws=2", "search.halving.first=1", "points=[{train.epochs: 8}]"}),
              HasSubstr("leave train.epochs out of grid"));
  EXPECT_THAT(error({"search.halving.first=1"}), HasSubstr("need search.draws, 1 or more"));
}

// Five sets, two cells, ten draws beside the seeds, and twenty points.
TEST(StudyOptions, TrialsAreCountedOverAllThatMakesThem) {
  const auto of = [](int seeds) {
    return error({"dataset=a,b,c,d,e", "search.draws=10", fmt::format("seeds={}", seeds),
                  "grid={train.batch: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}",
                  "points=[{model.depth: 1}, {model.depth: 2}]"});
  };
  EXPECT_EQ(of(490), "nothing was thrown");
  EXPECT_THAT(of(491), HasSubstr("make 100200 trials, expected at most 100000"));
}

TEST(StudyOptions, AnOverrideOfADataSetKeepsTheRestOfIt) {
  const std::string text = "dataset: jsb_chorales\ncells: [{name: lstm, hidden: 4}]\n";
  EXPECT_EQ(parse({"dataset=chords"}, text).tasks.at(0).options.text("data"), "chords");
  const StudyOptions wide = parse({"dataset.width=96"}, text);
  EXPECT_EQ(wide.tasks.at(0).options.text("data"), "jsb_chorales");
  EXPECT_EQ(wide.tasks.at(0).options.integer("width"), 96);
  EXPECT_TRUE(parse({}, text + "points:\ngrid:\npublished:\n").points.empty());
  EXPECT_THAT(error({"a.b.c.d.e.f.g.h.i.j=1"}), HasSubstr("there is no key 'a'"));
  EXPECT_THAT(error({"a.b.c.d.e.f.g.h.i.j.k=1"}), HasSubstr("expected key.sub=value"));
}

}  // namespace
}  // namespace carousel
