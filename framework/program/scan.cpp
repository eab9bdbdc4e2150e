#include "program/scan.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>
#include <type_traits>

#include "kernel/reduce.hpp"
#include "program/compiled_scan.hpp"
#include "program/delays.hpp"
#include "program/packing.hpp"
#include "program/shared_packings.hpp"
#include "program/tangents.hpp"

namespace carousel {
namespace {

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

// Compiled scans that wait for their next use, with their memory. A thread gets one that it had
// before where there is one: its memory is in the caches of that thread's core.
template <class T>
class Pool {
 public:
  std::unique_ptr<CompiledScan<T>> take(const ScanPlan& plan) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<CompiledScan<T>>(plan);
    auto found = std::ranges::find(free_, std::this_thread::get_id(), &Free::thread);
    if (found == free_.end()) --found;
    auto scan = std::move(found->scan);
    free_.erase(found);
    return scan;
  }
  void give_back(std::unique_ptr<CompiledScan<T>> scan) {
    const std::lock_guard lock(mutex_);
    free_.push_back({std::this_thread::get_id(), std::move(scan)});
  }
  std::size_t bytes_reserved() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const Free& free : free_) bytes += free.scan->bytes_reserved();
    return bytes;
  }

 private:
  struct Free {
    std::thread::id thread;  // that had it
    std::unique_ptr<CompiledScan<T>> scan;
  };
  mutable std::mutex mutex_;
  std::vector<Free> free_;
};

// Scans of a program with its derivative along a direction, see with_tangents().
class TangentScans {
 public:
  Scan find(const StepProgram& program, const std::vector<bool>& moving) {
    const std::lock_guard lock(mutex_);
    const auto found = scans_.find(moving);
    if (found != scans_.end()) return found->second;
    return scans_.emplace(moving, Scan(with_tangents(program, moving))).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::vector<bool>, Scan> scans_;
};

// A program as it was given, and as it is compiled.
struct Programs {
  StepProgram given;
  DelayedProgram compiled;
  std::unique_ptr<TangentScans> tangents = std::make_unique<TangentScans>();
};

struct Compiled {
  std::shared_ptr<const Programs> programs;
  ScanPlan plan;
  Pool<float> floats;
  Pool<double> doubles;
  PackingStore<float> float_packings;
  PackingStore<double> double_packings;
  std::atomic<double> seconds = 0.0;  // of runs, see Scan

  template <class T>
  Pool<T>& pool() {
    if constexpr (std::is_same_v<T, float>) return floats;
    else return doubles;
  }
  template <class T>
  PackingStore<T>& packings() {
    if constexpr (std::is_same_v<T, float>) return float_packings;
    else return double_packings;
  }
};

// The packed matrices of parameters that the tapes beside this one read too; null where they don't.
template <class T>
SharedPackings<T>* borrowed_packings(Compiled& compiled, const Tape<T>& tape,
                                     const std::vector<Tensor<T>>& parameters, Rounding rounding) {
  const SharedValues<T>* const shared = tape.shared();
  const auto is_shared = [&](const Tensor<T>& p) { return shared->has(p); };
  const int packings = compiled.plan.packings;
  if (!shared || packings == 0 || !std::ranges::all_of(parameters, is_shared)) return nullptr;
  return compiled.packings<T>().borrow(shared->generation(), parameters, rounding, index(packings));
}

// Adds the time of its life to that of a scan.
class RunTimer {
 public:
  explicit RunTimer(Compiled& compiled) : compiled_(compiled) {}
  ~RunTimer() { compiled_.seconds += std::chrono::duration<double>(Clock::now() - start_).count(); }
  RunTimer(const RunTimer&) = delete;
  RunTimer& operator=(const RunTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  Compiled& compiled_;
  Clock::time_point start_ = Clock::now();
};

// One run of a scan, for its way back.
template <class T>
struct Run {
  std::shared_ptr<Compiled> compiled;
  std::unique_ptr<CompiledScan<T>> scan;
  SharedPackings<T>* packings;  // borrowed, or null
  Packing packing;
  ScanOptions options;
  std::vector<Tensor<T>> packed_inputs;     // read again on the way back
  std::vector<Tensor<T>> state_cotangents;  // of the final states, in the caller's order
  std::shared_ptr<GradientNorms> norms;
  std::uint64_t tangent_call = 0;  // for which `moved` is
  ScanResult moved = {};

  ~Run() {
    scan->share(nullptr);
    if (packings) compiled->template packings<T>().give_back(packings);
    compiled->template pool<T>().give_back(std::move(scan));
  }

