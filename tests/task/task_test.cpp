// The table of tasks, the options of an entry, and the door to the cell under study.

#include "task/task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// By hand, input 5 and hidden 7: a tanh unit has 7 * (5 + 7 + 1) parameters.
TEST(Recurrence, CountsTheStacksOfTheCellThatItIsTheDoorTo) {
  Recurrence one(catalogue().find("rnn_tanh"), 7);
  const RecurrentStack stack = one.stack("layers", 5);
  EXPECT_EQ(one.parameter_count(), 91);
  EXPECT_EQ(stack.output_size(), 7);
  EXPECT_EQ(stack.parameters()[0].name, "layers/0/forward/W_h");
  EXPECT_THAT(one.cell_text(), HasSubstr("h = tanh(W_h @ x + U_h @ h[t-1] + b_h)"));
  EXPECT_EQ(one.bytes_reserved(), 0u) << "nothing ran";

  Recurrence two(catalogue().find("rnn_tanh"), 7, {.depth = 2, .direction = "both"});
  const RecurrentStack both = two.stack("encoder", 5, Sight::whole);
  EXPECT_EQ(both.output_size(), 14);
  EXPECT_EQ(two.parameter_count(), 2 * 91 + 2 * 7 * (14 + 7 + 1));
  two.stack("decoder", 3);
  EXPECT_EQ(two.parameter_count(), 2 * 91 + 2 * 7 * 22 + 7 * (3 + 7 + 1) + 7 * (7 + 7 + 1));
  EXPECT_THROW(Recurrence(catalogue().find("rnn_tanh"), 7).cell_text(), BugError);
}

}  // namespace
}  // namespace carousel
