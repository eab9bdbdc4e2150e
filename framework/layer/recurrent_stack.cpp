#include "layer/recurrent_stack.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "op/composites.hpp"
#include "op/functions.hpp"

namespace carousel {

namespace {

Supply::Often often_of(const ModelOptions& model) {
  return model.dropout_mask == "sequence" ? Supply::Often::sequence : Supply::Often::step;
}

StepProgram built(const Cell& cell, const CellSizes& sizes, const ModelOptions& model) {
  StepProgram program = cell.build(sizes);
  if (model.learned_states) program = with_learned_states(program);
  program = with_recurrent_dropout(std::move(program), model.recurrent_dropout, often_of(model));
  return with_zoneout(program, model.zoneout);
}

// The cell that is to look at a memory, for x of `input` elements with what attention puts behind.
StepProgram built_for_attention(const Cell& cell, const AttentionForm& form, const CellSizes& own,
                                const ModelOptions& model) {
  CellSizes sizes = own;
  StepProgram made;
  for (Index output = own.hidden, last = 0; output != last;) {
    sizes.input = attentive_input(form, own.input, output);
    made = built(cell, sizes, model);
    last = output;
    output = made.output_shape().back();
  }
  return made;
}

// A memory of a few more rows takes the same scan: the rest is padding.
constexpr Index fewest_rows = 8;

}  // namespace

std::vector<ParameterSpec> scan_parameters(const std::string& scan, const StepProgram& program) {
  std::vector<ParameterSpec> specs;
  for (const ProgramParameter& p : program.parameters) {
    const bool is_weight = p.shape.rank() > 1 && p.trained;
    specs.push_back({fmt::format("{}/{}", scan, p.name), p.shape, p.init, is_weight, p.trained});
  }
  return specs;
}

struct RecurrentStack::AttentiveScans {
  std::function<StepProgram(Index rows)> build;
  std::mutex mutex;
  std::map<Index, Scan> scans;
};

RecurrentStack::RecurrentStack(const Cell& cell, const StackOptions& options) : options_(options) {
  if (options.input < 1 || options.hidden < 1 || options.depth < 1) {
    fail_input("recurrent stack: got input size {}, hidden size {}, depth {}; expected at least 1",
               options.input, options.hidden, options.depth);
  }
  std::vector<ParameterSpec> norms;
  Index input = options.input;
  for (int layer = 0; layer < options.depth; ++layer) {
    const CellSizes sizes{input, options.hidden};
    scans_.emplace_back(layer == 0 && options.attention ? attentive(cell, sizes)
                                                        : built(cell, sizes, options.model));
    for (int direction = 0; direction < directions(); ++direction) {
      const std::string scan =
          fmt::format("{}/{}/{}", options.name, layer, direction == 0 ? "forward" : "backward");
      std::ranges::move(scan_parameters(scan, scans_.back().program()), std::back_inserter(specs_));
    }
    input = scans_.back().program().output_shape().back() * directions();
    if (!options.model.layer_norm) continue;
    const std::string name = fmt::format("{}/{}/norm/", options.name, layer);
    norms.push_back({name + "gain", {input}, Initialiser::ones()});
    norms.push_back({name + "bias", {input}, Initialiser::zeros()});
  }
  specs_.insert(specs_.end(), norms.begin(), norms.end());
  output_size_ = input;
}

StepProgram RecurrentStack::attentive(const Cell& cell, const CellSizes& sizes) {
  AttentionForm& form = *options_.attention;
  StepProgram plain = built_for_attention(cell, form, sizes, options_.model);
  if (form.score == AttentionScore::product) form.keys = plain.output_shape().back();
  attentive_ = std::make_shared<AttentiveScans>();
  const auto with_rows = [plain, form, input = sizes.input](Index rows) {
    AttentionForm whole = form;
    whole.rows = rows;
    return with_attention(plain, whole, input);
  };
  attentive_->build = with_rows;
  return with_rows(fewest_rows);
}

std::size_t RecurrentStack::bytes_reserved() const {
  std::size_t bytes = 0;
  for (const Scan& scan : scans_) bytes += scan.bytes_reserved();
  if (!attentive_) return bytes;
  const std::lock_guard lock(attentive_->mutex);
  for (const auto& [rows, scan] : attentive_->scans) bytes += scan.bytes_reserved();
  return bytes;
}

double RecurrentStack::scan_seconds() const {
  double seconds = 0.0;
  for (const Scan& scan : scans_) seconds += scan.seconds();
  if (!attentive_) return seconds;
  const std::lock_guard lock(attentive_->mutex);
  for (const auto& [rows, scan] : attentive_->scans) seconds += scan.seconds();
  return seconds;
}

std::span<const ProgramState> RecurrentStack::states(int layer) const {
  const std::span<const ProgramState> all = program(layer).states;
  const bool looks = layer == 0 && options_.attention;
  return all.first(all.size() - (looks ? memory_states(*options_.attention) : 0));
}

const Scan& RecurrentStack::scan(int layer, const AttendedMemory* memory) const {
  const Scan& plain = scans_[static_cast<std::size_t>(layer)];
  if (layer > 0 || !memory) return plain;
  const Index rows = memory->rows.shape()[1];
  if (rows == fewest_rows) return plain;
  const std::lock_guard lock(attentive_->mutex);
  auto found = attentive_->scans.find(rows);
  if (found == attentive_->scans.end()) {
    found = attentive_->scans.emplace(rows, Scan(attentive_->build(rows))).first;
  }
  return found->second;
}

// A cell may have none.
std::span<const Var> RecurrentStack::own_parameters(const Pass& pass) const {
  if (specs_.empty()) return {};
  return pass.parameters().of(options_.name);
}

MaskValues RecurrentStack::dropout_of(double rate) const {
  return MaskValues::dropout(rate, often_of(options_.model));
}

std::vector<Var> RecurrentStack::initial_states(const Pass& pass, Index batch) const {
  std::span<const Var> parameters = own_parameters(pass);
  std::vector<Var> all;
  for (int layer = 0; layer < options_.depth; ++layer) {
    const StepProgram& program = this->program(layer);
    for (int direction = 0; direction < directions(); ++direction) {
      const auto own = parameters.first(program.parameters.size());
      parameters = parameters.subspan(own.size());
      const std::vector<Var> states = pass.visit(
          [&](auto& tape) { return carousel::initial_states(program, tape, own, batch); });
      const auto own_states = static_cast<std::ptrdiff_t>(this->states(layer).size());
      all.insert(all.end(), states.begin(), states.begin() + own_states);
    }
  }
  return all;
}

std::vector<std::string> RecurrentStack::losses() const {
  std::vector<std::string> names;
  for (const ProgramState& state : states(0)) {
    if (state.loss_weight) names.push_back(state.name);
  }
  return names;
}

namespace {

bool reads_length(const StepProgram& program) {
  return std::ranges::any_of(program.inputs, [&](int input) {
    const auto& supply = program.nodes[static_cast<std::size_t>(input)].supply;
    return supply && supply->kind == Supply::Kind::length;
  });
}

}  // namespace

void RecurrentStack::expect_fitting(Var x, const StackArguments& arguments) const {
  const Shape& shape = x.shape();
  if (shape.rank() != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] != options_.input) {
    fail_input("recurrent stack: x has shape {}, expected [steps, batch, {}]", shape.to_string(),
               options_.input);
  }
  std::size_t states = 0;
  for (int layer = 0; layer < options_.depth; ++layer) {
    states += static_cast<std::size_t>(directions()) * this->states(layer).size();
  }
  if (options_.attention.has_value() != (arguments.memory != nullptr)) {
    fail_input("recurrent stack: it looks at {} memory, and {} was given",
               options_.attention ? "a" : "no", arguments.memory ? "one" : "none");
  }
  if (!arguments.states.empty() && arguments.states.size() != states) {
    fail_input("recurrent stack: got {} initial states, expected {}", arguments.states.size(),
               states);
  }
  if (!arguments.states.empty() && reads_length(program(0))) {
    fail_input(
        "cell {} reads the length of the sequence, which is not known where its steps are given "
        "piece by piece, or follow from the states of another sequence: this task can't take it",
        program(0).name);
  }
}

