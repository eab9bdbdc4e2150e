#include "program/scan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <type_traits>

#include "program/packing.hpp"

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

// One run of a scan, for its way back.
template <class T>
struct Run {
  std::shared_ptr<Compiled> compiled;
  std::unique_ptr<CompiledScan<T>> scan;
  Packing packing;
  ScanOptions options;
  std::vector<Tensor<T>> packed_inputs;     // read again on the way back
  std::vector<Tensor<T>> state_cotangents;  // of the final states, in the caller's order
  std::size_t parameter_count = 0;
  std::shared_ptr<GradientNorms> norms;

  ~Run() { compiled->template pool<T>().give_back(std::move(scan)); }

  // The run op by op: outputs, then final states.
  std::vector<Var> expand(Tape<T>& tape, std::span<const Var> inputs) const {
    ScanOptions again = options;
    again.probes.clear();
    again.gradient_norms = false;
    const ScanResult result =
        scan_on_tape(compiled->plan.forward, tape, inputs.first(parameter_count),
                     inputs.subspan(parameter_count, packed_inputs.size()),
                     inputs.subspan(parameter_count + packed_inputs.size()), again);
    std::vector<Var> all{options.outputs ? result.outputs : constant(tape, 0.0)};
    all.insert(all.end(), result.final_states.begin(), result.final_states.end());
    return all;
  }

  void note_norms() const {
    if (!norms) return;
    for (std::size_t k = 0; k < norms->norms.size(); ++k) {
      std::vector<double>& sums = norms->norms[k];
      std::fill(sums.begin(), sums.end(), 0.0);
      packing.for_each_row([&](Index packed, Index padded) {
        sums[index(padded / packing.batch)] += scan->squared_gradient_norms()[k][index(packed)];
      });
      for (double& sum : sums) sum = std::sqrt(sum);
    }
  }
};

// Inputs: parameters, inputs of the scan, states. The value: the outputs, or a zero when they are
// not wanted.
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
    run.scan->record_gradient_norms(run.norms != nullptr);
    run.scan->backward(run.options.outputs ? run.packing.pack(gradient) : Tensor<T>(), states);
    run.note_norms();
    std::vector<Tensor<T>> all;
    for (auto& share : run.scan->parameter_gradients()) all.push_back(std::move(share));
    for (auto& share : run.scan->input_gradients()) {
      const Tensor<T> packed = std::move(share);
      all.push_back(packed.defined() ? run.packing.unpack(packed) : Tensor<T>());
    }
    for (auto& state : run.scan->state_gradients()) {
      all.push_back(run.packing.sort(std::move(state), true));
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
    std::vector<Tensor<T>> all(1 + run_->parameter_count + run_->packed_inputs.size() +
                               run_->state_cotangents.size());
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

// Compiled when they are first asked for: for each set of inputs that need gradients, and of
// probes.
struct Scan::Shared {
  StepProgram program;
  std::string why_not_compiled;
  std::mutex mutex;
  std::map<std::pair<std::vector<bool>, std::vector<std::string>>, std::shared_ptr<Compiled>>
      compiled;

  std::shared_ptr<Compiled> find(const std::vector<bool>& wanted_inputs,
                                 const std::vector<std::string>& probes) {
    const std::lock_guard lock(mutex);
    std::shared_ptr<Compiled>& found = compiled[{wanted_inputs, probes}];
    if (!found) {
      found = std::make_shared<Compiled>();
      found->plan = plan_scan(program, wanted_inputs, find_probes(program, probes));
    }
    return found;
  }
};

Scan::Scan(StepProgram program) : shared_(std::make_shared<Shared>()) {
  shared_->program = std::move(program);
  try {
    shared_->find(std::vector<bool>(shared_->program.inputs.size(), true), {});
  } catch (const InputError& error) {
    shared_->why_not_compiled = error.what();
  }
}

const StepProgram& Scan::program() const { return shared_->program; }
const std::string& Scan::why_not_compiled() const { return shared_->why_not_compiled; }

template <class T>
ScanResult Scan::run(Tape<T>& tape, std::span<const Var> parameters, std::span<const Var> inputs,
                     std::span<const Var> states, const ScanOptions& options) const {
  const Shape shape = check_scan(shared_->program, inputs, options);
  const bool empty = !options.lengths.empty() &&
                     *std::max_element(options.lengths.begin(), options.lengths.end()) == 0;
  if (!shared_->why_not_compiled.empty() || tape.check_finite() || empty) {
    return scan_on_tape(shared_->program, tape, parameters, inputs, states, options);
  }
  const auto needs_gradient = [&](Var v) { return tape.needs_gradient(v); };
  std::vector<bool> wanted_inputs;
  for (const Var& input : inputs) wanted_inputs.push_back(needs_gradient(input));
  const auto compiled = shared_->find(wanted_inputs, options.probes);
  const std::shared_ptr<Run<T>> run(new Run<T>{compiled,
                                               compiled->template pool<T>().take(compiled->plan),
                                               Packing(shape[0], shape[1], options),
                                               options,
                                               {},
                                               {},
                                               parameters.size(),
                                               {}});
  run->state_cotangents.resize(states.size());
  for (const Var& input : inputs) {
    run->packed_inputs.push_back(run->packing.pack(tape.value(input)));
  }
  if (options.gradient_norms) {
    run->norms = std::make_shared<GradientNorms>();
    run->norms->norms.assign(states.size(), std::vector<double>(index(shape[0])));
  }

  std::vector<Tensor<T>> parameter_values, state_values;
  for (const Var& p : parameters) parameter_values.push_back(tape.value(p));
  for (const Var& s : states) state_values.push_back(tape.value(s));
  check_states(shared_->program, states, shape[1]);
  for (auto& s : state_values) s = run->packing.sort(s, false);
  std::vector<Var> read(parameters.begin(), parameters.end());
  read.insert(read.end(), inputs.begin(), inputs.end());
  read.insert(read.end(), states.begin(), states.end());
  // Without a way back nothing needs to be kept.
  const bool one_way = std::none_of(read.begin(), read.end(), needs_gradient);
  run->scan->forward(parameter_values, run->packed_inputs, state_values, run->packing.lengths,
                     one_way ? 0 : options.segments, options.outputs);

  const Tensor<T> outputs =
      options.outputs ? run->packing.unpack(run->scan->outputs()) : Tensor<T>::zeros({1});
  ScanResult result;
  result.gradient_norms = run->norms;
  for (const auto& probe : run->scan->probes()) {
    result.probes.push_back(tape.constant(run->packing.unpack(probe)));
  }
  const Var first = tape.record(outputs, read, std::make_shared<OutputsNode<T>>(run));
  if (options.outputs) result.outputs = first;
  read.insert(read.begin(), first);
  const std::vector<Tensor<T>> finals = run->scan->final_states();
  for (std::size_t k = 0; k < finals.size(); ++k) {
    result.final_states.push_back(
        tape.record(run->packing.sort(finals[k], true), read,
                    std::make_shared<FinalStateNode<T>>(run, k, outputs.shape())));
  }
  return result;
}

template ScanResult Scan::run(Tape<float>&, std::span<const Var>, std::span<const Var>,
                              std::span<const Var>, const ScanOptions&) const;
template ScanResult Scan::run(Tape<double>&, std::span<const Var>, std::span<const Var>,
                              std::span<const Var>, const ScanOptions&) const;

}  // namespace carousel
