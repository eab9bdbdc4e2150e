// Cell files with words exchanged at random: a program or a message with a place, nothing else.

#include <algorithm>
#include <fstream>

#include "build_fixtures.hpp"
#include "cell/language/functions.hpp"
#include "cell/language/words.hpp"

namespace carousel {
namespace {

const char* const sample =
    "cell everything\nhyper depth = 2\nhyper heads = 2\ninput dt : [1] default 1\n"
    "param W, G : [hidden, input]\nparam R : [heads, hidden / heads, hidden / heads]\n"
    "param U[1..depth] : [hidden, hidden] init orthogonal\nparam a, h0 : [hidden] init normal(1)\n"
    "param b : [hidden] init minus(a)\nstate M : [input, hidden]\ninitial h = tanh(h0)\n"
    "def gate(v, w) = sigmoid(layer_norm(v) + w)\nS = expm(tril(U[1], -1))\ns = S @ h[t-1] + b\n"
    "repeat k in 1..depth {\nu = gate(U[k] @ s + where(k == 1, W @ x, 0), a)\n"
    "s = (1 - u) * s + u * roll(s, k)\n}\nM = 0.5 * M[t-1] + outer(x, softmax(G @ x[t-1] + s))\n"
    "e = concat(x, s[0:2], u.1[1])\nq = block_diagonal(R) @ h[t-2] + reshape(tile(s, 1), "
    "[hidden])\n"
    "h = s + transpose(M) @ x + max(e) + where(s > 0, cumsum(a), mean(s)) ^ 2 + dt * q\noutput h\n";

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  bool joined = false;
  for (const char c : text) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (letter && joined) words.back() += c;
    else words.emplace_back(1, c);
    joined = letter;
  }
  return words;
}

void expect_programs_or_messages(const std::string& whole) {
  const std::vector<std::string> words = words_of(whole);
  Random random(3, std::string_view("mutations"));
  const auto below = [&](std::size_t n) { return std::size_t(random.below(n)); };
  int programs = 0, messages = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::vector<std::string> changed = words;
    for (std::size_t times = 1 + below(2); times > 0; --times) {
      const std::size_t at = below(changed.size());
      const std::string& other = words[below(words.size())];
      const auto place = changed.begin() + std::ptrdiff_t(at);
      if (below(3) == 0) changed.erase(place);
      else if (below(3) == 0) changed.insert(place, other);
      else *place = other;
    }
    std::string text;
    for (const std::string& word : changed) text += word;
    try {
      program_of(text, {3, 4});
      ++programs;
    } catch (const LanguageError&) {
      ++messages;
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what() << "\n" << text;
    }
  }
  EXPECT_GT(programs, 100);
  EXPECT_GT(messages, 100);
}

TEST(BuildMutations, GiveAProgramOrAMessage) { expect_programs_or_messages(sample); }

// Noise, losses, complex values, heads, first values and gradients inside a step.
TEST(BuildMutations, OfTheSecondEditionToo) {
  std::ifstream file(CAROUSEL_SOURCE_DIR "/tests/fuzz/corpus/cell_language/second.cell");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_NE(text.find("grad("), text.npos);
  expect_programs_or_messages(text);
}

}  // namespace
}  // namespace carousel
