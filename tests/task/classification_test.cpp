// Any problem of one class a sequence, and the linear classifier that is its baseline.

#include "task/classification.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor/random.hpp"

namespace carousel {
namespace {

ClassificationForm form_of(std::array<Index, 3> sizes, Index classes,
                           std::function<Index(Split, ExampleId)> label) {
  ClassificationForm form;
  form.name = "mine";
  form.description = "numbers";
  form.width = 1;
  form.classes = classes;
  for (Index k = 0; k < classes; ++k) form.class_names.push_back(fmt::format("class {}", k));
  form.sizes = sizes;
  form.steps = [](Split, ExampleId) { return Index{1}; };
  form.x = [](Split, ExampleId id) { return std::vector<float>{static_cast<float>(id)}; };
  form.label = std::move(label);
  form.baselines = [](const ClassificationProblem&) { return std::vector<Baseline>{}; };
  return form;
}

TEST(Classification, SaysItsSizes) {
  const ClassificationProblem problem(form_of({5, 6, 7}, 3, [](Split, ExampleId) { return 0; }));
  EXPECT_EQ(problem.description(),
            "mine: numbers. Sequences: 5 train, 6 valid, 7 test; 3 classes.");
}

// Of 2100 test sequences, whose class is their number modulo 3, the first 2000 are shown. The
// answer is class 1 to even numbers, and class 2 to odd ones.
TEST(Classification, ShowsAsMuchOfTheTestSplitAsIsQuicklyDone) {
  const ClassificationProblem problem(
      form_of({1, 1, 2100}, 3, [](Split, ExampleId id) { return id % 3; }));
  std::vector<ExampleId> asked;
  const auto shown = problem.exhibits([&](Split split, Ids ids) {
    EXPECT_EQ(split, Split::test);
    EXPECT_LE(ids.size(), 100U);
    std::vector<std::vector<double>> given;
    for (const ExampleId id : ids) {
      asked.push_back(id);
      given.push_back(id % 2 == 0 ? std::vector{0.0, 2.0, 1.0} : std::vector{0.0, 1.0, 2.0});
    }
    return given;
  });
  ASSERT_EQ(asked.size(), 2000U);
  std::vector<float> times(9, 0.0f);
  for (std::size_t k = 0; k < 2000; ++k) {
    EXPECT_EQ(asked[k], ExampleId(k));
    times[k % 3 * 3 + 1 + k % 2] += 1.0f;
  }
  const auto values = shown.at(0).arrays.at("values").values();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), times);
  EXPECT_EQ(shown[0].title, "answers to 2000 test sequences");
  EXPECT_EQ(shown[0].texts.at("columns"), "class 0\nclass 1\nclass 2");
  EXPECT_EQ(shown[0].texts.at("rows"), "class 0\nclass 1\nclass 2");
  EXPECT_EQ(shown[0].texts.at("row_title"), "class");
  EXPECT_EQ(shown[0].texts.at("column_title"), "answer");
}

// Ten epochs of AdaGrad with dense vectors, written anew; of the epoch with the first best accuracy
// on validation all figures are kept. Labels are noisy, so that epochs differ.
TEST(LinearClassifier, KeepsTheBestOfTenEpochsOnValidation) {
  constexpr std::size_t features = 4, classes = 3;
  const auto drawn = [](Split split, ExampleId id) {
    return Random(7, Random::hash("noisy", static_cast<std::uint64_t>(split),
                                  static_cast<std::uint64_t>(id)));
  };
  const auto dense = [&](Split split, ExampleId id) {
    Random random = drawn(split, id);
    std::array<double, features + 1> x = {1.0};
    for (std::size_t k = 1; k <= features; ++k) {
      x[k] = static_cast<double>(static_cast<float>(random.normal()));
    }
    return x;
  };
  const auto label = [&](Split split, ExampleId id) {
    const auto x = dense(split, id);
    Random noise(8, Random::hash("label", static_cast<std::uint64_t>(split),
                                 static_cast<std::uint64_t>(id)));
    const double value = x[1] - 0.5 * x[2] + 1.5 * noise.normal();
    return Index{value < -0.5 ? 0 : value < 0.7 ? 1 : 2};
  };
  const ClassificationProblem problem(form_of({40, 60, 60}, classes, label));
  int read = 0;
  const Baseline baseline =
      linear_classifier("linear", problem, features, [&](Split split, ExampleId id) {
        ++read;
        const auto x = dense(split, id);
        Features all;
        for (std::size_t k = 0; k < features; ++k) {
          all.emplace_back(static_cast<Index>(k), static_cast<float>(x[k + 1]));
        }
        return all;
      });
  EXPECT_EQ(read, 10 * (40 + 40 + 60 + 60)) << "ten times to learn from, ten times for figures";
  EXPECT_EQ(baseline.name, "linear");

  std::array<std::array<double, classes>, features + 1> weights{}, squares{};
  for (auto& row : squares) row.fill(1e-8);
  const auto outputs = [&](Split split, ExampleId id) {
    std::vector<double> given(classes);
    const auto x = dense(split, id);
    for (std::size_t k = 0; k <= features; ++k) {
      for (std::size_t c = 0; c < classes; ++c) given[c] += weights[k][c] * x[k];
    }
    return given;
  };
  std::vector<Figures> epochs;
  for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
    for (const int id : Random(1, Random::hash("linear classifier", epoch)).permutation(40)) {
      const std::vector<double> given = outputs(Split::train, id);
      const auto x = dense(Split::train, id);
      double total = 0.0;
      for (const double o : given) total += std::exp(o);
      for (std::size_t c = 0; c < classes; ++c) {
        const double right = static_cast<Index>(c) == label(Split::train, id) ? 1.0 : 0.0;
        for (std::size_t k = 0; k <= features; ++k) {
          const double slope = (std::exp(given[c]) / total - right) * x[k];
          squares[k][c] += slope * slope;
          weights[k][c] -= 0.02 * slope / std::sqrt(squares[k][c]);
        }
      }
    }
    epochs.push_back(figures_of(problem, outputs));
  }
  const auto best_by = [&](Split split) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < epochs.size(); ++k) {
      if (epochs[k]["accuracy"][split] > epochs[best]["accuracy"][split]) best = k;
    }
    return best;
  };
  const std::size_t best = best_by(Split::valid);
  EXPECT_NE(best, best_by(Split::train));
  EXPECT_NE(best, best_by(Split::test));
  EXPECT_GT(best, 0U);
  for (const Split split : all_splits) {
    EXPECT_NEAR(figure_of(baseline.figures, "nll", split), epochs[best]["nll"][split], 1e-9);
    EXPECT_EQ(figure_of(baseline.figures, "accuracy", split), epochs[best]["accuracy"][split]);
  }
}

}  // namespace
}  // namespace carousel
