// Each call to the system that a study makes fails once, and from then on:
// faults/failing_calls.cpp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/command_fixture.hpp"

namespace carousel {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Fault : public Command {
 protected:
  Fault() {
    study_ = R"(name: small
task: {name: adding, lag: 12, examples: 20, valid: 10, test: 10}
cells: [{name: rnn_tanh, hidden: 3}, {name: gru_reset_after, hidden: 3}]
seeds: 1
train: {epochs: 2, batch: 5, shard: 2, checkpoint_seconds: 0}
)";
  }

  Finished faulty(const std::string& fault, const std::string& run) {
    setenv("LD_PRELOAD", FAILING_CALLS, 1);
    setenv("CAROUSEL_FAULT", fault.c_str(), 1);
    Finished done = compare(run, {"--threads", "1", "--quiet"});
    unsetenv("LD_PRELOAD");
    unsetenv("CAROUSEL_FAULT");
    return done;
  }

  // How many calls of each kind a study makes that nothing happens to.
  std::map<std::string, long> counted(const std::string& run) {
    setenv("CAROUSEL_FAULT_COUNTS", (folder_ / "counts").c_str(), 1);
    EXPECT_EQ(faulty("", run).code, 0);
    unsetenv("CAROUSEL_FAULT_COUNTS");
    std::istringstream lines(file_text(folder_ / "counts"));
    std::map<std::string, long> counts;
    std::string kind;
    for (long count = 0; lines >> kind >> count;) counts[kind] = count;
    return counts;
  }

  // The n-th call fails: the study ends with code 3 and a message, or it did not need that call and
  // ends as ever. Then it goes on to the same bits.
  void expect_held(const std::string& fault) {
    std::filesystem::remove_all(folder_ / "run");
    const Finished done = faulty(fault, "run");
    ASSERT_THAT(done.code, AnyOf(0, 3)) << fault << "\n" << done.err;
    if (done.code == 3) {
      EXPECT_THAT(done.err, AnyOf(HasSubstr("run"), HasSubstr("memory"), HasSubstr("study.yaml")))
          << fault;
    }
    if (std::filesystem::exists(folder_ / "run/study.yaml")) {
      const Finished resumed = run({"resume", "run", "--quiet"});
      ASSERT_EQ(resumed.code, 0) << fault << "\n" << resumed.err;
    } else {
      ASSERT_EQ(compare("run", {"--quiet"}).code, 0) << fault << ": the folder can't be used again";
    }
    EXPECT_EQ(difference("run", "whole"), "") << fault;
  }

  void expect_held_for_each(const std::string& kind) {
    const long count = counted("whole").at(kind);
    ASSERT_GT(count, 0);
    for (long n = 1; n <= count && !HasFatalFailure(); ++n) {
      expect_held(kind + ":" + std::to_string(n));
    }
    for (long n = 1; n <= count && !HasFatalFailure(); n += 5) {
      expect_held(kind + ":" + std::to_string(n) + "+");
    }
  }
};

TEST_F(Fault, WriteFails) { expect_held_for_each("write"); }
TEST_F(Fault, FsyncFails) { expect_held_for_each("fsync"); }
TEST_F(Fault, RenameFails) { expect_held_for_each("rename"); }
TEST_F(Fault, OpenFails) { expect_held_for_each("open"); }
TEST_F(Fault, MkdirFails) { expect_held_for_each("mkdir"); }
TEST_F(Fault, MmapFails) { expect_held_for_each("mmap"); }

// There are over a hundred thousand: some of them, at places of equal distance.
TEST_F(Fault, MallocFails) {
  const char* wanted = std::getenv("CAROUSEL_FAULTS");
  const long some = wanted ? std::atol(wanted) : 60;
  const long count = counted("whole").at("malloc");
  for (long k = 0; k < some && !HasFatalFailure(); ++k) {
    expect_held("malloc:" + std::to_string(1 + k * count / some));
  }
}

}  // namespace
}  // namespace carousel
