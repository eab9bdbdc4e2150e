// A peer that fails is named, with what it did.

#include "bench/suite/peer_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_peer.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

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

}  // namespace
}  // namespace carousel