  const StepProgram& given() const { return compiled->programs->given; }
  const DelayedProgram& program() const { return compiled->programs->compiled; }

  // The run op by op: outputs, then final states.
  std::vector<Var> expand(Tape<T>& tape, std::span<const Var> inputs) const {
    ScanOptions again = options;
    again.probes.clear();
    again.gradient_norms = false;
    const ScanResult result =
        scan_on_tape(given(), tape, inputs.first(given().parameters.size()),
                     inputs.subspan(given().parameters.size(), given().inputs.size()),
                     inputs.last(given().states.size()), again);
    std::vector<Var> all{options.outputs ? result.outputs : constant(tape, 0.0)};
    all.insert(all.end(), result.final_states.begin(), result.final_states.end());
    return all;
  }

  // How all that it gives moves, for both kinds of nodes.
  const ScanResult& tangents(Tape<T>& tape, std::span<const Var> read,
                             std::span<const Var> tangents) {
    if (tangent_call == tape.tangent_calls()) return moved;
    const std::size_t count = given().parameters.size(), x = given().inputs.size();
    const auto moves = [&](std::size_t k) {
      if (tangents[k].defined()) return tangents[k];
      return tape.constant(Tensor<T>::zeros(tape.shape_of(read[k])));
    };
    const auto both = [&](std::size_t first, std::size_t end) {
      std::vector<Var> all(read.begin() + std::ptrdiff_t(first),
                           read.begin() + std::ptrdiff_t(end));
      for (std::size_t k = first; k < end; ++k) all.push_back(moves(k));
      return all;
    };
    std::vector<bool> moving;
    const auto first = read.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Var> inputs(first, first + static_cast<std::ptrdiff_t>(x));
    for (std::size_t k = count; k < count + x; ++k) {
      moving.push_back(tangents[k].defined());
      if (moving.back()) inputs.push_back(tangents[k]);
    }
    ScanOptions again = options;
    again.probes.clear();
    again.gradient_norms = false;
    moved = compiled->programs->tangents->find(given(), moving)
                .run(tape, both(0, count), inputs, both(count + x, read.size()), again);
    tangent_call = tape.tangent_calls();
    return moved;
  }

  // square(row) gives the squared norm of the gradient that reaches a state in a packed row.
  template <class F>
  void note_norms(std::size_t state, F&& square) const {
    if (!norms) return;
    std::vector<double>& sums = norms->norms[state];
    std::fill(sums.begin(), sums.end(), 0.0);
    packing.for_each_row(
        [&](Index packed, Index padded) { sums[index(padded / packing.batch)] += square(packed); });
    for (double& sum : sums) sum = std::sqrt(sum);
  }

