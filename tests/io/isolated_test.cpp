#include "io/isolated.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

class Isolated : public testing::Test {
 protected:
  Isolated() { std::ofstream(path_) << "text"; }
  template <class Error = InputError>
  std::string error(const std::function<std::string()>& read) {
    return error_of<Error>([&] { isolated(path_, read); });
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "data.bin";
};

TEST_F(Isolated, GivesTheBytesOfAnotherProcess) {
  const pid_t here = getpid();
  EXPECT_EQ(isolated(path_, [] { return std::to_string(getppid()); }), std::to_string(here));
  EXPECT_EQ(isolated(path_, [] { return std::string(); }), "");
  std::string large;
  large.resize(50'000'000, 'x');
  large[1234567] = '\0';
  EXPECT_TRUE(isolated(path_, [&] { return large; }) == large);
}

TEST_F(Isolated, PassesErrorsOn) {
  EXPECT_EQ(error([]() -> std::string { fail_input("here: {}", 3); }), "here: 3");
  EXPECT_EQ(error<EnvironmentError>([]() -> std::string { throw EnvironmentError("disk"); }),
            "disk");
  EXPECT_EQ(error<BugError>([]() -> std::string { throw std::logic_error("ours"); }), "ours");
}

TEST_F(Isolated, ADeadReaderIsADamagedFile) {
  EXPECT_EQ(
      error([]() -> std::string {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        return {};
      }),
      path_.string() + ": can't be read: the reader failed on it (signal 11); the file is damaged");
  EXPECT_THAT(error([]() -> std::string { std::abort(); }), HasSubstr("(signal 6)"));
  EXPECT_THAT(error([]() -> std::string { _exit(7); }), HasSubstr("(exit code 7)"));
  EXPECT_THAT(error([]() -> std::string { throw 1; }), HasSubstr("(signal 6)"));
}

TEST_F(Isolated, ComputesForTenSecondsAtMost) {
  const auto left = [&] {
    return std::stoi(isolated(path_, [] {
      itimerval timer{};
      getitimer(ITIMER_PROF, &timer);
      return std::to_string(timer.it_value.tv_sec);
    }));
  };
  EXPECT_NEAR(left(), 10, 1);
  EXPECT_THAT(error([]() -> std::string {
                const itimerval soon{{}, {0, 100'000}};
                setitimer(ITIMER_PROF, &soon, nullptr);
                for (std::atomic<int> i = 0;; ++i) {
                }
              }),
              HasSubstr("the reader was not done after 10 s of computing; the file is damaged"));
  std::filesystem::resize_file(path_, 50'000'000);  // a hole
  EXPECT_NEAR(left(), 15, 1);
}

#ifndef __SANITIZE_ADDRESS__
TEST_F(Isolated, TakesMemoryInProportionToTheFile) {
  const auto takes = [&](std::size_t bytes) {
    return error([bytes]() -> std::string { return {std::vector<char>(bytes, 'x').data(), 1}; });
  };
  EXPECT_EQ(takes(50'000'000), "nothing was thrown");
  EXPECT_THAT(takes(500'000'000), HasSubstr("it asks for far more memory than its size allows"));
  std::filesystem::resize_file(path_, 1'000'000);
  EXPECT_EQ(takes(500'000'000), "nothing was thrown");
}

TEST_F(Isolated, PrintsNothing) {
  testing::internal::CaptureStderr();
  isolated(path_, [] { return std::to_string(write(STDERR_FILENO, "noise", 5)); });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}
#endif

TEST_F(Isolated, EndsWithTheProgram) {
  EXPECT_THAT(error<EnvironmentError>([]() -> std::string {
                raise(SIGINT);
                return {};
              }),
              HasSubstr("reading it was ended from outside (signal 2)"));
  // The reader holds the pipe open for as long as it lives.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t program = fork();
  if (program == 0) {
    close(ends[0]);
    isolated(path_, [&]() -> std::string {
      alarm(60);
      if (write(ends[1], "x", 1) != 1) return {};
      for (;;) pause();
    });
    _exit(0);
  }
  close(ends[1]);
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  kill(program, SIGKILL);
  alarm(30);  // for this test, should it wait
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  alarm(0);
  close(ends[0]);
  waitpid(program, nullptr, 0);
}

}  // namespace
}  // namespace carousel
