#include "train/learning_check.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "layer/linear.hpp"
#include "layer/losses.hpp"
#include "layer/recurrent_stack.hpp"
#include "optim/optimiser.hpp"
#include "train/checked_values.hpp"

namespace carousel {
namespace {

constexpr Index batch = 32, answers = 11;  // steps of a sequence that count

// Signs at random, the last element of several 1, which is the bias of a cell that has none; the
// target is the first element of x `lag` steps before.
struct EchoTask {
  Tensor<float> x, targets, mask;

  EchoTask(Index input, Index lag, std::uint64_t update)
      : x(Tensor<float>::uninitialised({lag + answers, batch, input})),
        targets(Tensor<float>::zeros({lag + answers, batch, 1})),
        mask(Tensor<float>::zeros({lag + answers, batch})) {
    Random random(7, Random::hash("echo", update));
    for (float& v : x.values()) v = random.uniform() < 0.5 ? -1.0f : 1.0f;
    for (Index row = 0; input > 1 && row < mask.numel(); ++row) x.data()[(row + 1) * input - 1] = 1;
    for (Index row = lag * batch; row < mask.numel(); ++row) {
      mask.data()[row] = 1.0f;
      targets.data()[row] = x.data()[(row - lag * batch) * input] > 0.0f ? 1.0f : 0.0f;
    }
  }
};

// The cell below a readout, and how it is trained.
class EchoTraining {
 public:
  EchoTraining(const Cell& cell, const CellSizes& sizes)
      : stack_(cell, {.input = sizes.input, .hidden = sizes.hidden}),
        readout_("readout", stack_.output_size(), 1),
        input_(sizes.input),
        lag_(lag_of(stack_.program(0))) {
    std::vector<ParameterSpec> specs = stack_.parameters();
    specs.insert(specs.end(), readout_.parameters().begin(), readout_.parameters().end());
    parameters_ = ParameterSet<float>(specs, 1);
    OptimiserOptions rule;
    rule.learning_rate = 0.01;
    optimiser_ = std::make_unique<Optimiser<float>>(rule, parameters_);
  }

  Index lag() const { return lag_; }

  // The loss of an update, before it, without that of the cell itself.
  double update() {
    tape_.clear();
    const std::vector<Var> all = leaves(tape_, parameters_.values());
    const auto [loss, with_own] = loss_on(tape_, all);
    const double value = double(tape_.value(loss).item());
    if (!std::isfinite(value)) return value;
    auto gradients = tape_.gradients(with_own, all);
    clip_by_global_norm(gradients, 1.0);
    optimiser_->update(parameters_, gradients);
    ++updates_;
    return value;
  }

  // Which value of the update at hand is not finite.
  std::string explain() {
    Tape<float> checking;
    checking.set_check_finite(true);
    try {
      loss_on(checking, leaves(checking, parameters_.values()));
    } catch (const NonFiniteError& error) {
      return ": " + (error.what() + equation_of_named(stack_.program(0), error.what()));
    }
    return "";
  }

 private:
  struct Losses {
    Var of_task, with_own;
  };

  Losses loss_on(Tape<float>& tape, const std::vector<Var>& all) const {
    const EchoTask task(input_, lag_, updates_);
    const Masks masks({1, static_cast<std::int64_t>(updates_)}, 0);
    std::vector<CellLoss> own;
    const Pass pass = Pass(tape, {parameters_.specs(), all}, &masks).with_losses(own);
    const auto further = further_inputs(tape);
    const StackResult result = stack_.forward(pass, tape.constant(task.x), {{}, {}, further});
    const Var logits = readout_.forward(pass, result.outputs);
    const Var nll = bernoulli_nll(logits, tape.constant(task.targets), tape.constant(task.mask));
    const Var loss = sum(nll);
    return {loss / double(answers * batch), with_cell_losses(loss, own) / double(answers * batch)};
  }

  // Inputs besides x: what they usually are, or numbers at random.
  std::vector<Var> further_inputs(Tape<float>& tape) const {
    const StepProgram& program = stack_.program(0);
    std::vector<Var> all;
    for (std::size_t k = 1; k < program.data_inputs(); ++k) {
      const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
      const Shape shape{lag_ + answers, batch, node.shape.back()};
      all.push_back(tape.constant(
          node.otherwise ? Tensor<float>::full(shape, static_cast<float>(*node.otherwise))
                         : checked_normal<float>(shape, node.name)));
    }
    return all;
  }