  // Takes each delay's gradient back to what it delays; that of its initial state goes to `states`.
  void undo_delays(std::vector<Tensor<T>>& inputs, const std::vector<Tensor<T>>& cotangents,
                   std::vector<Tensor<T>>& states) const {
    const auto& delays = program().delays;
    for (auto d = delays.rbegin(); d != delays.rend(); ++d) {
      if (!compiled->plan.wanted_inputs[d->input]) continue;
      const Tensor<T> gradient = std::move(inputs[d->input]);
      const Index width = packed_inputs[d->input].shape().back();
      Tensor<T>* source = nullptr;
      if (compiled->plan.wanted_inputs[d->source]) {
        source = &inputs[d->source];
        if (!source->defined()) *source = Tensor<T>::zeros(packed_inputs[d->source].shape());
      }
      states[d->state] = delay_backward(packing, gradient, cotangents[d->state], width, source);
      note_norms(d->state, [&](Index row) {
        return gradient.defined() ? sum_of_squares(gradient.data() + row * width, width) : 0.0;
      });
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
    const RunTimer timer(*run.compiled);
    const DelayedProgram& program = run.program();
    std::vector<Tensor<T>> cotangents, carried, states(run.state_cotangents.size());
    for (Tensor<T>& given : run.state_cotangents) {
      cotangents.push_back(given.defined() ? run.packing.sort(given, false) : Tensor<T>());
      given = {};
    }
    for (std::size_t k = 0; k < program.states.size(); ++k) {
      const Tensor<T>& given = cotangents[program.states[k]];
      const Shape& shape = run.scan->final_states()[k].shape();
      carried.push_back(given.defined() ? given : Tensor<T>::zeros(shape));
    }
    run.scan->record_gradient_norms(run.norms != nullptr);
    run.scan->backward(run.options.outputs ? run.packing.pack(gradient) : Tensor<T>(), carried);
    for (std::size_t k = 0; k < program.states.size(); ++k) {
      states[program.states[k]] = std::move(run.scan->state_gradients()[k]);
      run.note_norms(program.states[k],
                     [&](Index row) { return run.scan->squared_gradient_norms()[k][index(row)]; });
    }
    std::vector<Tensor<T>> inputs;
    for (auto& share : run.scan->input_gradients()) inputs.push_back(std::move(share));
    run.undo_delays(inputs, cotangents, states);
    std::vector<Tensor<T>> all;
    for (auto& share : run.scan->parameter_gradients()) all.push_back(std::move(share));
    for (std::size_t k = 0; k < run.given().inputs.size(); ++k) {
      const Tensor<T> packed = std::move(inputs[k]);
      all.push_back(packed.defined() ? run.packing.unpack(packed) : Tensor<T>());
    }
    for (Tensor<T>& state : states) {
      all.push_back(state.defined() ? run.packing.sort(std::move(state), true) : Tensor<T>());
    }
    return all;
  }

  Var expand(Tape<T>& tape, std::span<const Var> inputs) override {
    return run_->expand(tape, inputs)[0];
  }
  Var tangent(Tape<T>& tape, std::span<const Var> inputs, std::span<const Var> tangents) override {
    return run_->options.outputs ? run_->tangents(tape, inputs, tangents).outputs : Var();
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
    const StepProgram& given = run_->given();
    std::vector<Tensor<T>> all(1 + given.parameters.size() + given.inputs.size() +
                               given.states.size());
    all[0] = Tensor<T>::zeros(outputs_);
    return all;
  }

  Var expand(Tape<T>& tape, std::span<const Var> inputs) override {
    return run_->expand(tape, inputs.subspan(1))[1 + state_];
  }
  Var tangent(Tape<T>& tape, std::span<const Var> inputs, std::span<const Var> tangents) override {
    const ScanResult& moved = run_->tangents(tape, inputs.subspan(1), tangents.subspan(1));
    return moved.final_states[run_->given().states.size() + state_];
  }

 private:
  std::shared_ptr<Run<T>> run_;
  std::size_t state_;
  Shape outputs_;
};

// Puts what a run gave on the tape. inputs: of OutputsNode; initial: states in the packed order.
template <class T>
ScanResult record(Tape<T>& tape, const std::shared_ptr<Run<T>>& run, std::vector<Var> inputs,
                  std::span<const Tensor<T>> initial) {
  const Tensor<T> outputs =
      run->options.outputs ? run->packing.unpack(run->scan->outputs()) : Tensor<T>::zeros({1});
  ScanResult result;
  result.gradient_norms = run->norms;
  for (std::size_t k = 0; k < run->scan->probes().size(); ++k) {
    const ScanPlan& plan = run->compiled->plan;
    const Shape& of_step = plan.forward.nodes[static_cast<std::size_t>(plan.probes[k])].shape;
    Shape shape{run->packing.steps, run->packing.batch};
    for (int axis = 1; axis < of_step.rank(); ++axis) shape.push_back(of_step[axis]);
    const Tensor<T> probe = run->packing.unpack(run->scan->probes()[k]);
    result.probes.push_back(tape.constant(probe.reshaped(shape)));
  }
  const Var first = tape.record(outputs, inputs, std::make_shared<OutputsNode<T>>(run));
  if (run->options.outputs) result.outputs = first;
  inputs.insert(inputs.begin(), first);
  const DelayedProgram& program = run->program();
  std::vector<Tensor<T>> finals(initial.size());
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    finals[program.states[k]] = run->scan->final_states()[k];
  }
  for (const Delay& d : program.delays) {
    finals[d.state] = final_delay(run->packing, run->packed_inputs[d.source], initial[d.state]);
  }
  for (std::size_t k = 0; k < finals.size(); ++k) {
    result.final_states.push_back(
        tape.record(run->packing.sort(finals[k], true), inputs,
                    std::make_shared<FinalStateNode<T>>(run, k, outputs.shape())));
  }
  return result;
}

}  // namespace

// Compiled when they are first asked for: for each set of inputs that need gradients, and of
// probes.
struct Scan::Shared {
  std::shared_ptr<const Programs> programs;
  std::mutex mutex;
  std::map<std::pair<std::vector<bool>, std::vector<std::string>>, std::shared_ptr<Compiled>>
      compiled;