namespace {

// The same values; a gradient flows to each sequence's last step alone, which is its first one for
// the half of the outputs that comes from end to start.
Var with_gradient_at_last_step(const Pass& pass, Var outputs, const std::vector<Index>& lengths,
                               Index forward_size) {
  const Index steps = outputs.shape()[0], batch = outputs.shape()[1], size = outputs.shape()[2];
  auto last = Tensor<float>::zeros(outputs.shape());
  for (Index b = 0; b < batch; ++b) {
    const Index length = lengths.empty() ? steps : lengths[static_cast<std::size_t>(b)];
    float* at_end = last.data() + ((length - 1) * batch + b) * size;
    float* at_start = last.data() + b * size;
    std::fill(at_end, at_end + forward_size, 1.0F);
    std::fill(at_start + forward_size, at_start + size, 1.0F);
  }
  const Var held = stop_gradient(outputs);
  return held + pass.constant(last) * (outputs - held);
}

}  // namespace

StackResult RecurrentStack::forward(const Pass& pass, Var x,
                                    const StackArguments& arguments) const {
  expect_fitting(x, arguments);
  std::vector<Var> start(arguments.states.begin(), arguments.states.end());
  if (start.empty()) start = initial_states(pass, x.shape()[1]);
  const MaskValues input = dropout_of(options_.model.dropout_input);
  const MaskValues output = dropout_of(options_.model.dropout_output);
  x = noisy(pass, x, options_.name + "/noise", options_.model.noise_input);
  x = dropout(pass, x, options_.name + "/input", input);
  StackResult result = run(pass, x, start, arguments);
  result.outputs = dropout(pass, result.outputs, options_.name + "/output", output);
  if (pass.listener() && pass.listener()->last_step_alone) {
    result.outputs = with_gradient_at_last_step(pass, result.outputs, arguments.lengths,
                                                output_size_ / directions());
  }
  return result;
}

