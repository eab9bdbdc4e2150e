#include "program/scan.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <type_traits>

namespace carousel {
namespace {

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

// Compiled scans that wait for their next use, with their memory.
template <class T>
class Pool {
 public:
  std::unique_ptr<CompiledScan<T>> take(const ScanPlan& plan) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<CompiledScan<T>>(plan);
    auto scan = std::move(free_.back());
    free_.pop_back();
    return scan;
  }
  void give_back(std::unique_ptr<CompiledScan<T>> scan) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scan));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<CompiledScan<T>>> free_;
};

struct Compiled {
  ScanPlan plan;
  Pool<float> floats;
  Pool<double> doubles;

  template <class T>
  Pool<T>& pool() {
    if constexpr (std::is_same_v<T, float>) return floats;
    else return doubles;
  }
};

// How the rows of padded sequences [steps, batch, width] lie when packed.
struct Packing {
  Index steps = 0, batch = 0;
  bool reverse = false;
  std::vector<int> order;      // sequence at each place of the packed batch
  std::vector<Index> lengths;  // in that order
  bool same_rows = false;      // packed and padded are the same memory

  Packing(Index all_steps, Index all, const ScanOptions& options)
      : steps(all_steps), batch(all), reverse(options.reverse), order(index(all)) {
    std::iota(order.begin(), order.end(), 0);
    const auto length = [&](int b) {
      return options.lengths.empty() ? steps : options.lengths[std::size_t(b)];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return length(a) > length(b); });
    for (const int b : order) lengths.push_back(length(b));
    same_rows = !reverse && lengths.back() == steps;
  }

  // Calls f(packed row, padded row) for each step of each sequence.
  template <class F>
  void for_each_row(F&& f) const {
    Index packed = 0;
    for (Index t = 0; t < lengths.front(); ++t) {
      for (Index b = 0; b < batch && t < lengths[index(b)]; ++b) {
        const Index at = reverse ? lengths[index(b)] - 1 - t : t;
        f(packed++, at * batch + order[index(b)]);
      }
    }
  }

  template <class T>
  Tensor<T> pack(const Tensor<T>& padded) const {
    const Index width = padded.shape().back();
    const Index rows = std::accumulate(lengths.begin(), lengths.end(), Index{0});
    if (same_rows) return padded.reshaped({rows, width});
    Tensor<T> packed = Tensor<T>::uninitialised({rows, width});
    for_each_row([&](Index to, Index from) {
      std::copy_n(padded.data() + from * width, width, packed.data() + to * width);
    });
    return packed;
  }

  template <class T>
  Tensor<T> unpack(const Tensor<T>& packed) const {
    const Index width = packed.shape().back();
    if (same_rows) return packed.reshaped({steps, batch, width});
    Tensor<T> padded = Tensor<T>::zeros({steps, batch, width});
    for_each_row([&](Index from, Index to) {
      std::copy_n(packed.data() + from * width, width, padded.data() + to * width);
    });
    return padded;
  }

  // States [batch, width] in the packed order, and back.
  template <class T>
  Tensor<T> sort(const Tensor<T>& state, bool back) const {
    const Index width = state.shape().back();
    Tensor<T> out = Tensor<T>::uninitialised(state.shape());
    for (Index b = 0; b < batch; ++b) {
      const Index from = back ? b : order[index(b)];
      const Index to = back ? order[index(b)] : b;
      std::copy_n(state.data() + from * width, width, out.data() + to * width);
    }
    return out;
  }
};

// One run of a scan, for its way back.
template <class T>
struct Run {
  std::shared_ptr<Compiled> compiled;
  std::unique_ptr<CompiledScan<T>> scan;
  Packing packing;
  ScanOptions options;
  Tensor<T> packed_x;                       // read again on the way back
  std::vector<Tensor<T>> state_cotangents;  // of the final states, in the caller's order
  std::size_t parameter_count = 0;

  ~Run() { compiled->template pool<T>().give_back(std::move(scan)); }

  // The run op by op: outputs, then final states.
  std::vector<Var> expand(Tape<T>& tape, std::span<const Var> inputs) const {
    const ScanResult result =
        scan_on_tape(compiled->plan.forward, tape, inputs.first(parameter_count),
                     inputs[parameter_count], inputs.subspan(parameter_count + 1), options);
    std::vector<Var> all{result.outputs};
    all.insert(all.end(), result.final_states.begin(), result.final_states.end());
    return all;
  }
};

// Inputs: parameters, x, states.
template <class T>
class OutputsNode final : public CustomNode<T> {
 public:
  explicit OutputsNode(std::shared_ptr<Run<T>> run) : run_(std::move(run)) {}

  std::vector<Tensor<T>> backward(const Tensor<T>& gradient) override {
    Run<T>& run = *run_;
    std::vector<Tensor<T>> states;
    for (std::size_t k = 0; k < run.state_cotangents.size(); ++k) {
      Tensor<T>& given = run.state_cotangents[k];
      const Index width = run.compiled->plan.forward.states[k].shape.back();
      states.push_back(given.defined() ? run.packing.sort(given, false)
                                       : Tensor<T>::zeros({run.packing.batch, width}));
      given = {};
    }
    run.scan->backward(run.packing.pack(gradient), states);
    std::vector<Tensor<T>> all = run.scan->parameter_gradients();
    const Tensor<T> x = run.scan->input_gradients()[0];
    all.push_back(x.defined() ? run.packing.unpack(x) : Tensor<T>());
    for (const auto& state : run.scan->state_gradients()) {
      all.push_back(run.packing.sort(state, true));
    }
    return all;
  }

