// Variants: the lines of a file put into those of its base.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"
#include "cell/language/printed.hpp"

namespace carousel {
namespace {

const std::string gated = R"(cell gated "A gate"
ref "A paper"
group gru
conventions "one bias"
hyper rank = 2
param W_f, W_c : [hidden, input]
param b_f : [hidden] init ones
f = sigmoid(W_f @ x + b_f)
c = tanh(W_c @ x)
state h : [hidden]
h = f * h[t-1] + (1 - f) * c
output h
)";

CellSyntax merged(const std::string& lines, const std::string& base = gated) {
  const CellSyntax variant = parse_cell("cell v extends gated\n" + lines, "v.cell");
  return merge_variant(variant, parse_cell(base, "gated.cell"));
}

std::string message_of(const std::string& lines, const std::string& base = gated) {
  try {
    merged(lines, base);
  } catch (const LanguageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Variant, ALineReplacesTheOneThatSetsTheSameName) {
  EXPECT_EQ(printed(merged("c = W_c @ x\n")),
            "hyper rank = 2\nparameter W_f : [hidden input]\nparameter W_c : [hidden input]\n"
            "parameter b_f : [hidden] init ones\nassign f = (sigmoid (+ (@ W_f x) b_f))\n"
            "assign c = (@ W_c x)\nstate h : [hidden]\n"
            "assign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
}

// The order is that of what is read, not that of the base's lines.
TEST(Variant, ALineThatReadsALowerOneStandsBehindIt) {
  EXPECT_EQ(printed(merged("f = sigmoid(W_f @ x + b_f + c)\n")),
            "hyper rank = 2\nparameter W_f : [hidden input]\nparameter W_c : [hidden input]\n"
            "parameter b_f : [hidden] init ones\nassign c = (tanh (@ W_c x))\n"
            "assign f = (sigmoid (+ (+ (@ W_f x) b_f) c))\nstate h : [hidden]\n"
            "assign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
  // By way of a definition, too; and its arguments are no such names.
  EXPECT_EQ(printed(merged("def g(f) = f * c\nf = g(W_f @ x)\n")),
            "hyper rank = 2\nparameter W_f : [hidden input]\nparameter W_c : [hidden input]\n"
            "function g f = (* f c)\nassign c = (tanh (@ W_c x))\nassign f = (g (@ W_f x))\n"
            "state h : [hidden]\nassign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
  // In a circle nothing moves, and the builder says what is read too early.
  EXPECT_EQ(printed(merged("f = c\nc = f\n")),
            "hyper rank = 2\nassign f = c\nassign c = f\nstate h : [hidden]\n"
            "assign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
}

TEST(Variant, WhatOnlyOldLinesNeededIsLeftOut) {
  EXPECT_EQ(printed(merged("f = 0.5\n")),
            "hyper rank = 2\nparameter W_c : [hidden input]\nassign f = 0.5\n"
            "assign c = (tanh (@ W_c x))\nstate h : [hidden]\n"
            "assign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
  EXPECT_EQ(printed(merged("h = tanh(x)\n")),
            "hyper rank = 2\nstate h : [hidden]\nassign h = (tanh x)\noutput h\n");
}

TEST(Variant, WhatNothingNeededInTheBaseStays) {
  const std::string base = "cell gated\nparam a, b : [1]\nspare = b\nh = a * x\noutput h\n";
  EXPECT_EQ(printed(merged("h = x\n", base)),
            "parameter b : [1]\nassign spare = b\nassign h = x\noutput h\n");
}

TEST(Variant, NewLinesStandInFrontOfTheNextThatReplaces) {
  const std::string base = "cell gated\na = x\nb = a\nh = b\noutput h\n";
  EXPECT_EQ(
      printed(merged("param p : [1]\nq = p * x\nb = a + q\nlast = b\n", base)),
      "assign a = x\nparameter p : [1]\nassign q = (* p x)\nassign b = (+ a q)\nassign h = b\n"
      "output h\nassign last = b\n");
}

TEST(Variant, EveryKindOfLineCanBeReplaced) {
  const std::string base =
      "cell gated\nhyper n = 2\nparam p : [n]\nstate h : [n]\ninitial h = 0\ninput m : [1]\n"
      "def g(a) = tanh(a)\nuse inner as i (hidden = n)\nh = g(i(x)) * p * m + h[t-1]\noutput h\n";
  EXPECT_EQ(
      printed(merged("hyper n = 3\nparam p : [n] fixed\nstate h : [3]\ninitial h = 1\n"
                     "input m : [1] default 1\ndef g(a) = relu(a)\nuse other as i\n"
                     "h = g(i(x)) + p * m + h[t-1]\ny = h\noutput y\n",
                     base)),
      "hyper n = 3\nparameter p : [n] fixed\nstate h : [3]\ninitial h = 1\ninput m : [1] = 1\n"
      "function g a = (relu a)\nuse i of other\n"
      "assign h = (+ (+ (g (i x)) (* p m)) (delay h 1))\nassign y = h\noutput y\n");
}

TEST(Variant, ANameCanBecomeAParameter) {
  EXPECT_THAT(printed(merged("param f : [hidden]\n")),
              ::testing::HasSubstr("parameter f : [hidden]\nassign c"));
}

const std::string repeated =
    "cell gated\nhyper n = 2\nparam U[1..n] : [hidden, hidden]\ns = x\nrepeat k in 1..n {\n"
    "  g = U[k] @ s\n  s = tanh(g)\n}\nh = s\noutput h\n";

TEST(Variant, ALineInARepeatIsReplacedThere) {
  EXPECT_EQ(printed(merged("param b : [1]\nv = s + b\ng = U[k] @ v\n", repeated)),
            "hyper n = 2\nparameter U in [1 n] : [hidden hidden]\nassign s = x\nparameter b : [1]\n"
            "repeat k in [1 n] { assign v = (+ s b); assign g = (@ (at U k) v); "
            "assign s = (tanh g); }\nassign h = s\noutput h\n");
}

TEST(Variant, ARepeatReplacesTheOneThatSetsTheSameNames) {
  EXPECT_EQ(printed(merged("repeat j in 1..3 {\n s = tanh(s)\n}\n", repeated)),
            "hyper n = 2\nassign s = x\nrepeat j in [1 3] { assign s = (tanh s); }\n"
            "assign h = s\noutput h\n");
  EXPECT_EQ(message_of("repeat j in 1..3 {\n s = tanh(s)\n}\ng = x\n", repeated),
            "v.cell:5:1: 'g' stands in the repeat that this file replaces: set it in those braces\n"
            "  g = x\n  ^");
}

TEST(Variant, TheHeadOfTheBaseStaysWhereNothingReplacesIt) {
  const CellSyntax cell = merged("group simple\nref \"Mine\"\nc = x\n");
  EXPECT_EQ(cell.name, "v");
  EXPECT_EQ(cell.base, "");
  EXPECT_EQ(cell.title, "A gate");
  EXPECT_EQ(cell.reference, "Mine");
  EXPECT_EQ(cell.group, "simple");
  EXPECT_EQ(cell.conventions, "one bias");
}

TEST(Variant, AVariantOfAVariant) {
  const CellSyntax first = merged("f = 0.5\n");
  const CellSyntax second = parse_cell("cell w extends v\nc = x\n", "w.cell");
  EXPECT_EQ(printed(merge_variant(second, first)),
            "hyper rank = 2\nassign f = 0.5\nassign c = x\nstate h : [hidden]\n"
            "assign h = (+ (* f (delay h 1)) (* (- 1 f) c))\noutput h\n");
}

TEST(Variant, ErrorsNameTheFileOfTheirLine) {
  EXPECT_EQ(message_of("c = x\nc = f\n"),
            "v.cell:3:1: 'c' is set twice, first in line 2: a name is set once, choose another\n"
            "  c = f\n  ^");
  EXPECT_EQ(
      message_of("repeat f in 1..2 {\n  u = x\n}\n"),
      "v.cell:2:8: 'f' is set twice, first in gated.cell:8: a name is set once, choose another\n"
      "  repeat f in 1..2 {\n         ^");
  EXPECT_EQ(message_of("c = tnah(x)\n"),
            "v.cell:2:5: no function 'tnah'; did you mean 'tanh'?\n  c = tnah(x)\n      ^~~~");
  const std::string base = "cell gated\ndef g(a) = a\nh = g(x)\noutput h\n";
  EXPECT_EQ(message_of("g = x\n", base),
            "gated.cell:3:5: no function 'g': for a product write g @ (..) or g * (..)\n"
            "  h = g(x)\n      ^");
}

}  // namespace
}  // namespace carousel
