// What every task promises, with three cells: the walk over the table of tasks.

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "small_data.hpp"
#include "tape/gradient_check.hpp"
#include "task/task.hpp"
#include "train/shards.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

// Options that make a task small, where it has them.
const std::map<std::string, std::string> small = {
    {"lag", "14"},  {"length", "14"},   {"examples", "12"},     {"valid", "7"},   {"test", "5"},
    {"steps", "9"}, {"embedding", "3"}, {"valid_share", "0.3"}, {"context", "6"}, {"horizon", "3"}};

std::unique_ptr<Problem> small_problem(const Task& task) {
  TaskOptions options(task.options);
  for (const auto& [name, value] : small) {
    if (std::ranges::find(task.options, name, &TaskOption::name) != task.options.end()) {
      options.set(name, value);
    }
  }
  if (task.name == "next_frame") options.set("data", "chords");
  if (task.name == "forecasting") options.set("data", "airline");
  static const SmallData data;
  return task.set_up(options, {data.folder()});
}

struct Case {
  const Task* task;
  std::string cell;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.task->name << " with " << c.cell;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Task& task : tasks()) {
    for (const char* cell : {"rnn_tanh", "lstm_peephole", "gru_reset_before"}) {
      all.push_back({&task, cell});
    }
  }
  return all;
}

class TaskContract : public testing::TestWithParam<Case> {
 protected:
  template <class T>
  std::vector<Tensor<T>> values() const {
    return ParameterSet<T>(model_->parameters(), 3).values();
  }
  // Some of the shortest training examples, of unequal lengths where there are such.
  Batch some(std::size_t count) const {
    Batch ids = evaluation_batches(*problem_, Split::train, 1 << 20).front();
    Batch chosen;
    for (std::size_t k = 0; k < count; ++k) chosen.push_back(ids[ids.size() - 1 - k]);
    return chosen;
  }
  template <class T>
  double loss(const std::vector<Tensor<T>>& values, Split split, Ids ids) const {
    Tape<T> tape;
    const std::vector<Var> vars = leaves(tape, values);
    return tape.value(model_->loss(Pass(tape, {model_->parameters(), vars}), split, ids)).item();
  }
  template <class T>
  Tally tally(int shard) const {
    return ShardRunner<T>(*model_, *problem_, Split::valid, shard).evaluate(values<T>());
  }
  std::unique_ptr<Trainer> trainer(const char* precision) const {
    TrainOptions options;
    options.epochs = 2;
    options.batch = 4;
    options.shard = 3;
    options.precision = precision;
    TrialRecord record;
    record.seed = 5;
    record.learning_rate = 0.01;
    return make_trainer(*model_, recurrence_, *problem_, options, record);
  }

  std::unique_ptr<Problem> problem_ = small_problem(*GetParam().task);
  mutable Recurrence recurrence_{catalogue().find(GetParam().cell), 6};
  std::unique_ptr<Model> model_ = problem_->model(recurrence_);
};

// Calls f(T()) in both precisions; tolerance: what rounding may change, relative.
template <class F>
void in_both_precisions(F&& f) {
  f(float{}, 2e-5);
  f(double{}, 1e-12);
}

void expect_same(const Tally& a, const Tally& b, double tolerance) {
  for (const std::string& count : a.counts()) {
    for (Index i = 0; i < a.examples(); ++i) {
      const double x = a.column(count)[std::size_t(i)], y = b.column(count)[std::size_t(i)];
      EXPECT_LE(std::abs(x - y), tolerance * std::max(1.0, std::abs(x)))
          << count << " of example " << i << ": " << x << " and " << y;
    }
  }
}