  Var expand(Tape<T>& tape, std::span<const Var> inputs) override {
    return run_->expand(tape, inputs)[0];
  }

 private:
  std::shared_ptr<Run<T>> run_;
};

// Inputs: the outputs' node, then its inputs. On the way back it comes before that node, leaves its
// cotangent there, and makes sure that the node is visited.
template <class T>
class FinalStateNode final : public CustomNode<T> {
 public:
  FinalStateNode(std::shared_ptr<Run<T>> run, std::size_t state, Shape outputs)
      : run_(std::move(run)), state_(state), outputs_(outputs) {}

  std::vector<Tensor<T>> backward(const Tensor<T>& gradient) override {
    run_->state_cotangents[state_] = gradient;
    std::vector<Tensor<T>> all(run_->parameter_count + 2 + run_->state_cotangents.size());
    all[0] = Tensor<T>::zeros(outputs_);
    return all;
  }

  Var expand(Tape<T>& tape, std::span<const Var> inputs) override {
    return run_->expand(tape, inputs.subspan(1))[1 + state_];
  }

 private:
  std::shared_ptr<Run<T>> run_;
  std::size_t state_;
  Shape outputs_;
};

}  // namespace

struct Scan::Shared {
  StepProgram program;
  std::string why_not_compiled;
  std::shared_ptr<Compiled> with_input_gradients, without_input_gradients;
};

Scan::Scan(StepProgram program) : shared_(std::make_shared<Shared>()) {
  shared_->program = std::move(program);
  try {
    for (auto* compiled : {&shared_->with_input_gradients, &shared_->without_input_gradients}) {
      *compiled = std::make_shared<Compiled>();
      (*compiled)->plan = plan_scan(shared_->program, compiled == &shared_->with_input_gradients);
    }
    if (shared_->program.inputs.size() != 1) {
      shared_->why_not_compiled = "it has several inputs at a step";
    }
  } catch (const InputError& error) {
    shared_->why_not_compiled = error.what();
  }
}

const StepProgram& Scan::program() const { return shared_->program; }
const std::string& Scan::why_not_compiled() const { return shared_->why_not_compiled; }

template <class T>
ScanResult Scan::run(Tape<T>& tape, std::span<const Var> parameters, Var x,
                     std::span<const Var> states, const ScanOptions& options) const {
  const Shape shape = check_scan(shared_->program, x, options);
  const bool empty = !options.lengths.empty() &&
                     *std::max_element(options.lengths.begin(), options.lengths.end()) == 0;
  if (!shared_->why_not_compiled.empty() || tape.check_finite() || empty) {
    return scan_on_tape(shared_->program, tape, parameters, x, states, options);
  }
  const auto& compiled =
      tape.needs_gradient(x) ? shared_->with_input_gradients : shared_->without_input_gradients;
  const std::shared_ptr<Run<T>> run(new Run<T>{compiled,
                                               compiled->template pool<T>().take(compiled->plan),
                                               Packing(shape[0], shape[1], options),
                                               options,
                                               {},
                                               {},
                                               parameters.size()});
  run->state_cotangents.resize(states.size());
  run->packed_x = run->packing.pack(tape.value(x));

  std::vector<Tensor<T>> parameter_values, state_values;
  for (const Var& p : parameters) parameter_values.push_back(tape.value(p));
  for (const Var& s : states) state_values.push_back(tape.value(s));
  check_states(shared_->program, states, shape[1]);
  for (auto& s : state_values) s = run->packing.sort(s, false);
  run->scan->forward(parameter_values, {&run->packed_x, 1}, state_values, run->packing.lengths);

  std::vector<Var> inputs(parameters.begin(), parameters.end());
  inputs.push_back(x);
  inputs.insert(inputs.end(), states.begin(), states.end());
  const Tensor<T> outputs = run->packing.unpack(run->scan->outputs());
  ScanResult result;
  result.outputs = tape.record(outputs, inputs, std::make_shared<OutputsNode<T>>(run));
  inputs.insert(inputs.begin(), result.outputs);
  const std::vector<Tensor<T>> finals = run->scan->final_states();
  for (std::size_t k = 0; k < finals.size(); ++k) {
    result.final_states.push_back(
        tape.record(run->packing.sort(finals[k], true), inputs,
                    std::make_shared<FinalStateNode<T>>(run, k, outputs.shape())));
  }
  return result;
}

template ScanResult Scan::run(Tape<float>&, std::span<const Var>, Var, std::span<const Var>,
                              const ScanOptions&) const;
template ScanResult Scan::run(Tape<double>&, std::span<const Var>, Var, std::span<const Var>,
                              const ScanOptions&) const;

}  // namespace carousel
