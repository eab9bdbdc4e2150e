// The table of tasks, the options of an entry, and the door to the cell under study.

#include "task/task.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "catalogue.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TaskOptions some_options() {
  return TaskOptions({integer_option("lag", 100, 2, 500, "how long"),
                      number_option("noise", 0.25, 0.0, 1.0, "how loud"),
                      text_option("data", "chords", "which")});
}

TEST(TaskOptions, HaveTheirDefaultsAndWhatIsSet) {
  TaskOptions options = some_options();
  EXPECT_EQ(options.integer("lag"), 100);
  EXPECT_EQ(options.number("noise"), 0.25);
  EXPECT_EQ(options.text("data"), "chords");
  options.set("lag", "2");
  options.set("noise", "1");
  options.set("data", "");
  EXPECT_EQ(options.integer("lag"), 2);
  EXPECT_EQ(options.number("noise"), 1.0);
  EXPECT_EQ(options.text("data"), "");
}

TEST(TaskOptions, AreWrittenAsTextThatReadsBack) {
  TaskOptions options = some_options();
  options.set("noise", "0.1");
  TaskOptions again = some_options();
  for (const auto& [name, text] : options.all()) again.set(name, text);
  EXPECT_EQ(again.all(), options.all());
  EXPECT_EQ(options.all()[1], std::pair(std::string("noise"), std::string("0.1")));
  EXPECT_EQ(again.number("noise"), 0.1);
}

