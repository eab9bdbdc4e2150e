#include "layer/recurrent_stack.hpp"

#include <algorithm>
#include <array>

#include "op/composites.hpp"
#include "op/functions.hpp"

namespace carousel {

namespace {

MaskedProgram built(const Cell& cell, const CellSizes& sizes, const ModelOptions& model) {
  StepProgram program = cell.build(sizes);
  if (model.learned_states) program = with_learned_states(program);
  return with_zoneout(with_recurrent_dropout({std::move(program)}, model.recurrent_dropout),
                      model.zoneout);
}

}  // namespace

RecurrentStack::RecurrentStack(const Cell& cell, const StackOptions& options) : options_(options) {
  if (options.input < 1 || options.hidden < 1 || options.depth < 1) {
    fail_input("recurrent stack: got input size {}, hidden size {}, depth {}; expected at least 1",
               options.input, options.hidden, options.depth);
  }
  std::vector<ParameterSpec> norms;
  Index input = options.input;
  for (int layer = 0; layer < options.depth; ++layer) {
    MaskedProgram masked = built(cell, {input, options.hidden}, options.model);
    masks_.push_back(std::move(masked.masks));
    scans_.emplace_back(std::move(masked.program));
    add_parameters(layer, scans_.back().program());
    input = scans_.back().program().output_shape().back() * directions();
    if (!options.model.layer_norm) continue;
    const std::string name = fmt::format("{}/{}/norm/", options.name, layer);
    norms.push_back({name + "gain", {input}, Initialiser::ones()});
    norms.push_back({name + "bias", {input}, Initialiser::zeros()});
  }
  specs_.insert(specs_.end(), norms.begin(), norms.end());
  output_size_ = input;
}

void RecurrentStack::add_parameters(int layer, const StepProgram& program) {
  for (int direction = 0; direction < directions(); ++direction) {
    for (const ProgramParameter& p : program.parameters) {
      specs_.push_back({fmt::format("{}/{}/{}/{}", options_.name, layer,
                                    direction == 0 ? "forward" : "backward", p.name),
                        p.shape, p.init, p.shape.rank() > 1 && p.trained, p.trained});
    }
  }
}

std::size_t RecurrentStack::bytes_reserved() const {
  std::size_t bytes = 0;
  for (const Scan& scan : scans_) bytes += scan.bytes_reserved();
  return bytes;
}

// A cell may have none.
std::span<const Var> RecurrentStack::own_parameters(const Pass& pass) const {
  if (specs_.empty()) return {};
  return pass.parameters().of(options_.name);
}

MaskValues RecurrentStack::dropout_of(double rate) const {
  return MaskValues::dropout(rate, options_.model.dropout_mask == "sequence");
}

std::vector<Var> RecurrentStack::initial_states(const Pass& pass, Index batch) const {
  std::span<const Var> parameters = own_parameters(pass);
  std::vector<Var> all;
  for (const Scan& scan : scans_) {
    const StepProgram& program = scan.program();
    for (int direction = 0; direction < directions(); ++direction) {
      const auto own = parameters.first(program.parameters.size());
      parameters = parameters.subspan(own.size());
      const std::vector<Var> states = pass.visit(
          [&](auto& tape) { return carousel::initial_states(program, tape, own, batch); });
      all.insert(all.end(), states.begin(), states.end());
    }
  }
  return all;
}

void RecurrentStack::expect_fitting(Var x, const StackArguments& arguments) const {
  const Shape& shape = x.shape();
  if (shape.rank() != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] != options_.input) {
    fail_input("recurrent stack: x has shape {}, expected [steps, batch, {}]", shape.to_string(),
               options_.input);
  }
  std::size_t states = 0;
  for (const Scan& scan : scans_) {
    states += static_cast<std::size_t>(directions()) * scan.program().states.size();
  }
  if (!arguments.states.empty() && arguments.states.size() != states) {
    fail_input("recurrent stack: got {} initial states, expected {}", arguments.states.size(),
               states);
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

// x, the further inputs of a program, and its masks; the default of each one that is not given.
std::vector<Var> RecurrentStack::inputs_of(const Pass& pass, int layer, const std::string& place,
                                           Var x, std::span<const Var> further) const {
  const StepProgram& program = this->program(layer);
  const auto& masks = masks_[static_cast<std::size_t>(layer)];
  const std::size_t own = program.inputs.size() - masks.size();
  if (further.size() >= own) {
    fail_input("cell {}: got {} further inputs, it has {}", program.name, further.size(), own - 1);
  }
  const Shape like = x.shape();
  std::vector<Var> all{x};
  for (std::size_t k = 1; k < program.inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    const Shape shape{like[0], like[1], node.shape.back()};
    if (k >= own && pass.masks()) {
      const MaskInput& mask = masks[k - own];
      const MaskValues keep{mask.rate, 1.0, 0.0};
      all.push_back(pass.mask(place + "/" + mask.name, shape,
                              mask.kind == MaskInput::Kind::keep ? keep : dropout_of(mask.rate)));
    } else if (k <= further.size() && further[k - 1].defined()) {
      all.push_back(further[k - 1]);
    } else if (node.otherwise) {
      all.push_back(pass.visit([&]<class T>(Tape<T>& tape) {
        return tape.constant(Tensor<T>::full(shape, static_cast<T>(*node.otherwise)));
      }));
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
ScanResult RecurrentStack::run_scan(const Pass& pass, int layer, HeardScan scan,
                                    const std::vector<std::string>& probes) const {
  Listener* listener = pass.listener();
  ScanOptions options{.reverse = scan.reverse,
                      .lengths = scan.lengths,
                      .segments = options_.segments,
                      .probes = probes,
                      .gradient_norms = listener && listener->gradient_norms};
  if (listener) {
    options.probes.insert(options.probes.end(), listener->probes.begin(), listener->probes.end());
  }
  ScanResult result;
  try {
    result = pass.visit([&](auto& tape) {
      return scans_[static_cast<std::size_t>(layer)].run(tape, scan.parameters, scan.inputs,
                                                         scan.states, options);
    });
  } catch (const NonFiniteError& error) {
    throw NonFiniteError(fmt::format("layer {}, {}", layer, error.what()));
  }
  if (listener) {
    const auto first = result.probes.begin() + static_cast<std::ptrdiff_t>(probes.size());
    scan.probes.assign(first, result.probes.end());
    result.probes.erase(first, result.probes.end());
    scan.gradient_norms = result.gradient_norms;
    listener->scans.push_back(std::move(scan));
  }
  return result;
}

StackResult RecurrentStack::run(const Pass& pass, Var x, std::span<const Var> states,
                                const StackArguments& arguments) const {
  const std::span<const Var> parameters = own_parameters(pass);
  StackResult result{x, {}};
  std::size_t next_parameter = 0;
  std::size_t next_state = 0;
  for (int layer = 0; layer < options_.depth; ++layer) {
    const StepProgram& program = this->program(layer);
    const std::string place = fmt::format("{}/{}", options_.name, layer);
    if (layer > 0) {
      result.outputs = dropout(pass, result.outputs, place + "/input",
                               dropout_of(options_.model.dropout_between));
    }
    std::array<Var, 2> outputs;
    for (int direction = 0; direction < directions(); ++direction) {
      const std::string at = place + (direction == 0 ? "/forward" : "/backward");
      const auto own = parameters.subspan(next_parameter, program.parameters.size());
      const auto start = states.subspan(next_state, program.states.size());
      const ScanResult scanned =
          run_scan(pass, layer,
                   {.place = at,
                    .program = &program,
                    .parameters = {own.begin(), own.end()},
                    .inputs = inputs_of(pass, layer, at, result.outputs, arguments.further),
                    .states = {start.begin(), start.end()},
                    .lengths = arguments.lengths,
                    .reverse = direction == 1},
                   arguments.probes);
      next_parameter += own.size();
      next_state += start.size();
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
