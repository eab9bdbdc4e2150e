#include "bench/suite/training_step.hpp"

#include <array>
#include <chrono>

#include "tape/parameters.hpp"
#include "tape/vector_jacobian.hpp"
#include "train/parallel.hpp"
#include "train/shard_values.hpp"

namespace carousel {
namespace {

// A tensor as a matrix: parameters [rows, ..], all others [.., columns].
peers::Block block_of(const std::string& name, Tensor<float> tensor) {
  const Shape& shape = tensor.shape();
  const bool parameter = name.find('_') != name.npos;
  const Index columns = parameter ? tensor.numel() / shape[0] : shape.back();
  return {name, tensor.numel() / columns, columns, tensor.data(), columns};
}

Tensor<float> filled(const std::string& name, const Shape& shape, Index hidden) {
  auto tensor = Tensor<float>::uninitialised(shape);
  peers::fill(block_of(name, tensor), hidden);
  return tensor;
}

}  // namespace

TrainingStep::TrainingStep(const Cell& cell, const peers::Sizes& sizes, int threads,
                           Rounding rounding)
    : scan_(cell.build({sizes.input, sizes.hidden})),
      sizes_(sizes),
      rounding_(rounding),
      arena_(threads) {
  const auto add = [&](const std::string& name, const Shape& shape) {
    names_.push_back(name);
    values_.push_back(filled(name, shape, sizes.hidden));
  };
  const StepProgram& program = scan_.program();
  for (const auto& p : program.parameters) add(p.name, p.shape);
  parameters_ = values_.size();
  add("x", {sizes.steps, sizes.batch, sizes.input});
  for (const auto& s : program.states) add(s.name, {1, sizes.batch, row_size(s.shape)});
  cotangent_ =
      filled("cotangent", {sizes.steps, sizes.batch, program.output_shape().back()}, sizes.hidden);
  constexpr Index shard = 16;
  std::vector<ShardRange> ranges{{0, sizes.batch}};
  if (threads > 1) ranges = cut_into_shards(sizes.batch, shard);
  for (const ShardRange& range : ranges) shards_.push_back(make_shard(range));
  gradients_.resize(shards_.size());
}

std::unique_ptr<TrainingStep::Shard> TrainingStep::make_shard(const ShardRange& range) const {
  auto shard = std::make_unique<Shard>();
  shard->values.assign(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(parameters_));
  shard->values.push_back(sequences_of(values_[parameters_], range));
  for (std::size_t k = parameters_ + 1; k < values_.size(); ++k) {
    const Shape& shape = scan_.program().states[k - parameters_ - 1].shape;
    shard->values.push_back(
        sequences_of(values_[k], range).reshaped(with_batch(shape, range.count)));
  }
  shard->cotangent = sequences_of(cotangent_, range);
  return shard;
}

void TrainingStep::run(Shard& shard, std::vector<Tensor<float>>& gradients) const {
  gradients.clear();
  shard.tape.clear();
  shard.tape.share(shared_);
  const std::vector<Var> vars = leaves(shard.tape, shard.values);
  const std::span<const Var> all = vars;
  const ScanResult result =
      scan_.run(shard.tape, all.first(parameters_), all.subspan(parameters_, 1),
                all.subspan(parameters_ + 1), {.rounding = rounding_});
  gradients =
      vector_jacobian_product(shard.tape, std::array{result.outputs}, {shard.cotangent}, vars);
}

void TrainingStep::run() {
  shared_->set({values_.begin(), values_.begin() + std::ptrdiff_t(parameters_)});
  if (shards_.size() == 1) return run(*shards_[0], gradients_[0]);
  arena_.execute([&] {
    for_each_task(shards_.size(), [&](std::size_t s) { run(*shards_[s], gradients_[s]); });
    sum_shares(gradients_, parameters_);
  });
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

// Of x or a state: the shards' gradients side by side.
Tensor<float> TrainingStep::whole_gradient(std::size_t value) const {
  if (value < parameters_) return gradients_[0][value];
  auto whole = Tensor<float>::uninitialised(values_[value].shape());
  const Index steps = whole.shape()[0], width = whole.shape()[2];
  Index first = 0;
  for (const auto& gradients : gradients_) {
    const Tensor<float>& part = gradients[value];
    const Index count = part.numel() / steps / width;
    put_sequences(part, {first, count}, whole);
    first += count;
  }
  return whole;
}

peers::Fingerprint TrainingStep::fingerprint() const {
  peers::Fingerprint print;
  for (std::size_t i = 0; i < names_.size(); ++i) print.add(block_of(names_[i], whole_gradient(i)));
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
