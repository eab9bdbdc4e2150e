// A peer that fails is named, with what it did.

#include "bench/suite/peer_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "command_line.hpp"
#include "fake_peer.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const peers::Request request{"fake", "lstm", {1, 2, 3, 4}, 1, 2};

class Peer : public testing::Test {
 protected:
  PeerProcess start(const std::string& body,
                    std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    return PeerProcess(write_fake_peer(folder_ / "peer_fake", body), limit);
  }
  std::string failure(const std::string& body,
                      std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    return error_of<EnvironmentError>([&] { start(body, limit).run(request); });
  }
  TemporaryFolder folder_;
};

TEST_F(Peer, AnswersALineAtATime) {
  PeerProcess peer = start(
      "case $word in list) echo implementations a b;; "
      "*) echo done 1 2 3 4 5 6 7 8 9 10 0.5 1.5;; esac");
  EXPECT_THAT(peer.implementations("lstm"), ElementsAre("a", "b"));
  EXPECT_THAT(peer.run(request).milliseconds, ElementsAre(0.5, 1.5));
  EXPECT_EQ(peer.run(request).fingerprint.products[4], 10.0);
}

TEST_F(Peer, MayHaveNothingForACell) {
  EXPECT_THAT(start("echo implementations").implementations("lstm"), IsEmpty());
}

TEST_F(Peer, RunsWithoutTheVariablesThatHoldItBack) {
  setenv("OPENBLAS_CORETYPE", "Haswell", 1);
  PeerProcess peer = start("echo implementations core:$OPENBLAS_CORETYPE");
  unsetenv("OPENBLAS_CORETYPE");
  EXPECT_THAT(peer.implementations("lstm"), ElementsAre("core:"));
}

TEST_F(Peer, ThatDiesIsNamed) {
  EXPECT_THAT(failure("exit 1"), AllOf(HasSubstr("peer_fake ended"), HasSubstr("--no-peers")));
  PeerProcess peer = start("exit 1");
  EXPECT_THROW(peer.run(request), EnvironmentError);
  EXPECT_THROW(peer.run(request), EnvironmentError);  // it writes to a pipe that nobody reads
}

TEST_F(Peer, ThatRepliesRubbishIsNamed) {
  EXPECT_THAT(failure("echo good morning"),
              AllOf(HasSubstr("peer_fake"), HasSubstr("good morning")));
  EXPECT_THAT(failure("echo done 1 2 3"), HasSubstr("too short"));
  EXPECT_THAT(error_of<EnvironmentError>([&] { start("echo what").implementations("lstm"); }),
              HasSubstr("'what'"));
}

TEST_F(Peer, ThatHangsIsNamed) {
  EXPECT_THAT(failure("exec sleep 30", std::chrono::milliseconds(200)),
              AllOf(HasSubstr("peer_fake has not answered"), HasSubstr("step fake lstm")));
}

TEST_F(Peer, ThatReportsAnErrorIsQuoted) {
  EXPECT_THAT(failure("echo error unsupported: no such cell"), HasSubstr("no such cell"));
}

TEST_F(Peer, ThatCannotStartIsNamed) {
  EXPECT_THAT(error_of<EnvironmentError>([&] { PeerProcess(folder_ / "peer_none"); }),
              HasSubstr("peer_none can't be started"));
}

// A peer that starts a process of its own, and answers with both numbers and how that one is.
constexpr const char* with_a_child =
    "[ -n \"$child\" ] || { sleep 1000 & child=$!; }\n"
    "read -r _ _ state _ < /proc/$child/stat\n"
    "echo implementations $$ $child $state";

// As /proc says it: "T" is stopped; "gone" where it has ended.
std::string state_of(const std::string& pid) {
  std::string number, name, state;
  std::ifstream("/proc/" + pid + "/stat") >> number >> name >> state;
  return state.empty() || state == "Z" ? "gone" : state;
}

// Signals take their time.
testing::AssertionResult becomes(const std::string& pid, const std::string& state) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (state_of(pid) == state) return testing::AssertionSuccess();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return testing::AssertionFailure() << pid << " is in state " << state_of(pid);
}

TEST_F(Peer, IsStoppedOutsideItsTurnsWithWhatItHasStarted) {
  std::vector<std::string> pids;
  {
    PeerProcess peer = start(with_a_child);
    for (int turn = 0; turn < 3; ++turn) {
      pids = peer.implementations("lstm");
      ASSERT_EQ(pids.size(), 3u);
      EXPECT_NE(pids[2], "T") << "in its turn";
      EXPECT_TRUE(becomes(pids[0], "T"));
      EXPECT_TRUE(becomes(pids[1], "T"));
    }
  }
  EXPECT_TRUE(becomes(pids[0], "gone"));
  EXPECT_TRUE(becomes(pids[1], "gone"));
}

TEST_F(Peer, EndsWithAProcessThatIsKilled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    PeerProcess peer = start(with_a_child);
    const auto pids = peer.implementations("lstm");
    const std::string text = pids[0] + " " + pids[1] + "\n";
    static_cast<void>(!write(ends[1], text.data(), text.size()));
    for (;;) pause();
  }
  char text[100] = {};
  ASSERT_GT(read(ends[0], text, sizeof text - 1), 0);
  close(ends[0]);
  close(ends[1]);
  std::istringstream in(text);
  std::string peer, its_child;
  in >> peer >> its_child;
  EXPECT_TRUE(becomes(peer, "T"));
  EXPECT_TRUE(becomes(its_child, "T"));  // not yet so, it would stop after the kernel has looked
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(becomes(peer, "gone"));
  EXPECT_TRUE(becomes(its_child, "gone"));
}

TEST_F(Peer, IsNotWaitedForWhenWorkIsToStop) {
  std::atomic<bool> stop{false};
  const StopScope scope(stop);
  PeerProcess peer = start("sleep 1000", std::chrono::seconds(1000));
  std::jthread soon([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop = true;
  });
  EXPECT_THROW(peer.run(request), Interrupted);
}

TEST_F(Peer, EndsWithTheCommandThatASignalEnds) {
  const std::string pid_file = (folder_ / "pid").string();
  write_fake_peer(folder_ / "peer_torch", "echo $$ > " + pid_file + "; sleep 1000");
  const CommandResult done =
      run_shell(std::string(CAROUSEL_BINARY) + " bench scan --sizes 4,2,3,2 --peers " +
                folder_.path().string() + " > /dev/null & until [ -s " + pid_file +
                " ]; do sleep 0.1; done; kill -TERM $!; wait $!");
  EXPECT_EQ(done.code, 130) << done.text;
  std::string pid;
  std::ifstream(pid_file) >> pid;
  EXPECT_TRUE(becomes(pid, "gone"));
}

}  // namespace
}  // namespace carousel