TEST_P(TaskContract, TheGradientIsThatOfDifferences) {
  const Batch ids = some(3);
  const auto terms = static_cast<double>(terms_of(*problem_, Split::train, ids));
  const auto error = check_gradients(
      [&](Tape<double>& tape, const std::vector<Var>& vars) {
        return model_->loss(Pass(tape, {model_->parameters(), vars}), Split::train, ids) / terms;
      },
      values<double>(), -1, 40);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

TEST_P(TaskContract, FloatIsNearDouble) {
  const Batch ids = some(4);
  const ParameterSet<float> floats(model_->parameters(), 3);
  ParameterSet<double> doubles(model_->parameters(), 3);
  for (std::size_t k = 0; k < floats.size(); ++k) {  // the same values to the bit
    std::ranges::copy(floats.value(k).values(), doubles.value(k).data());
  }
  std::vector<Tensor<float>> of_float;
  std::vector<Tensor<double>> of_double;
  const double a = ShardRunner<float>(*model_, *problem_, Split::train, 8)
                       .loss_and_gradients(floats.values(), ids, 1, of_float);
  const double b = ShardRunner<double>(*model_, *problem_, Split::train, 8)
                       .loss_and_gradients(doubles.values(), ids, 1, of_double);
  EXPECT_NEAR(a, b, 1e-5 * std::abs(b));
  double difference = 0.0, size = 0.0;
  for (std::size_t k = 0; k < of_double.size(); ++k) {
    for (Index i = 0; i < of_double[k].numel(); ++i) {
      difference += std::pow(double(of_float[k].data()[i]) - of_double[k].data()[i], 2);
      size += std::pow(of_double[k].data()[i], 2);
    }
  }
  EXPECT_GT(size, 0.0);
  EXPECT_LE(difference, 1e-8 * size);
}

TEST_P(TaskContract, FourExamplesAreLearnedByHeart) {
  const Batch ids = some(4);
  const Index terms = terms_of(*problem_, Split::train, ids);
  in_both_precisions([&]<class T>(T, double) {
    ParameterSet<T> parameters(model_->parameters(), 3);
    Optimiser<T> adam({.learning_rate = 0.02}, parameters);
    ShardRunner<T> runner(*model_, *problem_, Split::train, 8);
    std::vector<Tensor<T>> gradients;
    const double first = runner.loss_and_gradients(parameters.values(), ids, terms, gradients);
    for (int update = 0; update < 250; ++update) {
      runner.loss_and_gradients(parameters.values(), ids, terms, gradients);
      adam.update(parameters, gradients, 1.0);
    }
    EXPECT_LT(loss(parameters.values(), Split::train, ids), 0.3 * first);
  });
}

TEST_P(TaskContract, TheSameBitsOnAnyNumberOfThreads) {
  const Batch ids = some(8);
  in_both_precisions([&]<class T>(T, double) {
    const auto on = [&](std::size_t threads) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      Archive all;
      std::vector<Tensor<T>> gradients;
      ShardRunner<T> runner(*model_, *problem_, Split::train, 3);
      all.numbers["loss"] = runner.loss_and_gradients(values<T>(), ids, 7, gradients);
      for (std::size_t k = 0; k < gradients.size(); ++k) {
        all.tensors<T>()[model_->parameters()[k].name] = gradients[k];
      }
      const Tally counts = tally<T>(3);
      for (const std::string& count : counts.counts()) {
        const auto column = counts.column(count);
        all.doubles[count] =
            Tensor<double>::from({counts.examples()}, {column.begin(), column.end()});
      }
      return all;
    };
    const Archive one = on(1);
    EXPECT_EQ(first_difference(one, on(2)), "");
    EXPECT_EQ(first_difference(one, on(4)), "");
  });
}

TEST_P(TaskContract, ShardsAndPaddingChangeNothing) {
  const Batch ids = some(7);
  in_both_precisions([&]<class T>(T, double tolerance) {
    const auto at = values<T>();
    double sum = 0.0;
    for (const ExampleId& id : ids) sum += loss(at, Split::train, Ids(&id, 1));
    EXPECT_NEAR(loss(at, Split::train, ids), sum, tolerance * std::abs(sum));
    std::vector<Tensor<T>> gradients;
    EXPECT_NEAR(ShardRunner<T>(*model_, *problem_, Split::train, 3)
                    .loss_and_gradients(at, ids, 1, gradients),
                sum, tolerance * std::abs(sum));
    const Tally alone = tally<T>(1);
    expect_same(alone, tally<T>(3), tolerance);
    expect_same(alone, tally<T>(1000), tolerance);
  });
}

