#include "train/batch_scan.hpp"

#include <algorithm>

#include "layer/masks.hpp"
#include "tape/vector_jacobian.hpp"
#include "train/parallel.hpp"
#include "train/shard_values.hpp"

namespace carousel {
namespace {

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

// Sequences of a batch in values [batch, ..], where they lie side by side.
template <class T>
Tensor<T> cut_state(const Tensor<T>& all, const Shape& shape, Index batch,
                    const ShardRange& range) {
  if (!all.defined() || batch == range.count) return all;
  const Index width = all.numel() / batch;
  const T* first = all.data() + range.first * width;
  return Tensor<T>::from(with_batch(shape, range.count), {first, first + range.count * width});
}

template <class T>
void paste_state(const Tensor<T>& part, const ShardRange& range, Tensor<T>& all) {
  std::ranges::copy(part.values(), all.data() + range.first * (part.numel() / range.count));
}

template <class T>
void expect_shape(const StepProgram& program, const std::string& what, const Tensor<T>& got,
                  const Shape& expected) {
  if (got.shape() == expected) return;
  fail_input("cell {}: {} has shape {}, expected {}", program.name, what, got.shape().to_string(),
             expected.to_string());
}

Shape over_time(Index steps, const Shape& step, Index batch) {
  Shape shape{steps, batch};
  for (const Index size : without_batch(step)) shape.push_back(size);
  return shape;
}

template <class T>
Index check(const StepProgram& program, const BatchArguments<T>& given) {
  if (given.inputs.empty() || given.inputs[0].shape().rank() != 3) {
    fail_input("cell {}: x has shape {}, expected [steps, batch, input]", program.name,
               given.inputs.empty() ? "none" : given.inputs[0].shape().to_string());
  }
  const Index steps = given.inputs[0].shape()[0], batch = given.inputs[0].shape()[1];
  if (steps < 1 || batch < 1) {
    fail_input("cell {}: x has shape {}, expected at least one step of one sequence", program.name,
               given.inputs[0].shape().to_string());
  }
  const auto expect_number = [&](const char* what, std::size_t got, std::size_t expected) {
    if (got == expected) return;
    fail_input("cell {}: got {} {}, expected {}", program.name, got, what, expected);
  };
  expect_number("parameters", given.parameters.size(), program.parameters.size());
  for (std::size_t k = 0; k < given.parameters.size(); ++k) {
    const ProgramParameter& p = program.parameters[k];
    expect_shape(program, "parameter " + p.name, given.parameters[k], p.shape);
  }
  if (given.inputs.size() > program.inputs.size()) {
    expect_number("inputs", given.inputs.size(), program.inputs.size());
  }
  for (std::size_t k = 0; k < given.inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[index(program.inputs[k])];
    const Shape expected = over_time(steps, node.shape, batch);
    if (given.inputs[k].defined()) expect_shape(program, node.name, given.inputs[k], expected);
  }
  if (!given.states.empty()) {
    expect_number("states", given.states.size(), program.states.size());
  }
  for (std::size_t k = 0; k < given.states.size(); ++k) {
    const ProgramState& state = program.states[k];
    expect_shape(program, "state " + state.name, given.states[k], with_batch(state.shape, batch));
  }
  const std::size_t lengths = given.options.lengths.size();
  if (lengths > 0) expect_number("lengths", lengths, index(batch));
  return batch;
}

// An input that the caller does not give.
template <class T>
Tensor<T> default_input(const StepProgram& program, const ProgramNode& node, Index steps,
                        Index batch, const std::vector<Index>& lengths) {
  const Shape shape{steps, batch, node.shape.back()};
  if (node.supply && node.supply->kind == Supply::Kind::length) {
    return lengths_at_steps<T>(shape, lengths);
  }
  if (node.otherwise) return Tensor<T>::full(shape, static_cast<T>(*node.otherwise));
  fail_input("cell {}: there is no input '{}', and the cell gives no default", program.name,
             node.name);
}

// Values of the scan that a loss reads, with what multiplies them.
template <class T>
struct Judged {
  std::vector<Var> values;
  std::vector<Tensor<T>> cotangents;
};

// The sequences of a shard on a tape of their own.
template <class T>
class ShardRun {
 public:
  // shared: the parameters, of all shards.
  ShardRun(const Scan& scan, const BatchArguments<T>& arguments, const ShardRange& range,
           bool has_way_back, std::shared_ptr<const SharedValues<T>> shared)
      : program_(scan.program()), batch_(arguments.inputs[0].shape()[1]), range_(range) {
    const auto put = [&](const Tensor<T>& value, bool wanted) {
      return wanted && has_way_back ? tape_.leaf(value) : tape_.constant(value);
    };
    tape_.share(std::move(shared));
    ScanOptions options = arguments.options;
    if (!options.lengths.empty()) {
      const auto first = options.lengths.begin() + range.first;
      options.lengths = {first, first + range.count};
    }
    for (const Tensor<T>& value : arguments.parameters) parameters_.push_back(put(value, true));
    std::vector<Var> inputs;
    for (std::size_t k = 0; k < program_.inputs.size(); ++k) {
      const bool is_given = k < arguments.inputs.size() && arguments.inputs[k].defined();
      if (is_given) {
        inputs.push_back(put(sequences_of(arguments.inputs[k], range), arguments.input_gradients));
        inputs_.push_back(inputs.back());
      } else {
        inputs.push_back(tape_.constant(
            default_input<T>(program_, program_.nodes[index(program_.inputs[k])],
                             arguments.inputs[0].shape()[0], range.count, options.lengths)));
      }
    }
    for (std::size_t k = 0; k < arguments.states.size(); ++k) {
      const Shape& shape = program_.states[k].shape;
      states_.push_back(put(cut_state(arguments.states[k], shape, batch_, range), true));
    }
    const std::vector<Var> start =
        states_.empty() ? initial_states(program_, tape_, parameters_, range.count) : states_;
    result_ = scan.run(tape_, parameters_, inputs, start, options);
    wants_inputs_ = arguments.input_gradients;
  }

