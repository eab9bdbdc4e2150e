#include "train/study_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(o.dataset.name, "chords");
  EXPECT_EQ(o.dataset.width, 96);
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
  EXPECT_EQ(o.dataset.name, "jsb_chorales");
  EXPECT_EQ(o.dataset.width, 96);
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
  EXPECT_THAT(error({"cells=3"}), HasSubstr("cells: expected a list"));
  EXPECT_THAT(error({"seeds=[a]"}), HasSubstr("seeds[0] is 'a'"));
}

TEST(StudyOptions, ChecksRanges) {
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
