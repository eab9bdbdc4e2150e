#include "kernel/updated_matrix.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace carousel {
namespace {

using Values = std::vector<double>;

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

// Small numbers of both signs, the same each time.
Values numbers(Index count, double seed) {
  Values values(index(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  }
  return values;
}

// The matrix in front of each step, made step by step.
struct Dense {
  UpdatedMatrixSizes sizes;
  std::vector<Values> values;  // in the order in which the steps are taken, and behind the last

  Dense(const UpdatedMatrixSizes& all, const Values& start, const Values& decays, const Values& u,
        const Values& k)
      : sizes(all), values{start} {
    for (Index p = 0; p < sizes.steps; ++p) {
      Values next = values.back();
      for (Index i = 0; i < sizes.rows; ++i) {
        for (Index j = 0; j < sizes.width; ++j) {
          double& value = next[index(i * sizes.width + j)];
          if (sizes.decays == Decays::columns) value *= decays[index(p * sizes.width + j)];
          if (sizes.decays == Decays::numbers) value *= decays[index(p)];
          for (Index n = p * sizes.updates; n < (p + 1) * sizes.updates; ++n) {
            value += u[index(n * sizes.rows + i)] * k[index(n * sizes.width + j)];
          }
        }
      }
      values.push_back(next);
    }
  }
  double at(Index position, Index i, Index j) const {
    return values[index(position)][index(i * sizes.width + j)];
  }
};

// A matrix and the same step by step.
struct Both {
  UpdatedMatrixSizes sizes;
  Along along;
  Values start, decays, u, k;
  Dense dense;
  UpdatedMatrix<double> matrix;

  Both(const UpdatedMatrixSizes& all, Along direction, double seed)
      : sizes(all),
        along(direction),
        start(numbers(all.rows * all.width, seed)),
        decays(numbers(all.steps * all.width, seed + 1)),
        u(numbers(all.steps * all.updates * all.rows, seed + 2)),
        k(numbers(all.steps * all.updates * all.width, seed + 3)),
        dense(all, start, decays, u, k) {
    decays[0] = 0.0;  // no decay is too small
    dense = Dense(all, start, decays, u, k);
    matrix.begin(start.data(), sizes, along);
    for (Index p = 0; p < sizes.steps; ++p) {
      if (sizes.decays == Decays::columns) {
        std::copy_n(&decays[index(p * sizes.width)], sizes.width, matrix.decay(step(p)));
      } else if (sizes.decays == Decays::numbers) {
        *matrix.decay(step(p)) = decays[index(p)];
      }
      for (Index n = 0; n < sizes.updates; ++n) {
        const Index row = p * sizes.updates + n;
        std::copy_n(&u[index(row * sizes.rows)], sizes.rows, matrix.u(step(p), n));
        std::copy_n(&k[index(row * sizes.width)], sizes.width, matrix.k(step(p), n));
      }
    }
    matrix.close();
  }
  Index step(Index position) const {
    return along == Along::time ? position : sizes.steps - 1 - position;
  }
  Index position(Index step_of) const { return step(step_of); }
};

struct Case {
  Index updates;
  Decays decays;
  Along along;
};

class UpdatedMatrixTest : public ::testing::TestWithParam<Case> {
 protected:
  Both make(double seed) const {
    return Both({7, 70, 5, GetParam().updates, GetParam().decays}, GetParam().along, seed);
  }
};

TEST_P(UpdatedMatrixTest, ReadsRows) {
  Both both = make(0.3);
  const auto& [rows, width, steps, updates, decays] = both.sizes;
  UpdatedMatrix<double>::RowReads reads;
  both.matrix.begin(reads);
  const Values x = numbers(steps * width, 9.0);
  std::copy(x.begin(), x.end(), reads.x.begin());
  both.matrix.prepare(reads);
  for (Index t = 0; t < steps; ++t) {
    Values y(index(rows));
    both.matrix.read_rows(reads, t, y.data());
    for (Index i = 0; i < rows; ++i) {
      double sum = 0.0;
      for (Index j = 0; j < width; ++j) {
        sum += both.dense.at(both.position(t), i, j) * x[index(t * width + j)];
      }
      EXPECT_NEAR(y[index(i)], sum, 1e-12) << t << " " << i;
    }
  }
}

TEST_P(UpdatedMatrixTest, ReadsColumns) {
  Both both = make(0.4);
  const auto& [rows, width, steps, updates, decays] = both.sizes;
  const Values y = numbers(steps * rows, 8.0);
  Values z(index(steps * width));
  both.matrix.multiply_columns(y.data(), z.data());
  both.matrix.add_columns(y.data(), z.data());
  for (Index t = 0; t < steps; ++t) {
    for (Index j = 0; j < width; ++j) {
      double sum = 0.0;
      for (Index i = 0; i < rows; ++i) {
        sum += both.dense.at(both.position(t), i, j) * y[index(t * rows + i)];
      }
      EXPECT_NEAR(z[index(t * width + j)], sum, 1e-12) << t << " " << j;
    }
  }
}

TEST_P(UpdatedMatrixTest, EndsAndAdvances) {
  Both both = make(0.5);
  const auto& [rows, width, steps, updates, decays] = both.sizes;
  Values end(index(rows * width)), dense = both.start;
  both.matrix.end(end.data());
  for (Index p = 0; p < steps; ++p) both.matrix.advance(both.step(p), dense.data());
  for (std::size_t i = 0; i < end.size(); ++i) {
    EXPECT_NEAR(end[i], both.dense.values.back()[i], 1e-12) << i;
    EXPECT_NEAR(dense[i], both.dense.values.back()[i], 1e-12) << i;
  }
  std::vector<double> in_place = both.start;
  both.matrix.begin(in_place.data(), both.sizes, both.along);  // the vectors are there still
  both.matrix.end(in_place.data());
  EXPECT_EQ(in_place, end);
}

INSTANTIATE_TEST_SUITE_P(All, UpdatedMatrixTest,
                         ::testing::Values(Case{1, Decays::none, Along::time},
                                           Case{1, Decays::columns, Along::time},
                                           Case{2, Decays::columns, Along::time_reversed},
                                           Case{3, Decays::none, Along::time_reversed},
                                           Case{2, Decays::numbers, Along::time_reversed},
                                           Case{0, Decays::columns, Along::time},
                                           Case{0, Decays::numbers, Along::time}));

// What a matrix gives for the vectors u of another one, an update after the other.
std::vector<Values> products(UpdatedMatrix<double>& matrix, UpdatedMatrix<double>& other,
                             const UpdatedMatrixSizes& of_other) {
  std::vector<Values> all;
  for (Index n = 0; n < of_other.updates; ++n) {
    Values y;
    for (Index t = 0; t < of_other.steps; ++t) {
      y.insert(y.end(), other.u(t, n), other.u(t, n) + of_other.rows);
    }
    all.emplace_back(index(of_other.steps * of_other.width));
    matrix.multiply_columns(y.data(), all.back().data());
  }
  return all;
}

TEST(UpdatedMatrices, MultiplyTheirElements) {
  for (const Decays decays : {Decays::none, Decays::columns, Decays::numbers}) {
    Both a({7, 70, 5, 2, decays}, Along::time_reversed, 0.1);
    Both b({7, 70, 5, 1, decays}, Along::time, 0.2);
    Values z(index(5 * 70));
    const auto of_b = products(a.matrix, b.matrix, b.sizes);
    const auto of_a = products(b.matrix, a.matrix, a.sizes);
    const std::array a_of_u{of_b[0].data()};
    const std::array b_of_u{of_a[0].data(), of_a[1].data()};
    const bool numbers = decays == Decays::numbers;
    if (numbers) a.matrix.sum_products(b.matrix, a_of_u, b_of_u, z.data());
    else a.matrix.multiply_elements(b.matrix, a_of_u, b_of_u, z.data());
    for (Index t = 0; t < 5; ++t) {
      double all = 0.0;
      for (Index j = 0; j < 70; ++j) {
        double sum = 0.0;
        for (Index i = 0; i < 7; ++i) {
          sum += a.dense.at(a.position(t), i, j) * b.dense.at(t, i, j);
        }
        all += sum;
        if (numbers) continue;
        EXPECT_NEAR(z[index(t * 70 + j)], sum, 1e-12) << t << " " << j;
      }
      EXPECT_NEAR(numbers ? z[index(t)] : all, all, 1e-11) << t;
    }
  }
}

}  // namespace
}  // namespace carousel
