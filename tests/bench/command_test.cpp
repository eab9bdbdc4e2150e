// carousel bench as a user runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "fake_peer.hpp"
#include "kernel/bf16.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Finished {
  int code;
  std::string text;  // both streams
};

Finished run(const std::string& arguments, const std::string& environment = "") {
  const std::string command = environment + " " CAROUSEL_BINARY " bench " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t n; (n = fread(part.data(), 1, part.size(), pipe)) > 0;) {
    text.append(part.data(), n);
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

TEST(BenchCommand, PrintsATableAndWritesItsCsv) {
  TemporaryFolder folder;
  const std::string csv = folder / "scan.csv";
  const Finished done =
      run("scan --sizes 4,2,3,2 --cells lstm,rnn_tanh --rounds 1 --no-peers --csv " + csv);
  ASSERT_EQ(done.code, 0) << done.text;
  EXPECT_THAT(done.text, AllOf(HasSubstr("4,2,3,2"), HasSubstr("rnn_tanh"), HasSubstr("carousel"),
                               Not(HasSubstr("libdnnl"))));
  EXPECT_THAT(file_text(csv), AllOf(HasSubstr("suite,T,B,I,H,cell,"),
                                    HasSubstr("\nscan,4,2,3,2,rnn_tanh,carousel,1,float,")));
}

TEST(BenchCommand, MeasuresBf16WhereTheProcessorHasIt) {
  const std::string command =
      "scan --sizes 4,2,3,2 --cells lstm --rounds 1 --no-peers --precision bf16";
  const Finished refused = run(command, "CAROUSEL_ISA=baseline");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.text, HasSubstr("no products in bf16"));
  if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  const Finished done = run(command);
  EXPECT_EQ(done.code, 0) << done.text;
  EXPECT_THAT(done.text, HasSubstr("ours, float"));
}

TEST(BenchCommand, ShowsCellsBesideTheirBound) {
  TemporaryFolder folder;
  const std::string csv = folder / "cells.csv", cell = folder / "mine.cell";
  std::ofstream(cell) << "cell mine\nparam W : [hidden, input]\nh = tanh(W @ x)\noutput h\n";
  const Finished done =
      run("catalogue --sizes 4,2,3,2 --cells lstm," + cell + " --rounds 1 --csv " + csv);
  ASSERT_EQ(done.code, 0) << done.text;
  EXPECT_THAT(done.text, AllOf(HasSubstr("T,B,I,H 4,2,3,2"), HasSubstr("\nmine "),
                               HasSubstr("\nlstm "), HasSubstr("2 cells, the median at")));
  EXPECT_THAT(file_text(csv), AllOf(HasSubstr("cell,T,B,I,H,threads,precision,ms,bound_ms,share"),
                                    HasSubstr("\nmine,4,2,3,2,1,float,")));
  EXPECT_EQ(run("scan --no-peers --sizes 4,2,3,2 --rounds 1 --cells " + cell).code, 0);
}

TEST(BenchCommand, BadArgumentsAreOneMessageAndCode2) {
  const auto fails = [](const std::string& arguments, const std::string& part) {
    const Finished done = run(arguments);
    EXPECT_EQ(done.code, 2) << arguments;
    EXPECT_THAT(done.text, HasSubstr(part)) << arguments;
  };
  fails("", "SUITE");
  fails("scam", "did you mean 'scan'");
  fails("scan --cells lstn", "did you mean 'lstm'");
  fails("scan --sizes 9", "T,B,I,H");
  fails("catalog", "did you mean 'catalogue'");
  fails("scan --precision half", "--precision");
  fails("catalogue --cells lstm --precision bf16", "measures float alone");
  fails("--threads 2 catalogue --cells lstm", "got 2 threads");
  fails("scan --rounds 0 --no-peers", "--rounds: got 0");
}

TEST(BenchCommand, APeerThatDiesIsCode3) {
  TemporaryFolder folder;
  write_fake_peer(folder / "peer_torch", "exit 1");
  const Finished done = run("scan --sizes 4,2,3,2 --rounds 1 --peers " + folder.path().string());
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.text, AllOf(HasSubstr("error: peer_torch ended"), HasSubstr("libdnnl-dev")));
}

TEST(BenchCommand, ACsvThatCannotBeWrittenIsCode3) {
  const Finished done = run("scan --sizes 4,2,3,2 --rounds 1 --no-peers --csv /nowhere/scan.csv");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.text, HasSubstr("/nowhere/scan.csv"));
}

TEST(BenchCommand, StartsAnewWithoutAnOlderCoreType) {
  const Finished done =
      run("scan --sizes 4,2,3,2 --rounds 1 --no-peers", "OPENBLAS_CORETYPE=Haswell");
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.text, AllOf(HasSubstr("measuring without OPENBLAS_CORETYPE=Haswell"),
                               HasSubstr("carousel")));
}

}  // namespace
}  // namespace carousel