  Tape<T>& tape() { return tape_; }
  const ShardRange& range() const { return range_; }
  const ScanResult& result() const { return result_; }

  // What the cotangents of the whole batch judge here.
  Judged<T> judged(const BatchCotangents<T>& cotangents) const {
    Judged<T> all;
    const auto add = [&](Var value, Tensor<T> cotangent) {
      if (!cotangent.defined()) return;
      all.values.push_back(value);
      all.cotangents.push_back(std::move(cotangent));
    };
    add(result_.outputs, sequences_of(cotangents.outputs, range_));
    for (std::size_t k = 0; k < cotangents.states.size(); ++k) {
      add(result_.final_states[k],
          cut_state(cotangents.states[k], program_.states[k].shape, batch_, range_));
    }
    return all;
  }

  // By what gradients are taken: parameters, inputs that were given, states that were given.
  std::vector<Var> targets() const {
    std::vector<Var> all = parameters_;
    if (wants_inputs_) all.insert(all.end(), inputs_.begin(), inputs_.end());
    all.insert(all.end(), states_.begin(), states_.end());
    return all;
  }

  // The directions of targets(); an empty handle where there is none.
  std::vector<Tensor<T>> cut_like_targets(const BatchGradients<T>& whole) const {
    const auto at = [](const std::vector<Tensor<T>>& list, std::size_t k) {
      return k < list.size() ? list[k] : Tensor<T>();
    };
    std::vector<Tensor<T>> all;
    for (std::size_t k = 0; k < parameters_.size(); ++k) all.push_back(at(whole.parameters, k));
    for (std::size_t k = 0; wants_inputs_ && k < inputs_.size(); ++k) {
      all.push_back(sequences_of(at(whole.inputs, k), range_));
    }
    for (std::size_t k = 0; k < states_.size(); ++k) {
      all.push_back(cut_state(at(whole.states, k), program_.states[k].shape, batch_, range_));
    }
    return all;
  }

