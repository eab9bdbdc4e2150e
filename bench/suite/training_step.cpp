#include "bench/suite/training_step.hpp"

#include <array>
#include <chrono>

#include "tape/parameters.hpp"

namespace carousel {
namespace {

// A loss whose cotangent of the outputs is given: one pass less than sum(outputs * cotangent),
// which the peers do not make either.
class GivenCotangent : public CustomNode<float> {
 public:
  explicit GivenCotangent(Tensor<float> cotangent) : cotangent_(std::move(cotangent)) {}
  std::vector<Tensor<float>> backward(const Tensor<float>&) override { return {cotangent_}; }
  Var expand(Tape<float>& tape, std::span<const Var> inputs) override {
    return sum(inputs[0] * tape.constant(cotangent_));
  }

 private:
  Tensor<float> cotangent_;
};

// A tensor as a matrix: parameters [rows, ..], all others [.., columns].
peers::Block block_of(const std::string& name, Tensor<float> tensor) {
  const Shape& shape = tensor.shape();
  const bool parameter = name.find('_') != name.npos;
  const Index columns = parameter ? tensor.numel() / shape[0] : shape.back();
  return {name, tensor.numel() / columns, columns, tensor.data(), columns};
}

Tensor<float> filled(const std::string& name, const Shape& shape, Index hidden) {
  const auto tensor = Tensor<float>::uninitialised(shape);
  peers::fill(block_of(name, tensor), hidden);
  return tensor;
}

}  // namespace

TrainingStep::TrainingStep(const Cell& cell, const peers::Sizes& sizes, int threads)
    : scan_(cell.build({sizes.input, sizes.hidden})), sizes_(sizes) {
  if (threads != 1) fail_bug("a training step on {} threads", threads);
  const auto add = [&](const std::string& name, const Shape& shape) {
    names_.push_back(name);
    values_.push_back(filled(name, shape, sizes.hidden));
  };
  const StepProgram& program = scan_.program();
  for (const auto& p : program.parameters) add(p.name, p.shape);
  add("x", {sizes.steps, sizes.batch, sizes.input});
  for (const auto& s : program.states) add(s.name, {sizes.batch, s.shape.back()});
  cotangent_ =
      filled("cotangent", {sizes.steps, sizes.batch, program.output_shape().back()}, sizes.hidden);
}

void TrainingStep::run() {
  gradients_.clear();
  tape_.clear();
  const std::vector<Var> vars = leaves(tape_, values_);
  const std::span<const Var> all = vars;
  const std::size_t parameters = scan_.program().parameters.size();
  const ScanResult result =
      scan_.run(tape_, all.first(parameters), all[parameters], all.subspan(parameters + 1));
  const Var loss = tape_.record(Tensor<float>::zeros({}), std::array{result.outputs},
                                std::make_shared<GivenCotangent>(cotangent_));
  gradients_ = tape_.gradients(loss, vars);
}

std::vector<double> TrainingStep::time(int repeats) {
  std::vector<double> milliseconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start;
    milliseconds.push_back(spent.count());
  }
  return milliseconds;
}

peers::Fingerprint TrainingStep::fingerprint() const {
  peers::Fingerprint print;
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    print.add(block_of(names_[i], gradients_[i]));
  }
  return print;
}

double TrainingStep::operations() const {
  double forward = 0.0;
  for (const ProgramParameter& p : scan_.program().parameters) {
    if (p.shape.rank() == 2) forward += 2.0 * double(sizes_.steps * sizes_.batch * p.shape.numel());
  }
  return 3.0 * forward;
}

}  // namespace carousel
