#include "io/machine.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kernel/isa.hpp"

namespace carousel {
namespace {

TEST(Machine, FactsSayWhatAResultDependsOn) {
  std::map<std::string, std::string> facts;
  for (const Facts& some : {program_facts(), place_facts()}) {
    for (const auto& [name, value] : some) {
      EXPECT_TRUE(facts.emplace(name, value).second) << name << " stands twice";
      EXPECT_FALSE(value.empty()) << name;
    }
  }
  EXPECT_EQ(facts["isa"], isa_name(active_isa()));
  EXPECT_EQ(facts["compiler"], __VERSION__);
  for (const char* name : {"version", "commit", "host", "cpu", "blas", "tbb", "hdf5"}) {
    EXPECT_TRUE(facts.contains(name)) << name;
  }
}

}  // namespace
}  // namespace carousel