TEST(TaskOptions, SayWhatWasExpected) {
  TaskOptions options = some_options();
  const auto error = [&](const char* name, const char* text) {
    return error_of<InputError>([&] { options.set(name, text); });
  };
  EXPECT_THAT(error("lag", "1"), HasSubstr("lag is '1', expected a whole number from 2 to 500"));
  EXPECT_THAT(error("lag", "501"), HasSubstr("from 2 to 500"));
  EXPECT_THAT(error("lag", "3.5"), HasSubstr("a whole number"));
  EXPECT_THAT(error("lag", "12x"), HasSubstr("a whole number"));
  EXPECT_THAT(error("noise", "nan"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(error("noise", "-0.5"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(error("lagg", "3"),
              AllOf(HasSubstr("did you mean 'lag'?"), HasSubstr("there are: lag, noise, data")));
  EXPECT_EQ(options.all(), some_options().all()) << "nothing was changed";
}

TEST(TaskTable, EachEntryHasANameATitleAndOptionsInRange) {
  std::set<std::string> names;
  for (const Task& task : tasks()) {
    EXPECT_TRUE(names.insert(task.name).second) << task.name;
    EXPECT_FALSE(task.title.empty()) << task.name;
    EXPECT_FALSE(task.reference.empty()) << task.name;
    EXPECT_EQ(find_task(task.name).title, task.title);
    TaskOptions options(task.options);
    for (const TaskOption& option : task.options) EXPECT_FALSE(option.doc.empty()) << option.name;
    for (const auto& [name, text] : options.all()) EXPECT_NO_THROW(options.set(name, text)) << name;
  }
  EXPECT_GE(names.size(), 7u);
  EXPECT_THAT(error_of<InputError>([] { find_task("addin"); }),
              AllOf(HasSubstr("did you mean 'adding'?"), HasSubstr("copy_memory")));
}

// An option with its default and what it may be: "lag 100: 12 to 100000".
std::string text_of(const TaskOption& option) {
  std::string text = option.name + " ";
  if (const auto* number = std::get_if<std::int64_t>(&option.otherwise)) {
    text += fmt::format("{}: {} to {}", *number, option.least, option.most);
  } else if (const auto* real = std::get_if<double>(&option.otherwise)) {
    text += fmt::format("{}: {} to {}", *real, option.least, option.most);
  } else {
    text += fmt::format("'{}'", std::get<std::string>(option.otherwise));
  }
  if (!option.choices.empty()) text += fmt::format(": {}", fmt::join(option.choices, ", "));
  return text + (option.is_data ? ", data" : "");
}

// What a study that says nothing of an option runs with, and what it may say: README and
// docs/tasks.md promise these, and committed results are of them.
TEST(TaskTable, OptionsHaveTheseDefaultsAndRanges) {
  const std::map<std::string, std::vector<std::string>> own = {
      {"adding", {"lag 100: 12 to 100000"}},
      {"multiplication", {"lag 100: 12 to 100000"}},
      {"temporal_order", {"length 100: 10 to 100000", "symbols 2: 2 to 3"}},
      {"latch", {"lag 100: 2 to 100000", "informed 3: 1 to 1000"}},
      {"reber", {}},
      {"copy_memory", {"lag 100: 1 to 100000"}},
      {"parity", {"length 20: 1 to 100000"}},
      {"arithmetic", {"digits 8: 1 to 15", "distractors 3: 0 to 100"}}};
  const std::map<std::string, std::vector<std::string>> of_data = {
      {"next_frame",
       {"data '', data", "fallback ''", "width 0: 0 to 16777216", "roll_sequence 1: 0 to 16777216",
        "roll_steps 100: 1 to 16777216"}},
      {"image_sequence",
       {"data 'mnist', data", "order 'rows': rows, pixels, permuted", "valid 5000: 1 to 16777216"}},
      {"sentiment",
       {"data 'sst2', data", "embedding 100: 1 to 65536", "min_count 2: 1 to 16777216",
        "pool 'max': last, mean, max"}},
      {"spoken_digits",
       {"data 'speech_digits', data", "speaker ''", "mels 40: 1 to 1000", "window 25: 1 to 1000",
        "hop 10: 1 to 1000", "pool 'mean': last, mean, max"}},
      {"language_model",
       {"data 'tinyshakespeare', data", "unit 'characters': characters, words",
        "form 'stream': stream, lines", "steps 100: 1 to 100000", "embedding 64: 1 to 65536",
        "tied 'no': no, yes", "min_count 1: 1 to 16777216", "valid_share 0.05: 1e-06 to 0.5",
        "test_share 0.05: 1e-06 to 0.5"}},
      {"forecasting",
       {"data 'etth1', data", "columns ''", "target ''", "context 96: 1 to 16777216",
        "horizon 24: 1 to 16777216", "stride 1: 1 to 16777216", "season 0: 0 to 16777216"}},
      {"translation",
       {"data 'multi30k', data",
        "source 'en'",
        "target 'fr'",
        "form 'cho': cho, sutskever, bahdanau, luong",
        "score 'general': dot, general, local",
        "window 5: 1 to 1000",
        "keys 0: 0 to 65536",
        "order 'forward': forward, reversed",
        "embedding 128: 1 to 65536",
        "readout 128: 0 to 65536",
        "rank 0: 0 to 65536",
        "tied 'no': no, yes",
        "smoothing 0: 0 to 0.9",
        "min_count 2: 1 to 16777216",
        "vocabulary 0: 0 to 16777216",
        "pieces 0: 0 to 16777216",
        "own_words 0: 0 to 0.99",
        "own_words_after 0: 0 to 16777216",
        "beam 1: 1 to 1000",
        "norm 1: 0 to 10"}}};
  for (const Task& task : tasks()) {
    std::vector<std::string> expected;
    if (const auto made = own.find(task.name); made != own.end()) {
      expected = made->second;
      for (const char* size :
           {"examples 1000: 1 to 16777216", "valid 500: 1 to 16777216", "test 2560: 1 to 16777216"})
        expected.emplace_back(size);
    } else {
      ASSERT_EQ(of_data.count(task.name), 1U) << task.name;
      expected = of_data.at(task.name);
    }
    std::vector<std::string> got;
    for (const TaskOption& option : task.options) got.push_back(text_of(option));
    EXPECT_EQ(got, expected) << task.name;
  }
  EXPECT_EQ(tasks().size(), own.size() + of_data.size());
}

// `dataset: NAME` in a study.
TEST(TaskTable, ADataSetAloneStandsForTheNextFrame) { EXPECT_EQ(data_task().name, "next_frame"); }

TEST(TaskOptions, BothEndsOfARangeAreAllowed) {
  TaskOptions options = some_options();
  for (const char* lag : {"2", "500"}) EXPECT_NO_THROW(options.set("lag", lag)) << lag;
  for (const char* noise : {"0", "1"}) EXPECT_NO_THROW(options.set("noise", noise)) << noise;
  EXPECT_THROW(options.set("noise", "1.001"), InputError);
  EXPECT_THROW(options.set("lag", ""), InputError);
  EXPECT_THROW(options.integer("loudness"), BugError);
}

TEST(TaskOptions, AChoiceIsOneOfItsTexts) {
  TaskOptions options({choice_option("order", "rows", {"rows", "pixels"}, "how")});
  options.set("order", "pixels");
  EXPECT_EQ(options.text("order"), "pixels");
  EXPECT_EQ(error_of<InputError>([&] { options.set("order", "pixel"); }),
            "order is 'pixel'; did you mean 'pixels'?, expected rows or pixels");
  EXPECT_EQ(options.text("order"), "pixels") << "nothing was changed";
}

// A study's data lie beside it, or where it is run; names of sets and other texts stay.
TEST(TaskOptions, PathsOfDataAreTakenFromTheFolderThatHasThem) {
  const TemporaryFolder folder;
  std::ofstream(folder / "here.csv") << "a\n";
  const auto resolved = [&](const std::string& data) {
    TaskOptions options({integer_option("lag", 100, 2, 500, "how long"),
                         text_option("note", "", "any text"),
                         data_option("data", "chords", "which")});
    options.set("note", "./here.csv");
    options.set("data", data);
    options.resolve_data(folder.path());
    EXPECT_EQ(options.text("note"), "./here.csv");
    EXPECT_EQ(options.integer("lag"), 100);
    return options.text("data");
  };
  EXPECT_EQ(resolved("nottingham"), "nottingham");
  EXPECT_EQ(resolved("./here.csv"), (folder / "here.csv").lexically_normal().string());
  EXPECT_EQ(resolved("some/../there.csv"),
            (std::filesystem::current_path() / "there.csv").string());
  EXPECT_EQ(resolved("/nowhere/there.csv"), "/nowhere/there.csv");
  // Of an option that stands first as well.
  TaskOptions first({data_option("data", "./here.csv", "which")});
  first.resolve_data(folder.path());
  EXPECT_EQ(first.text("data"), (folder / "here.csv").lexically_normal().string());
}

// By hand, input 5 and hidden 7: a tanh unit has 7 * (5 + 7 + 1) parameters.
TEST(Recurrence, CountsTheStacksOfTheCellThatItIsTheDoorTo) {
  Recurrence one(catalogue().find("rnn_tanh"), 7);
  const RecurrentStack stack = one.stack("layers", 5);
  EXPECT_EQ(one.parameter_count(), 91);
  EXPECT_EQ(stack.output_size(), 7);
  EXPECT_EQ(stack.parameters()[0].name, "layers/0/forward/W_h");
  EXPECT_THAT(one.cell_text(), HasSubstr("h = tanh(W_h @ x + U_h @ h[t-1] + b_h)"));
  EXPECT_EQ(one.bytes_reserved(), 0u) << "nothing ran";
  EXPECT_EQ(one.scan_seconds(), 0.0) << "nothing ran";

  Recurrence two(catalogue().find("rnn_tanh"), 7, {.depth = 2, .direction = "both"});
  const RecurrentStack both = two.stack("encoder", 5, Sight::whole);
  EXPECT_EQ(both.output_size(), 14);
  EXPECT_EQ(two.parameter_count(), 2 * 91 + 2 * 7 * (14 + 7 + 1));
  two.stack("decoder", 3);
  EXPECT_EQ(two.parameter_count(), 2 * 91 + 2 * 7 * 22 + 7 * (3 + 7 + 1) + 7 * (7 + 7 + 1));
  EXPECT_THROW(Recurrence(catalogue().find("rnn_tanh"), 7).cell_text(), BugError);
}

TEST(Recurrence, HandsNameAndOptionsToItsStacks) {
  Recurrence plain(catalogue().find("rnn_tanh"), 7);
  EXPECT_EQ(plain.stack("encoder", 5).parameters()[0].name, "encoder/0/forward/W_h");
  Recurrence normed(catalogue().find("rnn_tanh"), 7, {.layer_norm = true});
  EXPECT_GT(normed.stack("encoder", 5).parameters().size(),
            plain.stack("decoder", 5).parameters().size());
}

TEST(Recurrence, RefusesTwoDirectionsWhereNoStackMayLookAhead) {
  const Cell& cell = catalogue().find("rnn_tanh");
  Recurrence forward(cell, 7, {.direction = "forward"}), both(cell, 7, {.direction = "both"});
  forward.stack("decoder", 3);
  EXPECT_NO_THROW(forward.expect_options_taken());
  EXPECT_EQ(both.stack("decoder", 3, Sight::past).output_size(), 7);
  EXPECT_THAT(error_of<InputError>([&] { both.expect_options_taken(); }),
              HasSubstr("can't look ahead; expected forward"));
  EXPECT_EQ(both.stack("encoder", 3, Sight::whole).output_size(), 14);
  EXPECT_NO_THROW(both.expect_options_taken()) << "one of its stacks does";
  EXPECT_EQ(forward.stack("encoder", 3, Sight::whole).output_size(), 7);
}

}  // namespace
}  // namespace carousel
