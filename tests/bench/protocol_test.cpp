// What carousel and the peers say to each other.

#include "bench/peers/protocol.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace carousel::peers {
namespace {

TEST(Protocol, ARequestComesBackFromItsLine) {
  const Request request{"onednn", "lstm", {3, 4, 5, 6}, 2, 7};
  const Request read = parse_request(to_line(request));
  EXPECT_EQ(to_line(read), "step onednn lstm 3 4 5 6 2 7");
  EXPECT_EQ(read.sizes, request.sizes);
}

TEST(Protocol, WhatIsNoRequestIsRefused) {
  for (const char* line : {"", "step", "step a b 1 2 3 4 1", "walk a b 1 2 3 4 1 1",
                           "step a b 1 2 3 x 1 1", "step a b 1 2 3 4 1 0"}) {
    EXPECT_THROW(parse_request(line), std::runtime_error) << line;
  }
}

TEST(Protocol, AReplyComesBackFromItsLine) {
  Reply reply;
  reply.fingerprint.norms = {1, 2, 3, 4, 5};
  reply.fingerprint.products = {-1, 0.5, 0, 1e-30, std::numeric_limits<double>::quiet_NaN()};
  reply.milliseconds = {1.25, 2.5};
  const Reply read = parse_reply(to_line(reply), 2);
  EXPECT_EQ(read.milliseconds, reply.milliseconds);
  EXPECT_EQ(read.fingerprint.norms, reply.fingerprint.norms);
  EXPECT_TRUE(std::isnan(read.fingerprint.products[4]));
  EXPECT_THROW(parse_reply(to_line(reply), 3), std::runtime_error);
  EXPECT_THROW(parse_reply("done 1 2 rubbish", 1), std::runtime_error);
  EXPECT_THROW(parse_reply("hello", 1), std::runtime_error);
}

TEST(Protocol, ValuesDependOnNameAndPlaceAlone) {
  const Fill w("W_i", 4), other("W_f", 4), x("x", 4);
  EXPECT_EQ(w(2, 3), Fill("W_i", 4)(2, 3));
  EXPECT_NE(w(2, 3), w(3, 2));
  EXPECT_NE(w(2, 3), other(2, 3));
  double squares = 0.0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(std::abs(w(i, 0)), 0.5f);
    squares += double(x(0, i) * x(0, i));
  }
  EXPECT_NEAR(squares / 1000, 1.0 / 3.0, 0.03);  // the variance of a uniform number in [-1, 1)
}

TEST(Protocol, AFingerprintSeesWhatANormDoesNot) {
  std::vector<float> gradient{1, 2, 3, 4}, negative{-1, -2, -3, -4}, near{1.00001f, 2, 3, 4};
  const auto print = [](std::vector<float>& values) {
    Fingerprint f;
    f.add({"U_z", 2, 2, values.data(), 2});
    return f;
  };
  EXPECT_EQ(difference(print(gradient), print(near), 1e-3), "");
  EXPECT_EQ(difference(print(gradient), print(negative), 1e-3), "dU");
  Fingerprint negated;
  negated.add({"U_z", 2, 2, negative.data(), 2, 1, -1.0f});
  EXPECT_EQ(difference(print(gradient), negated, 1e-3), "");
  gradient[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(difference(print(gradient), print(gradient), 1e-3), "dU");
}

}  // namespace
}  // namespace carousel::peers