 private:
  const StepProgram& program_;
  Index batch_;
  ShardRange range_;
  Tape<T> tape_;
  std::vector<Var> parameters_, inputs_, states_;  // those that were given
  bool wants_inputs_ = true;
  ScanResult result_;
};

template <class T>
std::shared_ptr<const SharedValues<T>> shared_parameters(const BatchArguments<T>& arguments) {
  const auto shared = std::make_shared<SharedValues<T>>();
  shared->set(arguments.parameters);
  return shared;
}

// Values [steps, batch, ..] of the shards, side by side.
template <class T, class F>
Tensor<T> side_by_side(const std::vector<ShardRange>& ranges, Index batch, F&& value_of) {
  Tensor<T> first = value_of(std::size_t{0});
  if (ranges.size() == 1) return first;
  Shape shape = first.shape();
  shape[1] = batch;
  auto whole = Tensor<T>::uninitialised(shape);
  for (std::size_t s = 0; s < ranges.size(); ++s) put_sequences<T>(value_of(s), ranges[s], whole);
  return whole;
}

// The same of states.
template <class T, class F>
Tensor<T> states_side_by_side(const std::vector<ShardRange>& ranges, const Shape& shape,
                              F&& value_of) {
  if (ranges.size() == 1) return value_of(std::size_t{0});
  auto whole = Tensor<T>::uninitialised(shape);
  for (std::size_t s = 0; s < ranges.size(); ++s) paste_state<T>(value_of(s), ranges[s], whole);
  return whole;
}

// What the shards gave for their targets, made one: sums, and pieces side by side.
template <class T>
BatchGradients<T> joined(const StepProgram& program, const BatchArguments<T>& arguments,
                         std::vector<std::vector<Tensor<T>>>& shares,
                         const std::vector<ShardRange>& ranges) {
  BatchGradients<T> all;
  const std::size_t parameters = program.parameters.size();
  // The first shard's may share memory with what the caller gave.
  for (std::size_t k = 0; k < parameters && shares.size() > 1; ++k) {
    if (!shares[0][k].unique()) shares[0][k] = shares[0][k].clone();
  }
  sum_shares(shares, parameters, arguments.tasks);
  std::vector<Tensor<T>>& first = shares[0];
  all.parameters.assign(first.begin(), first.begin() + std::ptrdiff_t(parameters));
  std::size_t place = parameters;
  for (const Tensor<T>& input : arguments.inputs) {
    if (!input.defined() || !arguments.input_gradients) {
      all.inputs.emplace_back();
      continue;
    }
    all.inputs.push_back(
        side_by_side<T>(ranges, input.shape()[1], [&](std::size_t s) { return shares[s][place]; }));
    ++place;
  }
  for (std::size_t k = 0; k < arguments.states.size(); ++k, ++place) {
    all.states.push_back(states_side_by_side<T>(ranges, arguments.states[k].shape(),
                                                [&](std::size_t s) { return shares[s][place]; }));
  }
  return all;
}

template <class T>
void check_cotangents(const StepProgram& program, const BatchArguments<T>& arguments,
                      const BatchCotangents<T>& given) {
  const Index steps = arguments.inputs[0].shape()[0], batch = arguments.inputs[0].shape()[1];
  if (given.outputs.defined()) {
    expect_shape(program, "the gradient of the outputs", given.outputs,
                 over_time(steps, program.output_shape(), batch));
  }
  if (given.states.size() > program.states.size()) {
    fail_input("cell {}: got {} gradients of final states, expected {}", program.name,
               given.states.size(), program.states.size());
  }
  for (std::size_t k = 0; k < given.states.size(); ++k) {
    const ProgramState& state = program.states[k];
    if (!given.states[k].defined()) continue;
    expect_shape(program, "the gradient of the final state " + state.name, given.states[k],
                 with_batch(state.shape, batch));
  }
}

}  // namespace

template <class T>
struct BatchScan<T>::Shard : ShardRun<T> {
  using ShardRun<T>::ShardRun;
};

template <class T>
BatchScan<T>::BatchScan(const Scan& scan, BatchArguments<T> arguments, Keep keep)
    : scan_(scan), arguments_(std::move(arguments)) {
  const StepProgram& program = scan_.program();
  const Index batch = check(program, arguments_);
  ranges_ = cut_into_shards(batch, arguments_.shard);
  shards_.resize(ranges_.size());
  const auto shared = shared_parameters(arguments_);
  arguments_.tasks(ranges_.size(), [&](std::size_t s) {
    shards_[s] =
        std::make_unique<Shard>(scan_, arguments_, ranges_[s], keep == Keep::way_back, shared);
  });
  const auto value = [&](std::size_t s, Var var) { return shards_[s]->tape().value(var); };
  if (arguments_.options.outputs) {
    outputs_ = side_by_side<T>(
        ranges_, batch, [&](std::size_t s) { return value(s, shards_[s]->result().outputs); });
  }
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    final_states_.push_back(states_side_by_side<T>(
        ranges_, with_batch(program.states[k].shape, batch),
        [&](std::size_t s) { return value(s, shards_[s]->result().final_states[k]); }));
  }
  for (std::size_t k = 0; k < arguments_.options.probes.size(); ++k) {
    probes_.push_back(side_by_side<T>(
        ranges_, batch, [&](std::size_t s) { return value(s, shards_[s]->result().probes[k]); }));
  }
  if (keep == Keep::values) shards_.clear();
}

