// What results, reports and pages say of each task's problem: names, sentences and figures.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "small_data.hpp"
#include "task/classification.hpp"
#include "task/generated_problem.hpp"
#include "task/task.hpp"

namespace carousel {
namespace {

std::unique_ptr<Problem> with_small_data(const std::string& name, const OptionTexts& texts = {}) {
  static const SmallData data;
  const Task& task = find_task(name);
  TaskOptions options(task.options);
  for (const auto& [option, text] : texts) options.set(option, text);
  return task.set_up(options, {data.folder()});
}

std::string text_of(const Metric& metric) {
  std::string text =
      fmt::format("{}, {}, {}, {} decimals", metric.name, metric.title,
                  metric.better == Better::lower ? "lower" : "higher", metric.decimals);
  if (!metric.unit.empty()) text += ", in " + metric.unit;
  if (!std::isnan(metric.goal)) text += fmt::format(", goal {}", metric.goal);
  return text;
}

std::vector<std::string> metrics_of(const std::string& task, const OptionTexts& texts = {}) {
  std::vector<std::string> all;
  for (const Metric& metric : with_small_data(task, texts)->metrics()) {
    all.push_back(text_of(metric));
  }
  return all;
}

using Texts = std::vector<std::string>;

TEST(Metrics, SayWhichDirectionIsProgressAndWhatTheyAreCountedIn) {
  const Texts of_values = {"error, mean squared error, lower, 5 decimals",
                           "success, sequences without a wrong value, higher, 3 decimals, "
                           "goal 0.99"};
  for (const char* task : {"adding", "multiplication", "latch"}) {
    EXPECT_EQ(metrics_of(task), of_values) << task;
  }
  const Texts of_classes = {"nll, NLL, lower, 4 decimals, in nats per scored step",
                            "error, wrong steps, lower, 4 decimals",
                            "success, sequences without a wrong step, higher, 3 decimals, "
                            "goal 0.99"};
  for (const char* task : {"temporal_order", "reber", "copy_memory", "parity", "arithmetic"}) {
    EXPECT_EQ(metrics_of(task), of_classes) << task;
  }
  const Texts of_sequences = {"accuracy, accuracy, higher, 4 decimals",
                              "nll, NLL, lower, 4 decimals, in nats per sequence"};
  EXPECT_EQ(metrics_of("image_sequence", {{"valid", "7"}}), of_sequences);
  EXPECT_EQ(metrics_of("sentiment"), of_sequences);
  EXPECT_EQ(metrics_of("spoken_digits"), of_sequences);
  EXPECT_EQ(metrics_of("language_model"), (Texts{"nll, NLL, lower, 4 decimals, in nats per symbol",
                                                 "bits, bits, lower, 4 decimals, in per symbol",
                                                 "perplexity, perplexity, lower, 3 decimals"}));
  EXPECT_EQ(metrics_of("forecasting", {{"data", "airline"}, {"context", "6"}, {"horizon", "3"}}),
            (Texts{"mse, MSE, lower, 4 decimals", "mae, MAE, lower, 4 decimals",
                   "mase, MASE, lower, 4 decimals"}));
  EXPECT_EQ(metrics_of("next_frame", {{"data", "chords"}}),
            (Texts{"nll, NLL, lower, 3 decimals, in nats per step",
                   "nll_by_sequence, NLL by sequence, lower, 3 decimals, in nats per step"}));
}

TEST(Descriptions, OfMadeDataSayTheirSizes) {
  const auto description = [](const std::string& task, OptionTexts texts) {
    texts["examples"] = "3";
    texts["valid"] = "4";
    texts["test"] = "5";
    return with_small_data(task, texts)->description();
  };
  const std::string sizes =
      ". 3 new training sequences an epoch, 4 of validation, 5 of test; the last step is scored.";
  const std::string every =
      ". 3 new training sequences an epoch, 4 of validation, 5 of test; every step is scored.";
  EXPECT_EQ(description("adding", {{"lag", "20"}}),
            "adding_20: the sum of two marked values in sequences of 20 to 22 steps; right when "
            "the absolute error is below 0.04" +
                sizes);
  EXPECT_EQ(description("multiplication", {{"lag", "40"}}),
            "multiplication_40: the product of two marked values in sequences of 40 to 44 steps; "
            "right when the absolute error is below 0.04" +
                sizes);
  EXPECT_EQ(description("latch", {{"lag", "50"}, {"informed", "2"}}),
            "latch_50_2: the class of the first 2 values of 50 to 55" + sizes);
  EXPECT_EQ(description("temporal_order", {{"length", "60"}}),
            "temporal_order_60: the order of 2 symbols, each X or Y, in sequences of 60 to 66 "
            "steps" +
                sizes);
  EXPECT_EQ(description("temporal_order", {{"length", "30"}, {"symbols", "3"}}),
            "temporal_order_3_30: the order of 3 symbols, each X or Y, in sequences of 30 to 33 "
            "steps" +
                sizes);
  EXPECT_EQ(description("parity", {{"length", "40"}}),
            "parity_40: the parity of the bits so far, of 40 to 44 bits" + every);
  EXPECT_EQ(description("copy_memory", {{"lag", "7"}}),
            "copy_memory_7: 10 symbols, given back after 7 steps" + every);
  EXPECT_EQ(description("reber", {}),
            "reber: the next symbol of strings of the embedded Reber grammar" + every);
}

TEST(Descriptions, OfDataThatAreReadSayTheirParts) {
  const auto pictures = [](const char* order) {
    return with_small_data("image_sequence", {{"valid", "7"}, {"order", order}})->description();
  };
  const std::string sizes = ". Sequences: 23 train, 7 valid, 9 test; 3 classes.";
  EXPECT_EQ(pictures("rows"), "mnist_rows: 3 x 4 pixels, a row a step" + sizes);
  EXPECT_EQ(pictures("pixels"), "mnist_pixels: 3 x 4 pixels, a pixel a step" + sizes);
  EXPECT_EQ(pictures("permuted"),
            "mnist_permuted: 3 x 4 pixels, a pixel a step, in a fixed random order" + sizes);
  EXPECT_EQ(with_small_data("spoken_digits", {{"hop", "12"}})->description(),
            "speech_digits: spoken digits as 40 log-mel energies of 25 ms every 12 ms. Sequences: "
            "32 train, 12 valid, 12 test; 10 classes.");
  EXPECT_EQ(with_small_data("next_frame", {{"data", "waves"}})->description(),
            "waves (generated waves; samples less their mean 0.0156299, divided by their "
            "deviation 0.33401): train 60 sequences (3000 steps), valid 15 sequences (750 steps), "
            "test 15 sequences (750 steps); 10 outputs a step. Steps 3 to T are scored.");
  // 60 steps: 42, 9, 9.
  EXPECT_EQ(with_small_data("forecasting", {{"data", "airline"},
                                            {"context", "6"},
                                            {"horizon", "3"},
                                            {"stride", "2"},
                                            {"target", "b"}})
                ->description(),
            "airline_b_6_3: 42 steps train, 9 valid, 9 test of a, b. The 3 steps after 6 steps are "
            "forecast of b: 17 windows train, 7 valid, 7 test. Figures are of values standardised "
            "by the training steps; MASE: a season of 12 steps.");
}

const SequenceForm& form_of(const Problem& problem) {
  return dynamic_cast<const SequenceProblem&>(problem).form();
}

TEST(Forms, OfTasksThatReadAllBeforeTheyAnswerAllowBothDirections) {
  using Pool = SequenceForm::Pool;
  const auto pictures = with_small_data("image_sequence", {{"valid", "7"}});
  EXPECT_EQ(form_of(*pictures).sight, Sight::whole);
  EXPECT_EQ(form_of(*pictures).pool, Pool::last);
  const auto digits = with_small_data("spoken_digits");
  EXPECT_EQ(form_of(*digits).sight, Sight::whole);
  EXPECT_EQ(form_of(*digits).pool, Pool::mean);
  const auto sentences = with_small_data("sentiment");
  EXPECT_EQ(form_of(*sentences).sight, Sight::whole);
  EXPECT_EQ(form_of(*sentences).pool, Pool::max);
  EXPECT_EQ(form_of(*sentences).symbol_scale, 0.4);
  EXPECT_EQ(form_of(*with_small_data("sentiment", {{"pool", "last"}})).pool, Pool::last);
  EXPECT_EQ(form_of(*with_small_data("sentiment", {{"pool", "mean"}})).pool, Pool::mean);
  const auto series =
      with_small_data("forecasting", {{"data", "airline"}, {"context", "6"}, {"horizon", "3"}});
  EXPECT_EQ(form_of(*series).sight, Sight::whole);
  EXPECT_EQ(form_of(*with_small_data("parity")).sight, Sight::past);
}

// Figures of committed results are of these examples: two of each split, as one number.
TEST(GeneratedProblem, ExamplesNeverChange) {
  const std::map<std::string, double> expected = {
      {"adding", 10.59092}, {"multiplication", -0.22725}, {"temporal_order", 1.50746},
      {"latch", 0.62062},   {"reber", 2.01276},           {"copy_memory", -34.27209},
      {"parity", 0.43300},  {"arithmetic", -43.11429}};
  for (const auto& [task, number] : expected) {
    const auto problem = generated_problem(task);
    double sum = 0.0, place = 1.0;
    for (const Split split : all_splits) {
      for (const ExampleId id : {0, 1}) {
        const SequenceExample example = problem->example(split, id);
        for (const float x : example.x) sum += double(x) * std::sin(place++);
        for (const float target : example.targets) sum += double(target) * std::cos(place++);
      }
    }
    EXPECT_NEAR(sum, number, 1e-3) << task;
  }
}

}  // namespace
}  // namespace carousel
