// Cells that extend and use other cells, in a registry.

#include <gmock/gmock.h>

#include "build_fixtures.hpp"
#include "catalogue.hpp"

namespace carousel {
namespace {

const char* const leaky =
    "cell leaky \"A leaky unit\"\nref \"A paper\"\ngroup gru\nconventions \"one bias\"\n"
    "hyper rate = 0.5\nparam W : [hidden, input]\nparam b : [hidden]\n"
    "c = tanh(W @ x + b)\nh = (1 - rate) * h[t-1] + rate * c\noutput h\n";

const char* const without_bias = "cell without_bias extends leaky \"No bias\"\nc = tanh(W @ x)\n";

std::string message_of(const CellRegistry& registry, const std::string& cell) {
  try {
    registry.find(cell).build({1, 1});
  } catch (const LanguageError& error) {
    const std::string what = error.what();
    return what.substr(0, what.find('\n'));
  }
  return "no error";
}

TEST(TextCells, TakeFilesInAnyOrder) {
  for (const bool base_first : {true, false}) {
    CellRegistry registry;
    registry.add(catalogue().find("lstm"));
    if (base_first) registry.add_text(leaky, "leaky.cell");
    registry.add_text(without_bias, "without_bias.cell");
    if (!base_first) registry.add_text(leaky, "leaky.cell");
    const Cell& variant = registry.find("without_bias");
    EXPECT_EQ(variant.title, "No bias");
    EXPECT_EQ(variant.reference, "A paper");
    EXPECT_EQ(variant.group, "gru");
    EXPECT_EQ(variant.conventions, "one bias");
    ASSERT_EQ(variant.hypers.size(), 1u);
    EXPECT_EQ(variant.hypers[0].name, "rate");
    EXPECT_EQ(variant.hypers[0].value, HyperValue(0.5));
    EXPECT_TRUE(variant.warnings.empty());
    const StepProgram program = variant.build({1, 1, {{"rate", 0.25}}});
    EXPECT_EQ(program.name, "without_bias");
    ASSERT_EQ(program.parameters.size(), 1u);
    OneStep step(program, {{"W", {2}}, {"x", {3}}, {"h[t-1]", {8}}});
    expect_near(step.output(), {6 + 0.25 * std::tanh(6)});
    EXPECT_EQ(registry.find("leaky").build({1, 1}).parameters.size(), 2u);
  }
}

TEST(TextCells, SayWhatIsMissingOrGoesInACircle) {
  CellRegistry registry;
  registry.add_text("cell a extends b\nh = x\n", "a.cell");
  EXPECT_EQ(message_of(registry, "a"),
            "a.cell:1:16: there is no cell file of 'b'; did you mean 'a'?");
  registry.add_text("cell b extends a\nh = x\n", "b.cell");
  EXPECT_THAT(message_of(registry, "a"), testing::HasSubstr("extends itself"));
  registry.add_text("cell p\nuse q as u\nh = u(x)\noutput h\n", "p.cell");
  EXPECT_THAT(message_of(registry, "p"),
              testing::HasSubstr("p.cell:2:1: there is no cell file of 'q'"));
  registry.add_text("cell q\nuse p as u\nh = u(x)\noutput h\n", "q.cell");
  EXPECT_THAT(message_of(registry, "p"), testing::HasSubstr("p uses itself"));
  EXPECT_THROW(registry.add_text("cell p\nh = x\noutput h\n", "p2.cell"), InputError);
  EXPECT_THROW(registry.add_text("cell", "wrong.cell"), LanguageError);
}

TEST(TextCells, WarnOfWhatNothingReads) {
  CellRegistry registry;
  registry.add_text(leaky, "leaky.cell");
  registry.add_text(
      "cell t\nhyper n = 1\nparam W, V : [hidden, input]\nstate h : [hidden]\ninitial h = 1\n"
      "use leaky as u\nh = W @ x\noutput h\n",
      "t.cell");
  const auto& warnings = registry.find("t").warnings;
  ASSERT_EQ(warnings.size(), 5u);
  EXPECT_EQ(warnings[1],
            "t.cell:3:10: warning: nothing reads the parameter V\n"
            "  param W, V : [hidden, input]\n"
            "           ^");
  EXPECT_THAT(warnings[0], testing::HasSubstr("nothing reads the hyper n"));
  EXPECT_THAT(warnings[2], testing::HasSubstr("nothing reads the state h"));
  EXPECT_THAT(warnings[4], testing::HasSubstr("nothing calls the cell u"));
}

// Two calls in a step, the second from the states of the first: the step of the cell itself, twice.
TEST(TextCells, AFurtherCallSharesTheParameters) {
  CellRegistry registry;
  registry.add_text(leaky, "leaky.cell");
  registry.add_text(
      "cell twice\nuse leaky as f\na = f(x)\nb = f(2 * x, h = a)\nh = b + f.c\noutput h\n",
      "twice.cell");
  const StepProgram program = registry.find("twice").build({2, 1});
  EXPECT_EQ(program.parameters.size(), 2u);
  OneStep step(program,
               {{"x", {0.5, -2}}, {"f.W", {0.3, 0.1}}, {"f.b", {0.2}}, {"f.h[t-1]", {0.7}}});
  const double first = 0.5 * 0.7 + 0.5 * std::tanh(0.15 - 0.2 + 0.2);
  const double candidate = std::tanh(0.3 - 0.4 + 0.2);
  expect_near(step.output(), {0.5 * first + 0.5 * candidate + candidate});
  expect_near(step.value("f.2.c"), {candidate});
}

TEST(TextCells, FamiliesOfCells) {
  CellRegistry registry;
  registry.add_text(leaky, "leaky.cell");
  registry.add_text(
      "cell many\nuse leaky as f[k in 1..2] (hidden = k)\nparam s[k in 1..2] : [k] init ones\n"
      "repeat k in 1..2 {\n u = sum(f[k](x) * s[k])\n}\nh = u.1 + u.2 + sum(f.c[2]) + f.1.c + 0 * "
      "x[0]\n"
      "output h\n",
      "many.cell");
  const StepProgram program = registry.find("many").build({2, 1});
  std::map<std::string, std::string> shapes;
  for (const auto& p : program.parameters) shapes[p.name] = p.shape.to_string();
  EXPECT_EQ(shapes, (std::map<std::string, std::string>{{"f.1.W", "[1, 2]"},
                                                        {"f.1.b", "[1]"},
                                                        {"f.2.W", "[2, 2]"},
                                                        {"f.2.b", "[2]"},
                                                        {"s.1", "[1]"},
                                                        {"s.2", "[2]"}}));
  OneStep step(program, {{"x", {0.5, -2}},
                         {"f.1.W", {1, 0}},
                         {"f.2.W", {0, 1, 1, 1}},
                         {"s.1", {1}},
                         {"s.2", {1, 1}}});
  const double c1 = std::tanh(0.5), c2 = std::tanh(-2.0) + std::tanh(-1.5);
  expect_near(step.output(), {0.5 * c1 + 0.5 * c2 + c2 + c1});
  const auto says = [&](const std::string& lines) {
    CellRegistry other;
    other.add_text(leaky, "leaky.cell");
    other.add_text("cell t\nuse leaky as f[1..2]\nuse leaky as g\n" + lines + "\nh = x\noutput h\n",
                   "t.cell");
    return message_of(other, "t");
  };
  EXPECT_THAT(says("a = f(x)"), testing::HasSubstr("f is a family of cells: call f[1](..)"));
  EXPECT_THAT(says("a = f[3](x)"), testing::HasSubstr("f[3]: f goes from 1 to 2"));
  EXPECT_THAT(says("a = g[1](x)"), testing::HasSubstr("g is no family of cells"));
}

TEST(TextCells, WarnOfValuesThatNothingReads) {
  CellRegistry registry;
  registry.add_text(leaky, "leaky.cell");
  registry.add_text("cell v extends leaky\ncc = 2 * x\n", "v.cell");
  ASSERT_EQ(registry.find("v").warnings.size(), 1u);
  EXPECT_EQ(registry.find("v").warnings[0],
            "v.cell:2:1: warning: nothing reads the value cc: it changes nothing\n"
            "  cc = 2 * x\n"
            "  ^~");
  // Read by an earlier step, by a round's name, or as the output, a value is read.
  registry.add_text(
      "cell w\nstate m : [input]\nm = x\nrepeat k in 1..2 {\n u = x * k\n}\nh = m[t-1] + u.2\n"
      "output h\n",
      "w.cell");
  EXPECT_TRUE(registry.find("w").warnings.empty());
}

TEST(TextCells, UseOtherCells) {
  CellRegistry registry;
  registry.add_text(
      "cell outer\nuse leaky as slow (hidden = 1, rate = 0.1)\nuse leaky as fast\n"
      "y = slow(concat(x, slow.h[t-1]))\n"
      "f = fast(x, h = 2 * h[t-1])\n"
      "h = f + y + slow.c + slow.W[0, 0]\noutput h\n",
      "outer.cell");
  registry.add_text(leaky, "leaky.cell");
  const StepProgram program = registry.find("outer").build({1, 2});
  std::map<std::string, std::string> shapes;
  for (const auto& p : program.parameters) shapes[p.name] = p.shape.to_string();
  EXPECT_EQ(shapes,
            (std::map<std::string, std::string>{
                {"slow.W", "[1, 2]"}, {"slow.b", "[1]"}, {"fast.W", "[2, 1]"}, {"fast.b", "[2]"}}));
  ASSERT_EQ(program.states.size(), 2u);
  EXPECT_EQ(program.states[0].name, "slow.h");
  EXPECT_EQ(program.states[1].name, "h");
  OneStep step(program, {{"slow.W", {1, 2}},
                         {"slow.b", {3}},
                         {"fast.W", {4, 5}},
                         {"fast.b", {6, 7}},
                         {"x", {0.1}},
                         {"slow.h[t-1]", {-0.5}},
                         {"h[t-1]", {1, 2}}});
  const double slow_c = std::tanh(0.1 - 1 + 3), slow_h = 0.9 * -0.5 + 0.1 * slow_c;
  const auto h = [&](double fast_c, double before) {
    return 0.5 * 2 * before + 0.5 * fast_c + slow_h + slow_c + 1;
  };
  expect_near(step.value("fast.h"), {1 + 0.5 * std::tanh(6.4), 2 + 0.5 * std::tanh(7.5)});
  expect_near(step.output(), {h(std::tanh(6.4), 1), h(std::tanh(7.5), 2)});
  expect_near(step.next("slow.h"), {slow_h});
}

TEST(TextCells, SayWhatIsWrongWithAUse) {
  const auto says = [](const std::string& lines) {
    CellRegistry registry;
    registry.add_text(leaky, "leaky.cell");
    registry.add_text("cell t\n" + lines + "\noutput y\n", "t.cell");
    return message_of(registry, "t").substr(std::string("t.cell:").size());
  };
  EXPECT_EQ(says("use leaky as f (rat = 1)\ny = f(x)"),
            "2:23: leaky has no hyper 'rat'; did you mean 'rate'?");
  EXPECT_EQ(
      says("use leaky as f\na = f(x)\ny = f(a)"),
      "4:5: f is called a second time: a further call shares the parameters, and is given its "
      "states, f(x, h = ..); for parameters of its own add a line use leaky as NAME");
  EXPECT_EQ(says("use leaky as f\ny = f(x, q = x)"),
            "3:14: leaky has no state 'q'; did you mean 'c'?");
  EXPECT_EQ(says("use leaky as f\ny = f(x, c = x)"), "3:5: leaky has no state 'c'");
  EXPECT_EQ(says("use leaky as f\na = f.c\ny = f(x)"),
            "3:5: f.c is read before it is computed: did you mean f.c[t-1]?");
  EXPECT_EQ(says("use leaky as f (input = 2)\ny = f(x)"),
            "3:7: x is [1], the input of leaky is [2]");
  EXPECT_EQ(says("use leaky as f\ny = f(x) + f.q"),
            "3:12: there is no value 'q'; did you mean 'x'?");
  EXPECT_EQ(says("use leaky as f\nz = f(x)\ny = z + f.c[t-1]"),
            "4:9: f.c is no state: its cell does not read it at t-1");
}

}  // namespace
}  // namespace carousel
