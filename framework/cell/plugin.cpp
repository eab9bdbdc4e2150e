#include "cell/plugin.hpp"

#include <elf.h>
#include <link.h>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <cstring>

#include "io/digest.hpp"
#include "io/files.hpp"
#include "program/steps.hpp"
#include "tape/gradient_check.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

using boost::dll::shared_library;

constexpr PluginTag own_tag = plugin_tag(CAROUSEL_VERSION);

// Sizes that cells with heads, groups or halves can divide.
constexpr Index check_input = 6;
constexpr Index check_hidden = 12;
constexpr double gradient_tolerance = 1e-6;

// Runs code of the plug-in: whatever it throws becomes an InputError that says where.
template <class Action>
auto guarded(const std::string& where, Action&& action) {
  try {
    return action();
  } catch (const std::exception& error) {
    fail_input("{}: {}", where, error.what());
  } catch (...) {
    fail_input("{}: threw something that is no std::exception", where);
  }
}

// Before it is loaded: loading runs code, and a sanitizer ends a program that is built without it.
// Returns the digest of what was checked.
std::string check_tag(const std::filesystem::path& path) {
  if (!is_there(path)) fail_input("there is no such file");
  const std::string bytes = is_file(path) ? read_text(path) : std::string();
  ElfW(Ehdr) header{};
  if (bytes.size() < sizeof header || !bytes.starts_with(ELFMAG)) {
    fail_input("this is not a shared library");
  }
  // A linker writes the table of sections last. Loading a file that is cut short can end the
  // program.
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_shoff + std::size_t{header.e_shnum} * header.e_shentsize > bytes.size()) {
    fail_input("the file is cut short; copy or build it again");
  }
  const auto begin = bytes.find(plugin_tag_start);
  if (begin == std::string::npos) {
    fail_input(
        "it has no ABI tag, so it is no plug-in; expected CAROUSEL_PLUGIN of cell/plugin.hpp in "
        "one of its sources");
  }
  const std::string_view expected = own_tag.data();
  const std::string_view got = bytes.data() + begin;
  if (got != expected) {
    fail_input(
        "it was built for something else; build it again with the compiler and the installed "
        "package of this program\n  got      {}\n  expected {}",
        got, expected);
  }
  return sha256(bytes);
}

const shared_library& open_library(const std::filesystem::path& path) {
  // Never unloaded: cells and ops point into it until the very end.
  static auto& loaded = *new std::vector<shared_library>;
  try {
    loaded.emplace_back(std::filesystem::absolute(path), boost::dll::load_mode::rtld_now);
  } catch (const std::exception& error) {
    fail_input(
        "it can't be loaded; a symbol that is not found is either one of a library that the "
        "plug-in does not link to, or this program does not export its symbols\n  {}",
        error.what());
  }
  return loaded.back();
}

PluginRegistry call_register(const shared_library& library) {
  if (!library.has("register_cells")) {
    fail_input("it has no function register_cells; CAROUSEL_PLUGIN defines it");
  }
  PluginRegistry added;
  guarded("register_cells", [&] { library.get<void(PluginRegistry&)>("register_cells")(added); });
  return added;
}

void check_derivatives(const Op& op) {
  if (!op.derivative) return;
  if (op.examples.empty()) fail_input("it has a derivative, but no example to check it with");
  for (std::size_t example = 0; example < op.examples.size(); ++example) {
    for (const int order : {1, 2}) {
      const GradientError error = check_op(op, example, order);
      if (error.worst <= gradient_tolerance) continue;
      fail_input("the {} derivative is wrong by a share of {:.2g} on example {}: {}",
                 order == 1 ? "first" : "second", error.worst, example, error.where);
    }
  }
}

Tensor<double> draw(Shape shape, const std::string& name) {
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == batch_dim) shape[axis] = 2;
  }
  return initialise<double>(Initialiser::normal(0.5), shape, Random(1, std::string_view(name)));
}

void check_cell(const Cell& cell) {
  if (cell.name.empty()) fail_input("it has no name");
  if (!cell.build) fail_input("it has no function that builds it");
  const StepProgram program = cell.build({check_input, check_hidden});
  if (program.output < 0) fail_input("its program has no output; see StepBuilder::finish");
  for (const ProgramNode& node : program.nodes) {
    if (node.op && &find_op(node.op->name) != node.op) {
      fail_input("it uses an op '{}' that is not the one of the table; take it from find_op",
                 node.op->name);
    }
  }
  Tape<double> tape;
  tape.set_check_finite(true);
  std::vector<ParameterSpec> specs;
  for (const auto& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  const ParameterSet<double> values(specs, 1);
  std::vector<Var> parameters, inputs, states;
  for (const auto& value : values.values()) parameters.push_back(tape.leaf(value));
  for (const int node : program.inputs) {
    const ProgramNode& input = program.nodes[static_cast<std::size_t>(node)];
    inputs.push_back(tape.constant(draw(input.shape, input.name)));
  }
  for (const auto& state : program.states) {
    states.push_back(tape.constant(draw(state.shape, state.name)));
  }
  const StepResult result = run_step(program, parameters, inputs, states);
  // A second step takes what the first one gives.
  run_step(program, parameters, inputs, result.states);
}

}  // namespace

void load_plugin(const std::filesystem::path& path, CellRegistry& registry,
                 const PluginOptions& options) {
  guarded("plug-in " + path.string(), [&] {
    const std::string digest = check_tag(path);
    const PluginRegistry added = call_register(open_library(path));
    for (const Op& op : added.ops()) register_op(op);
    if (options.check_gradients) {
      for (const Op& op : added.ops()) {
        guarded(fmt::format("op '{}'", op.name), [&] { check_derivatives(op); });
      }
    }
    for (const Cell& cell : added.cells()) {
      guarded(fmt::format("cell '{}' at input {}, hidden {}", cell.name, check_input, check_hidden),
              [&] { check_cell(cell); });
      registry.add(cell);
    }
    registry.note_plugin(path.filename().string(), digest);
  });
}

}  // namespace carousel