  std::shared_ptr<Compiled> find(const std::vector<bool>& wanted_inputs,
                                 const std::vector<std::string>& probes) {
    const std::lock_guard lock(mutex);
    const auto key = std::pair(wanted_inputs, probes);
    if (const auto found = compiled.find(key); found != compiled.end()) return found->second;
    const StepProgram& program = programs->compiled.program;
    auto made = std::make_shared<Compiled>();
    made->programs = programs;
    made->plan = plan_scan(program, wanted_inputs, find_probes(program, probes));
    compiled.emplace(key, made);  // last: a program that does not compile leaves nothing behind
    return made;
  }
};

Scan::Scan(StepProgram program) : shared_(std::make_shared<Shared>()) {
  DelayedProgram compiled = without_delays(program);
  shared_->programs =
      std::make_shared<const Programs>(Programs{std::move(program), std::move(compiled)});
}

const StepProgram& Scan::program() const { return shared_->programs->given; }

void Scan::compile() const {
  const std::size_t inputs = shared_->programs->compiled.program.inputs.size();
  shared_->find(std::vector<bool>(inputs, true), {});
}

std::size_t Scan::bytes_reserved() const {
  const std::lock_guard lock(shared_->mutex);
  std::size_t bytes = 0;
  for (const auto& [wanted, compiled] : shared_->compiled) {
    bytes += compiled->floats.bytes_reserved() + compiled->doubles.bytes_reserved();
  }
  return bytes;
}

double Scan::seconds() const {
  const std::lock_guard lock(shared_->mutex);
  double seconds = 0.0;
  for (const auto& [wanted, compiled] : shared_->compiled) seconds += compiled->seconds;
  return seconds;
}

template <class T>
ScanResult Scan::run(Tape<T>& tape, std::span<const Var> parameters, std::span<const Var> inputs,
                     std::span<const Var> states, const ScanOptions& options) const {
  const Shape shape = check_scan(program(), inputs, options);
  const bool empty = !options.lengths.empty() &&
                     *std::max_element(options.lengths.begin(), options.lengths.end()) == 0;
  if (tape.check_finite() || empty) {
    return scan_on_tape(program(), tape, parameters, inputs, states, options);
  }
  check_states(program(), states, shape[1]);
  const DelayedProgram& compiled_program = shared_->programs->compiled;
  const auto needs_gradient = [&](Var v) { return tape.needs_gradient(v); };
  std::vector<bool> wanted;
  for (const Var& input : inputs) wanted.push_back(needs_gradient(input));
  for (const Delay& d : compiled_program.delays) {
    wanted.push_back(wanted[d.source] || needs_gradient(states[d.state]) || options.gradient_norms);
  }
  const auto compiled = shared_->find(wanted, options.probes);
  const RunTimer timer(*compiled);
  const std::shared_ptr<Run<T>> run(new Run<T>{compiled,
                                               compiled->template pool<T>().take(compiled->plan),
                                               nullptr,
                                               Packing(shape[0], shape[1], options),
                                               options,
                                               {},
                                               {},
                                               {}});
  run->state_cotangents.resize(states.size());
  if (options.gradient_norms) {
    run->norms = std::make_shared<GradientNorms>();
    run->norms->norms.assign(states.size(), std::vector<double>(index(shape[0])));
  }

  std::vector<Tensor<T>> parameter_values, state_values, carried;
  for (const Var& p : parameters) parameter_values.push_back(tape.value(p));
  for (const Var& s : states) state_values.push_back(run->packing.sort(tape.value(s), false));
  for (const std::size_t s : compiled_program.states) carried.push_back(state_values[s]);
  std::vector<Tensor<T>>& packed = run->packed_inputs;
  for (const Var& input : inputs) packed.push_back(run->packing.pack(tape.value(input)));
  for (const Delay& d : compiled_program.delays) {
    packed.push_back(delayed(run->packing, packed[d.source], state_values[d.state]));
  }
  std::vector<Var> read(parameters.begin(), parameters.end());
  read.insert(read.end(), inputs.begin(), inputs.end());
  read.insert(read.end(), states.begin(), states.end());
  // Without a way back nothing needs to be kept.
  const bool one_way = std::none_of(read.begin(), read.end(), needs_gradient);
  run->scan->round_operands(options.rounding);
  run->packings = borrowed_packings(*compiled, tape, parameter_values, options.rounding);
  run->scan->share(run->packings);
  run->scan->forward(parameter_values, packed, carried, run->packing.lengths,
                     one_way ? 0 : options.segments, options.outputs);
  return record<T>(tape, run, read, state_values);
}

template ScanResult Scan::run(Tape<float>&, std::span<const Var>, std::span<const Var>,
                              std::span<const Var>, const ScanOptions&) const;
template ScanResult Scan::run(Tape<double>&, std::span<const Var>, std::span<const Var>,
                              std::span<const Var>, const ScanOptions&) const;

}  // namespace carousel