TEST_P(TaskContract, TheLossMetricIsTheMeanLossOfATerm) {
  const Batch ids = evaluation_batches(*problem_, Split::valid, 1 << 20).front();
  const double mean = loss(values<double>(), Split::valid, ids) /
                      static_cast<double>(terms_of(*problem_, Split::valid, ids));
  const Metric& metric = problem_->metrics()[problem_->loss_metric()];
  EXPECT_NEAR(figure_of(metric, tally<double>(4)), mean, 1e-12 * std::abs(mean));
}

TEST_P(TaskContract, HalvesOfASplitAddUp) {
  const auto at = values<float>();
  const TrainedModel trained(*model_, at);
  const Batch ids = evaluation_batches(*problem_, Split::valid, 1 << 20).front();
  const Ids all(ids), first = all.first(all.size() / 2), second = all.subspan(all.size() / 2);
  Tally one = tally_of(*problem_, Split::valid), other = one, whole = one;
  trained.run([&](const Pass& pass) { model_->count(pass, Split::valid, first, one); });
  trained.run([&](const Pass& pass) { model_->count(pass, Split::valid, second, other); });
  for (const Ids half : {first, second}) {
    trained.run([&](const Pass& pass) { model_->count(pass, Split::valid, half, whole); });
  }
  one.add(other);
  expect_same(one, whole, 0.0);
  Figures of_one, of_whole;
  set_figures(*problem_, Split::valid, one, of_one);
  set_figures(*problem_, Split::valid, whole, of_whole);
  for (const auto& [name, figures] : of_whole) {
    EXPECT_TRUE(std::isfinite(figures[Split::valid])) << name;
    EXPECT_EQ(of_one[name][Split::valid], figures[Split::valid]) << name;
  }
}

TEST_P(TaskContract, ATrialThatWasInterruptedEndsInTheSameBits) {
  for (const char* precision : {"float", "double"}) {
    const auto run = [](Trainer& trainer, int updates) {
      std::atomic<bool> stop{false};
      const Outcome outcome = trainer.run(stop, [&](const Progress&) { stop = --updates == 0; });
      if (outcome == Outcome::finished) trainer.evaluate_test();
      return outcome;
    };
    const auto whole = trainer(precision), first = trainer(precision), second = trainer(precision);
    EXPECT_EQ(run(*whole, -1), Outcome::finished);
    EXPECT_EQ(run(*first, 2), Outcome::interrupted);
    second->load(first->save());
    EXPECT_EQ(run(*second, -1), Outcome::finished);
    Archive a = whole->save(), b = second->save();
    a.doubles.erase("curve");  // holds seconds
    b.doubles.erase("curve");
    EXPECT_EQ(first_difference(a, b), "");
    for (std::size_t epoch = 0; epoch < 2; ++epoch) {
      const CurvePoint &x = whole->record().curve.at(epoch), &y = second->record().curve.at(epoch);
      EXPECT_EQ(x.updates, y.updates);
      EXPECT_EQ(x.train, y.train);
      EXPECT_EQ(x.valid, y.valid);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TaskContract, testing::ValuesIn(cases()), [](const auto& test) {
  return test.param.task->name + "_" + test.param.cell;
});

// Baselines have every figure of their problem, on every split.
TEST(TaskContract, BaselinesHaveAllFigures) {
  for (const Task& task : tasks()) {
    const auto problem = small_problem(task);
    for (const Baseline& baseline : problem->baselines()) {
      for (const Metric& metric : problem->metrics()) {
        for (const Split split : all_splits) {
          EXPECT_TRUE(std::isfinite(figure_of(baseline.figures, metric.name, split)))
              << task.name << " " << baseline.name << " " << metric.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel
