#include "io/machine.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "kernel/isa.hpp"

namespace carousel {
namespace {

TEST(Machine, FactsSayWhatAResultDependsOn) {
  std::map<std::string, std::string> facts;
  for (const auto& [name, value] : machine_facts(3)) {
    EXPECT_TRUE(facts.emplace(name, value).second) << name << " stands twice";
    EXPECT_FALSE(value.empty()) << name;
  }
  EXPECT_EQ(facts["threads"], "3");
  EXPECT_EQ(facts["isa"], isa_name(active_isa()));
  EXPECT_EQ(facts["compiler"], __VERSION__);
  for (const char* name : {"version", "commit", "host", "cpu", "blas", "tbb", "hdf5"}) {
    EXPECT_TRUE(facts.contains(name)) << name;
  }
}

TEST(Machine, JsonHoldsAnyText) {
  const auto json = [](const std::vector<std::pair<std::string, std::string>>& facts) {
    return boost::json::parse(to_json(facts)).as_object();
  };
  EXPECT_EQ(json({{"cpu", "a \"fast\" one\\\n"}, {"b", "ü"}}),
            (boost::json::object{{"cpu", "a \"fast\" one\\\n"}, {"b", "ü"}}));
  EXPECT_TRUE(json({}).empty());
}

}  // namespace
}  // namespace carousel