template <class T>
BatchScan<T>::~BatchScan() = default;

template <class T>
BatchGradients<T> BatchScan<T>::gradients(const BatchCotangents<T>& cotangents) {
  if (shards_.empty()) fail_input("gradients were asked of a scan that was not kept for them");
  check_cotangents(scan_.program(), arguments_, cotangents);
  std::vector<std::vector<Tensor<T>>> shares(shards_.size());
  arguments_.tasks(shards_.size(), [&](std::size_t s) {
    ShardRun<T>& shard = *shards_[s];
    Judged<T> judged = shard.judged(cotangents);
    shares[s] = vector_jacobian_product<T>(shard.tape(), judged.values,
                                           std::move(judged.cotangents), shard.targets());
  });
  return joined(scan_.program(), arguments_, shares, ranges_);
}

template <class T>
BatchSecond<T> second_gradients(const Scan& scan, const BatchArguments<T>& arguments,
                                const BatchCotangents<T>& cotangents,
                                const BatchGradients<T>& directions) {
  const StepProgram& program = scan.program();
  const Index batch = check(program, arguments);
  check_cotangents(program, arguments, cotangents);
  const std::vector<ShardRange> ranges = cut_into_shards(batch, arguments.shard);
  std::vector<std::vector<Tensor<T>>> shares(ranges.size()), of_cotangents(ranges.size());
  const auto shared = shared_parameters(arguments);
  arguments.tasks(ranges.size(), [&](std::size_t s) {
    ShardRun<T> shard(scan, arguments, ranges[s], true, shared);
    Tape<T>& tape = shard.tape();
    const Judged<T> judged = shard.judged(cotangents);
    std::vector<Var> multipliers;
    Var loss = tape.constant(Tensor<T>::zeros({}));
    for (std::size_t k = 0; k < judged.values.size(); ++k) {
      multipliers.push_back(tape.leaf(judged.cotangents[k]));
      loss = loss + sum(judged.values[k] * multipliers.back());
    }
    std::vector<Var> wrt, along;
    const std::vector<Var> targets = shard.targets();
    const std::vector<Tensor<T>> moves = shard.cut_like_targets(directions);
    for (std::size_t k = 0; k < targets.size(); ++k) {
      if (!moves[k].defined()) continue;
      wrt.push_back(targets[k]);
      along.push_back(tape.constant(moves[k]));
    }
    const Var moved = wrt.empty() ? loss : tape.tangent(loss, wrt, along);
    std::vector<Var> all = targets;
    all.insert(all.end(), multipliers.begin(), multipliers.end());
    if (wrt.empty()) {
      for (const Var var : all) shares[s].push_back(Tensor<T>::zeros(tape.shape_of(var)));
    } else {
      shares[s] = tape.gradients(moved, all);
    }
    of_cotangents[s].assign(shares[s].begin() + std::ptrdiff_t(targets.size()), shares[s].end());
    shares[s].resize(targets.size());
  });
  BatchSecond<T> second;
  second.gradients = joined(program, arguments, shares, ranges);
  std::size_t place = 0;
  if (cotangents.outputs.defined()) {
    second.cotangents.outputs =
        side_by_side<T>(ranges, batch, [&](std::size_t s) { return of_cotangents[s][0]; });
    place = 1;
  }
  for (const Tensor<T>& state : cotangents.states) {
    second.cotangents.states.emplace_back();
    if (!state.defined()) continue;
    second.cotangents.states.back() = states_side_by_side<T>(
        ranges, state.shape(), [&](std::size_t s) { return of_cotangents[s][place]; });
    ++place;
  }
  return second;
}

template class BatchScan<float>;
template class BatchScan<double>;
template BatchSecond<float> second_gradients(const Scan&, const BatchArguments<float>&,
                                             const BatchCotangents<float>&,
                                             const BatchGradients<float>&);
template BatchSecond<double> second_gradients(const Scan&, const BatchArguments<double>&,
                                              const BatchCotangents<double>&,
                                              const BatchGradients<double>&);

}  // namespace carousel