  RecurrentStack stack_;
  Linear readout_;
  Index input_, lag_;
  ParameterSet<float> parameters_;
  std::unique_ptr<Optimiser<float>> optimiser_;
  Tape<float> tape_;
  std::uint64_t updates_ = 0;
};

// Norms of the gradient of the last step's output by the x of each step before, nearest first.
std::vector<double> reach(const Scan& scan, Index steps) {
  const StepProgram& program = scan.program();
  const CheckedValues<double> values(program, steps, 1);
  Tape<double> tape;
  const std::vector<Var> all = leaves(tape, values.values());
  const ScanVars vars = values.vars(program, tape, all);
  const ScanResult result =
      scan.run(tape, vars.parameters, vars.inputs, vars.states, {.segments = 0});
  auto weights = checked_normal<double>(result.outputs.shape(), "weights");
  const auto earlier =
      weights.values().first(static_cast<std::size_t>(weights.numel() - weights.numel() / steps));
  std::ranges::fill(earlier, 0.0);
  const Var loss = sum(result.outputs * tape.constant(weights));
  const Tensor<double> gradient = tape.gradients(loss, {&vars.inputs[0], 1})[0];
  const Index size = gradient.numel() / steps;
  std::vector<double> norms;
  for (Index t = steps; t-- > 0;) {
    double squares = 0.0;
    for (Index k = 0; k < size; ++k) squares += std::pow(gradient.data()[t * size + k], 2);
    norms.push_back(std::sqrt(squares));
  }
  return norms;
}

std::string steps_before(Index lag) {
  return lag == 1 ? "a step before" : fmt::format("{} steps before", lag);
}

}  // namespace

Index lag_of(const StepProgram& program) {
  const Scan scan(program);
  std::vector<double> norms;
  for (const Index steps : {8, 40, 300}) {  // a delay is at most 256 steps
    norms = reach(scan, steps);
    const double enough = 1e-6 * std::ranges::max(norms);
    const auto nearest = std::find_if(norms.begin() + 1, norms.end(),
                                      [&](double norm) { return norm > 0.0 && norm >= enough; });
    if (nearest != norms.end()) return nearest - norms.begin();
  }
  const auto largest = std::max_element(norms.begin() + 1, norms.end());
  return *largest > 0.0 ? largest - norms.begin() : 1;
}

CheckStep check_learning(const Cell& cell, const CellSizes& sizes, double seconds,
                         const std::function<void(const std::string&)>& progress) {
  using Clock = std::chrono::steady_clock;
  EchoTraining training(cell, sizes);
  const auto begin = Clock::now();
  double first = 0.0, mean = 0.0, passed = 0.0;
  std::int64_t updates = 0;
  do {
    const double loss = training.update();
    if (!std::isfinite(loss)) {
      return {"learns", false,
              fmt::format("the loss is {} after {} updates{}", loss, updates, training.explain())};
    }
    first = updates == 0 ? loss : first;
    mean = updates == 0 ? loss : 0.9 * mean + 0.1 * loss;
    ++updates;
    passed = std::chrono::duration<double>(Clock::now() - begin).count();
    progress(fmt::format("loss {:.3f} after {} updates, {:.0f} of {:.0f} s", mean, updates, passed,
                         seconds));
  } while (passed < seconds && mean > 0.05);
  // Below chance by luck of the first values is no learning: there must be a gain too.
  const double limit = 0.99 * std::min(std::log(2.0), first);
  constexpr std::int64_t enough = 20;  // updates, to say that a cell does not learn
  std::string text = fmt::format("loss {:.3f} to {:.3f} (limit {:.3f}) in {} updates: ", first,
                                 mean, limit, updates);
  if (mean < limit) text += fmt::format("the sign of x {}", steps_before(training.lag()));
  else if (updates < enough) text += "too few to say; allow more time (--seconds)";
  else text += fmt::format("it can't say what the sign of x was {}", steps_before(training.lag()));
  return {"learns", mean < limit, text};
}

}  // namespace carousel
