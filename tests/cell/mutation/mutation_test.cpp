// Mutants of many cells: they print as cell files, and read back to the same program.

#include "cell/mutation/mutation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "catalogue.hpp"
#include "cell/mutation/structure_text.hpp"
#include "cell/mutation/symbolic_cell.hpp"
#include "program/rewrite.hpp"
#include "program/scan.hpp"
#include "program/steps.hpp"
#include "tape/parameters.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

StepProgram symbolic(const std::string& cell) { return symbolic_program(catalogue().find(cell)); }

// Every cell that can be written with symbolic sizes, with a number of mutants each.
void walk(int mutants,
          const std::function<void(const std::string&, const StepProgram&, const Mutant&)>& visit) {
  for (const Cell& cell : catalogue().cells()) {
    StepProgram base;
    try {
      base = symbolic_program(cell);
    } catch (const InputError&) {
      continue;
    }
    for (int k = 0; k < mutants; ++k) {
      Random random(static_cast<std::uint64_t>(k), cell.name);
      if (const auto mutant = mutated(base, random)) visit(cell.name, base, *mutant);
    }
  }
}

bool is_sound(const std::string& text) {
  try {
    static_cast<void>(program_of_text(text, telling_sizes()));
    return true;
  } catch (const InputError&) {  // a constant output
    return false;
  }
}

// What a search keeps of a mutant is its text: printed and read, it is the same program.
TEST(Mutation, PrintsAsACellThatReadsBackToTheSameProgram) {
  int read = 0, refused = 0;
  walk(8, [&](const std::string& name, const StepProgram&, const Mutant& mutant) {
    StepProgram program;
    try {
      program = settled(mutant.program);
    } catch (const InputError&) {
      ++refused;
      return;
    }
    const std::string text = symbolic_text(program, {"mutant", mutant.change});
    for (const char* size : {"840", "1201", "420", "210"}) {
      EXPECT_EQ(text.find(size), std::string::npos) << name << ", " << mutant.change;
    }
    const StepProgram again = program_of_text(text, telling_sizes());
    EXPECT_EQ(first_difference(structure_text(simplified(again)), structure_text(program)), "")
        << name << ", " << mutant.change;
    EXPECT_EQ(again.parameter_count(), mutant.program.parameter_count()) << name;
    ++read;
  });
  EXPECT_GT(read, 800);
  EXPECT_LT(refused, read / 50);  // constant outputs
}

// Outputs of five steps, then the gradients of their weighted sum.
std::vector<double> values_and_gradients(const StepProgram& program) {
  constexpr Index steps = 5, batch = 2;
  std::vector<ParameterSpec> specs;
  for (const ProgramParameter& p : program.parameters) {
    specs.push_back({p.name, p.shape, Initialiser::uniform(0.8)});
  }
  const ParameterSet<double> parameters(specs, 3);  // by their names
  Tape<double> tape;
  const std::vector<Var> values = leaves(tape, parameters.values());
  std::vector<Var> inputs;
  for (const int id : program.inputs) {
    const Shape shape{steps, batch, program.nodes[std::size_t(id)].shape.back()};
    inputs.push_back(
        tape.leaf(initialise<double>(Initialiser::normal(1.0), shape, Random(5, "input"))));
  }
  const Var out =
      scan_on_tape(program, tape, values, inputs, initial_states(program, tape, values, batch))
          .outputs;
  const auto weights =
      tape.constant(initialise<double>(Initialiser::normal(1.0), out.shape(), Random(6, "weight")));
  const Tensor<double> outputs = tape.value(out);
  std::vector<double> all(outputs.values().begin(), outputs.values().end());
  std::vector<Var> wanted = values;
  wanted.push_back(inputs[0]);
  std::map<std::string, std::vector<double>> by_name;
  const auto gradients = tape.gradients(sum(out * weights), wanted);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::string name = k < specs.size() ? specs[k].name : "x";
    by_name[name].assign(gradients[k].values().begin(), gradients[k].values().end());
  }
  for (const auto& [name, gradient] : by_name)
    all.insert(all.end(), gradient.begin(), gradient.end());
  return all;
}

