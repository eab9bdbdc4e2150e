#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "op/op.hpp"
#include "printers.hpp"

namespace carousel {

/// One example of an op of the table.
struct Case {
  const Op* op;
  std::size_t example;
};

inline void PrintTo(const Case& c, std::ostream* out) {
  PrintTo(*c.op, out);
  *out << " of ";
  PrintTo(c.op->examples[c.example], out);
}

/// Every example of every op: no op can be forgotten.
inline std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Op& op : op_table()) {
    for (std::size_t e = 0; e < op.examples.size(); ++e) cases.push_back({&op, e});
  }
  return cases;
}

/// "matmul_3"
inline std::string name_of(const testing::TestParamInfo<Case>& test) {
  return std::string(test.param.op->name) + "_" + std::to_string(test.param.example);
}

}  // namespace carousel
