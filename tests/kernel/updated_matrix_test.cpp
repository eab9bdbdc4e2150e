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
  Values decay_by_time;
  std::vector<Values> u_by_time, k_by_time;  // of each update
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
    const Index decay_width = sizes.decays == Decays::columns ? sizes.width : 1;
    decay_by_time.resize(index(sizes.steps * decay_width));
    for (Index n = 0; n < sizes.updates; ++n) {
      u_by_time.emplace_back(index(sizes.steps * sizes.rows));
      k_by_time.emplace_back(index(sizes.steps * sizes.width));
    }
    for (Index p = 0; p < sizes.steps; ++p) {
      std::copy_n(&decays[index(p * decay_width)], decay_width,
                  &decay_by_time[index(step(p) * decay_width)]);
      for (Index n = 0; n < sizes.updates; ++n) {
        const Index row = p * sizes.updates + n;
        std::copy_n(&u[index(row * sizes.rows)], sizes.rows,
                    &u_by_time[index(n)][index(step(p) * sizes.rows)]);
        std::copy_n(&k[index(row * sizes.width)], sizes.width,
                    &k_by_time[index(n)][index(step(p) * sizes.width)]);
      }
    }
    begin(start.data());
  }
  void begin(const double* from) {
    matrix.begin(from, sizes, along);
    matrix.set_decay(decay_by_time.data());
    for (Index n = 0; n < sizes.updates; ++n) {
      matrix.set_update(n, u_by_time[index(n)].data(), k_by_time[index(n)].data());
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
  const Values x = numbers(steps * width, 9.0);
  Values all(index(steps * rows));
  both.matrix.prepare(reads, x.data(), all.data());
  Values one_by_one = all;
  both.matrix.add_rows(reads, all.data());
  for (Index t = 0; t < steps; ++t) {
    double* y = &one_by_one[index(t * rows)];
    both.matrix.add_row(reads, t, y);
    for (Index i = 0; i < rows; ++i) {
      double sum = 0.0;
      for (Index j = 0; j < width; ++j) {
        sum += both.dense.at(both.position(t), i, j) * x[index(t * width + j)];
      }
      EXPECT_NEAR(y[i], sum, 1e-12) << t << " " << i;
      EXPECT_NEAR(all[index(t * rows + i)], sum, 1e-12) << t << " " << i;
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
  both.begin(in_place.data());
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
std::vector<Values> products(Both& both, const Both& other) {
  std::vector<Values> all;
  for (const Values& u : other.u_by_time) {
    all.emplace_back(index(other.sizes.steps * other.sizes.width));
    both.matrix.multiply_columns(u.data(), all.back().data());
  }
  return all;
}

TEST(UpdatedMatrices, MultiplyTheirElements) {
  for (const Decays decays : {Decays::columns, Decays::numbers}) {
    Both a({7, 70, 5, 2, decays}, Along::time_reversed, 0.1);
    Both b({7, 70, 5, 1, decays}, Along::time, 0.2);
    Values z(index(5 * 70));
    const auto of_b = products(a, b);
    const auto of_a = products(b, a);
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