Var RecurrentStack::ends(const Pass& pass, Var outputs, const std::vector<Index>& lengths) const {
  const Index steps = outputs.shape()[0], batch = outputs.shape()[1], size = outputs.shape()[2];
  std::vector<float> first, last;
  for (Index b = 0; b < batch; ++b) {
    const Index length = lengths.empty() ? steps : lengths[static_cast<std::size_t>(b)];
    if (length < 1) fail_input("got a sequence of no steps, expected at least one to answer to");
    first.push_back(static_cast<float>(b));
    last.push_back(static_cast<float>((length - 1) * batch + b));
  }
  const Var flat = reshape(outputs, {steps * batch, size});
  const auto rows = [&](Var of, const std::vector<float>& numbers) {
    return gather_rows(of, pass.constant(Tensor<float>::from({batch}, numbers)));
  };
  if (!options_.bidirectional) return rows(flat, last);
  const Index half = size / 2;
  return concat(
      std::array{rows(slice(flat, -1, 0, half), last), rows(slice(flat, -1, half, half), first)},
      -1);
}

// x, the further inputs of a program, and what the layer gives; the default of each one that is not
// given.
std::vector<Var> RecurrentStack::inputs_of(const Pass& pass, int layer, const std::string& place,
                                           Var x, const StackArguments& arguments) const {
  const StepProgram& program = this->program(layer);
  const std::span<const Var> further = arguments.further;
  const std::size_t of_data = program.data_inputs();
  if (further.size() >= of_data) {
    fail_input("cell {}: got {} further inputs, it has {}", program.name, further.size(),
               of_data - 1);
  }
  std::vector<Var> all{x};
  for (std::size_t k = 1; k < program.inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    const Shape shape{x.shape()[0], x.shape()[1], node.shape.back()};
    if (node.supply && node.supply->kind == Supply::Kind::length) {
      all.push_back(pass.constant(lengths_at_steps<double>(shape, arguments.lengths)));
    } else if (node.supply && pass.masks()) {
      all.push_back(pass.supplied(place + "/" + node.name, shape, *node.supply));
    } else if (k <= further.size() && further[k - 1].defined()) {
      all.push_back(further[k - 1]);
    } else if (node.otherwise) {
      all.push_back(pass.full(shape, *node.otherwise));
    } else {
      fail_input("cell {}: the data has no input '{}', and the cell gives no default", program.name,
                 node.name);
    }
  }
  return all;
}

// parameters: those of the stack; the last two of each layer are its norm's.
Var RecurrentStack::normalised(std::span<const Var> parameters, int layer, Var x) const {
  if (!options_.model.layer_norm) return x;
  const std::size_t behind = 2 * (scans_.size() - static_cast<std::size_t>(layer));
  const auto own = parameters.subspan(parameters.size() - behind, 2);
  return layer_norm(x) * own[0] + own[1];
}