// A mutation reads nodes and no sizes, so the same numbers give the same mutant of a small build;
// the text of the large one makes it too, with the same values and gradients.
TEST(Mutation, OfASmallProgramHasTheValuesAndGradientsOfItsText) {
  const CellSizes small{5, 8, {}};
  int compared = 0;
  for (const char* name : {"lstm", "gru_reset_before", "gru_reset_after", "rnn_tanh", "mgu",
                           "lstm_peephole", "ran", "mut1", "mi_lstm", "scrn"}) {
    const StepProgram base = symbolic(name);
    const StepProgram small_base =
        simplified(program_of_text(symbolic_text(base, {"small", ""}), small));
    for (int k = 0; k < 12; ++k) {
      Random first(static_cast<std::uint64_t>(k), "values"), second = first;
      const auto mutant = mutated(base, first), small_mutant = mutated(small_base, second);
      ASSERT_EQ(mutant.has_value(), small_mutant.has_value()) << name << k;
      if (!mutant) continue;
      EXPECT_EQ(mutant->change, small_mutant->change);
      const std::string text = symbolic_text(mutant->program, {"mutant", ""});
      if (!is_sound(text)) continue;
      const auto got = values_and_gradients(program_of_text(text, small));
      const auto expected = values_and_gradients(small_mutant->program);
      ASSERT_EQ(got.size(), expected.size()) << name << ", " << mutant->change;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double size = 1.0 + std::abs(expected[i]);
        ASSERT_NEAR(got[i], expected[i], 1e-12 * size) << name << ", " << mutant->change << i;
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 90);
}

TEST(Mutation, DependsOnTheNumbersAlone) {
  const StepProgram base = symbolic("lstm");
  std::set<std::string> changes;
  for (std::uint64_t k = 0; k < 200; ++k) {
    Random one(k, "x"), other(k, "x");
    const auto a = mutated(base, one), b = mutated(base, other);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    EXPECT_EQ(structure_text(a->program), structure_text(b->program));
    EXPECT_EQ(a->change, b->change);
    EXPECT_NE(a->change, "");
    changes.insert(a->change);
  }
  EXPECT_GT(changes.size(), 100u);
}

// Each kind of mutation is drawn, and says what it did.
TEST(Mutation, SaysWhatItDid) {
  const StepProgram base = symbolic("gru_reset_before");
  std::set<std::string> said;
  for (std::uint64_t k = 0; k < 6000; ++k) {
    Random random(k, "words");
    if (const auto mutant = mutated(base, random)) said.insert(mutant->change);
  }
  for (const char* change :
       {"z: sigmoid -> tanh", "c: tanh -> identity", "in z: relu of (W_z @ x + U_z @ h[t-1])",
        "h: + -> * between ((1 - z) * h[t-1]) and (z * c)", "in c: * -> + between r and h[t-1]",
        "in c: without U_c @ (r * h[t-1])", "h: + U_1 @ h[t-1]", "in z: + W_1 @ x", "r: + h[t-1]",
        "r: times a gate of x and h[t-1]", "z: 1 minus it", "in h: c -> r", "diagonal_U_c",
        "no_b_z"}) {
    EXPECT_TRUE(said.contains(change)) << change;
  }
}

// The text of a GRU with the mutation of these words.
std::string text_of_gru_with(const std::string& change) {
  const StepProgram base = symbolic("gru_reset_before");
  for (std::uint64_t k = 0; k < 6000; ++k) {
    Random random(k, "words");
    const auto mutant = mutated(base, random);
    if (mutant && mutant->change == change) return symbolic_text(mutant->program, {"m", ""});
  }
  return "was not drawn";
}

TEST(Mutation, IsTheProgramOfItsWords) {
  using testing::AllOf, testing::HasSubstr, testing::Not;
  EXPECT_THAT(text_of_gru_with("z: sigmoid -> tanh"),
              HasSubstr("\nz = tanh(W_z @ x + U_z @ h[t-1] + b_z)\n"));
  EXPECT_THAT(text_of_gru_with("r: times a gate of x and h[t-1]"),
              AllOf(HasSubstr("\nparam W_1 : [hidden, input] init glorot\n"),
                    HasSubstr("\nparam U_1 : [hidden, hidden] init orthogonal(1)\n"),
                    HasSubstr("\nparam b_1 : [hidden] init constant(1)\n"),
                    HasSubstr("\nr = sigmoid(W_1 @ x + U_1 @ h[t-1] + b_1) * "
                              "sigmoid(W_r @ x + U_r @ h[t-1] + b_r)\n")));
  EXPECT_THAT(text_of_gru_with("in c: without U_c @ (r * h[t-1])"),
              AllOf(HasSubstr("\nc = tanh(W_c @ x + b_c)\n"), Not(HasSubstr("U_r"))));
  EXPECT_THAT(text_of_gru_with("in h: c -> r"), HasSubstr("\nh = (1 - z) * h[t-1] + z * r\n"));
}

MutantFault fault_of_text(const std::string& lines, const MutantLimits& limits = {}) {
  const std::string head = "cell m\nparam W, V : [hidden, input]\nparam U, R : [hidden, hidden]\n";
  const StepProgram program = simplified(program_of_text(head + lines, telling_sizes()));
  return fault_of(program, symbolic_text(program, {"m", ""}), symbolic("rnn_tanh"), limits);
}

TEST(MutantFault, TellsWhatIsNoCell) {
  using enum MutantFault;
  EXPECT_EQ(fault_of_text("h = tanh(W @ x + U @ h[t-1])\noutput h\n"), none);
  EXPECT_EQ(fault_of_text("h = tanh(W @ x)\noutput h\n"), malformed) << "no state";
  EXPECT_EQ(fault_of_text("s = tanh(W @ x)\nh = s * s[t-1]\noutput h\n"), malformed)
      << "the state does not go on";
  EXPECT_EQ(fault_of_text("h = tanh(U @ h[t-1] + sum(0 * x))\ninitial h = 1\noutput h\n"),
            malformed)
      << "no input";
  EXPECT_EQ(fault_of_text("h = W @ x + 9 * h[t-1]\noutput h\n"), malformed) << "not finite";
  EXPECT_EQ(fault_of_text("h = tanh(W @ x + V @ x + U @ h[t-1] + R @ h[t-1])\noutput h\n"), none);
  EXPECT_EQ(
      fault_of_text("h = tanh(W @ x + V @ x + U @ h[t-1] + R @ h[t-1])\noutput h\n", {1.5, 100}),
      too_large);
  EXPECT_EQ(fault_of_text("h = tanh(W @ x + U @ h[t-1])\noutput h\n", {2.0, 3}), too_large);
  EXPECT_EQ(fault_of_text("h = sum(x) * sigmoid(h[t-1])\noutput h\n"), malformed) << "too small";
}

}  // namespace
}  // namespace carousel