// The last probes of the scan are those of who looks on.
ScanResult RecurrentStack::run_scan(const Pass& pass, const Scan& scan, HeardScan heard,
                                    const std::vector<std::string>& probes) const {
  Listener* listener = pass.listener();
  ScanOptions options{.reverse = heard.reverse,
                      .lengths = heard.lengths,
                      .segments = options_.segments,
                      .rounding = options_.rounding,
                      .probes = probes,
                      .gradient_norms = listener && listener->gradient_norms};
  if (listener) {
    options.probes.insert(options.probes.end(), listener->probes.begin(), listener->probes.end());
  }
  ScanResult result;
  try {
    result = pass.visit([&](auto& tape) {
      return scan.run(tape, heard.parameters, heard.inputs, heard.states, options);
    });
  } catch (const NonFiniteError& error) {
    throw NonFiniteError(fmt::format("{}, {}", heard.place, error.what()));
  }
  if (listener) {
    const auto first = result.probes.begin() + static_cast<std::ptrdiff_t>(probes.size());
    heard.probes.assign(first, result.probes.end());
    result.probes.erase(first, result.probes.end());
    heard.gradient_norms = result.gradient_norms;
    listener->scans.push_back(std::move(heard));
  }
  return result;
}

namespace {

// Sums of losses begin at 0, also where a sequence goes on from another one.
void begin_losses(const Pass& pass, const StepProgram& program, std::vector<Var>& states) {
  for (std::size_t k = 0; k < states.size(); ++k) {
    if (program.states[k].loss_weight) states[k] = pass.full(states[k].shape(), 0.0);
  }
}

void add_losses(const Pass& pass, const StepProgram& program, const std::vector<Var>& states) {
  for (std::size_t k = 0; k < states.size(); ++k) {
    const ProgramState& state = program.states[k];
    if (state.loss_weight) pass.add_loss({state.name, states[k], *state.loss_weight});
  }
}

}  // namespace

StackResult RecurrentStack::run(const Pass& pass, Var x, std::span<const Var> states,
                                const StackArguments& arguments) const {
  const std::span<const Var> parameters = own_parameters(pass);
  StackResult result{x, {}};
  std::size_t next_parameter = 0;
  std::size_t next_state = 0;
  for (int layer = 0; layer < options_.depth; ++layer) {
    const Scan& scan = this->scan(layer, arguments.memory);
    const StepProgram& program = scan.program();
    const std::size_t own_states = this->states(layer).size();
    const std::string place = fmt::format("{}/{}", options_.name, layer);
    if (layer > 0) {
      result.outputs = dropout(pass, result.outputs, place + "/input",
                               dropout_of(options_.model.dropout_between));
    }
    std::array<Var, 2> outputs;
    for (int direction = 0; direction < directions(); ++direction) {
      const std::string at = place + (direction == 0 ? "/forward" : "/backward");
      const auto own = parameters.subspan(next_parameter, program.parameters.size());
      const auto carried = states.subspan(next_state, own_states);
      std::vector<Var> start(carried.begin(), carried.end());
      begin_losses(pass, program, start);
      if (own_states < program.states.size()) {
        const AttendedMemory& memory = *arguments.memory;
        start.insert(start.end(), {memory.rows, memory.keys, memory.mask, memory.length});
        start.resize(program.states.size());
      }
      ScanResult scanned =
          run_scan(pass, scan,
                   {.place = at,
                    .program = &program,
                    .parameters = {own.begin(), own.end()},
                    .inputs = inputs_of(pass, layer, at, result.outputs, arguments),
                    .states = std::move(start),
                    .lengths = arguments.lengths,
                    .reverse = direction == 1},
                   arguments.probes);
      next_parameter += own.size();
      next_state += own_states;
      scanned.final_states.resize(own_states);
      add_losses(pass, program, scanned.final_states);
      outputs[static_cast<std::size_t>(direction)] = scanned.outputs;
      result.states.insert(result.states.end(), scanned.final_states.begin(),
                           scanned.final_states.end());
      result.probes.insert(result.probes.end(), scanned.probes.begin(), scanned.probes.end());
    }
    result.outputs = directions() == 2 ? concat(std::span<const Var>(outputs), -1) : outputs[0];
    result.outputs = normalised(parameters, layer, result.outputs);
  }
  return result;
}

}  // namespace carousel
