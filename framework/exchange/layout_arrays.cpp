#include "exchange/layout_arrays.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <sstream>

#include "exchange/onnx/same_equations.hpp"
#include "io/given_arrays.hpp"

namespace carousel {
namespace {

using Shapes = std::map<std::string, Shape>;

// Of LayoutTensor::blocks, taken apart.
struct Block {
  std::string parameter;  // empty: not read
  bool negated = false, added = false;
};

std::vector<Block> blocks_of(const LayoutTensor& tensor) {
  std::vector<Block> blocks;
  std::istringstream words(tensor.blocks);
  for (std::string word; words >> word;) {
    Block block;
    block.added = word.starts_with('+');
    if (block.added) word.erase(0, 1);
    block.negated = word.starts_with('-');
    if (block.negated) word.erase(0, 1);
    if (word != "0") block.parameter = word;
    blocks.push_back(block);
  }
  return blocks;
}

// How a stack is laid out.
struct Form {
  std::size_t layers = 1, directions = 1;
  bool numbered = false;  // of Keras and ONNX: "0/" stands before the names of the first layer
};

std::string name_of(const Layout& layout, const LayoutTensor& tensor, const Form& form,
                    std::size_t layer, std::size_t direction) {
  const std::string front = form.numbered ? fmt::format("{}/", layer) : "";
  switch (layout.owner) {
    case Library::pytorch:
      return fmt::format("{}_l{}{}", tensor.name, layer, direction == 0 ? "" : "_reverse");
    case Library::keras: {
      const char* const wrapper = direction == 0 ? "forward_layer/" : "backward_layer/";
      return front + (form.directions == 2 ? wrapper : "") + tensor.name;
    }
    case Library::onnx: return front + tensor.name;
  }
  fail_bug("a library without names");
}

Form form_of(const Layout& layout, const NamedArrays& theirs) {
  const auto has = [&](const Form& form, std::size_t layer, std::size_t direction) {
    return theirs.contains(name_of(layout, layout.tensors[0], form, layer, direction));
  };
  Form form;
  for (const bool numbered : {false, true}) {
    for (const std::size_t directions : {std::size_t{1}, std::size_t{2}}) {
      const Form tried{1, directions, numbered};
      if (has(tried, 0, directions - 1)) form = tried;
    }
  }
  if (layout.owner == Library::pytorch) form.numbered = false;
  if (layout.owner == Library::onnx) {
    form.directions = 1;
    const auto first = theirs.find(name_of(layout, layout.tensors[0], form, 0, 0));
    const bool both =
        first != theirs.end() && first->second.shape().rank() > 0 && first->second.shape()[0] == 2;
    if (both) form.directions = 2;
  }
  const bool several = form.numbered || layout.owner == Library::pytorch;
  while (several && has(form, form.layers, 0)) ++form.layers;
  return form;
}

// Sizes of a layer's program.
struct Sizes {
  Index input = 0, hidden = 0, output = 0;
};

Shapes shapes_of(const StepProgram& program) {
  Shapes shapes;
  for (const ProgramParameter& parameter : program.parameters) {
    shapes[parameter.name] = parameter.shape;
  }
  return shapes;
}

StepProgram program_of(const Cell& cell, const Sizes& sizes) {
  CellSizes all{sizes.input, sizes.hidden};
  for (const CellHyper& hyper : cell.hypers) {
    if (hyper.name == "projection") all.hyper[hyper.name] = double(sizes.output);
  }
  return cell.build(all);
}

// Of the layer behind, which reads what both directions give.
Sizes next_sizes(const Sizes& sizes, const Form& form) {
  return {sizes.output * static_cast<Index>(form.directions), sizes.hidden, sizes.output};
}

// Rows and columns of a matrix of one block, out of [n * rows, columns] and so on.
std::optional<Shape> matrix_in(const Layout& layout, const LayoutTensor& tensor,
                               const Shape& shape) {
  const int first = layout.owner == Library::onnx ? 1 : 0;
  const auto blocks = static_cast<Index>(blocks_of(tensor).size());
  if (shape.rank() != first + 2) return std::nullopt;
  Index rows = shape[first], columns = shape[first + 1];
  if (tensor.order == BlockOrder::columns) std::swap(rows, columns);
  if (rows % blocks != 0) return std::nullopt;
  return Shape{rows / blocks, columns};
}

Shape shape_of(const Layout& layout, const LayoutTensor& tensor, const Form& form,
               const Shapes& shapes) {
  const std::vector<Block> blocks = blocks_of(tensor);
  const Shape& own = shapes.at(blocks[0].parameter);
  const Index side_by_side = own[0] * static_cast<Index>(blocks.size());
  Shape shape;
  if (layout.owner == Library::onnx) shape.push_back(static_cast<Index>(form.directions));
  if (tensor.order == BlockOrder::two_rows) {
    shape.push_back(2);
    shape.push_back(side_by_side / 2);
    return shape;
  }
  if (tensor.order == BlockOrder::columns) shape.push_back(own[1]);
  shape.push_back(side_by_side);
  if (tensor.order == BlockOrder::rows && own.rank() == 2) shape.push_back(own[1]);
  return shape;
}

// Calls action(parameter's element, tensor's element) for all of block k of a tensor of one layer
// and direction.
template <class Action>
void for_each_element(const LayoutTensor& tensor, const Shape& own, Index k, Index blocks,
                      Action&& action) {
  const Index rows = own[0], columns = own.numel() / rows;
  for (Index row = 0; row < rows; ++row) {
    for (Index column = 0; column < columns; ++column) {
      action(row * columns + column, tensor.order == BlockOrder::columns
                                         ? (column * blocks + k) * rows + row
                                         : (k * rows + row) * columns + column);
    }
  }
}

// Zero has a sign, which a sum with the other zero would lose.
double sum_of(double first, double second) {
  if (second == 0.0) return first;
  return first == 0.0 ? second : first + second;
}

// Makes ours the sum, with both beside it; without them ours goes back with a zero.
void add_second(const std::string& parameter, const Tensor<double>& second, NamedArrays& ours,
                const std::string& file) {
  const Tensor<double> first = ours.at(parameter);
  auto sum = Tensor<double>::uninitialised(first.shape());
  std::ranges::transform(first.values(), second.values(), sum.data(), sum_of);
  if (!std::ranges::all_of(sum.values(), [](double value) { return std::isfinite(value); })) {
    fail_input("{}: the sum of the two biases of '{}' is not finite, expected finite numbers", file,
               parameter);
  }
  const auto [name_of_first, name_of_second] = summand_names(parameter);
  ours[parameter] = sum;
  ours[name_of_first] = first;
  ours[name_of_second] = second;
}

// from: the part of the tensor that belongs to this direction.
void take_apart(const LayoutTensor& tensor, const double* from, const Shapes& shapes,
                NamedArrays& ours, const std::string& file) {
  const std::vector<Block> blocks = blocks_of(tensor);
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    const Block& block = blocks[k];
    if (block.parameter.empty()) continue;
    const Shape& shape = shapes.at(block.parameter);
    auto part = Tensor<double>::uninitialised(shape);
    bool is_zero = true;  // of that sign which a zero of ours has there
    for_each_element(tensor, shape, Index(k), std::ssize(blocks), [&](Index own, Index theirs) {
      is_zero = is_zero && from[theirs] == 0.0 && !std::signbit(from[theirs]);
      part.data()[own] = block.negated ? -from[theirs] : from[theirs];
    });
    if (!block.added) ours[block.parameter] = part;
    else if (!is_zero) add_second(block.parameter, part, ours, file);
  }
}

// What of a parameter goes to a block, if anything does.
std::optional<Tensor<double>> part_for(const Block& block, const NamedArrays& ours) {
  if (block.parameter.empty()) return std::nullopt;
  const Tensor<double>& whole = ours.at(block.parameter);
  const auto names = summand_names(block.parameter);
  if (!ours.contains(names[1])) return block.added ? std::nullopt : std::optional(whole);
  const Tensor<double>&first = ours.at(names[0]), &second = ours.at(names[1]);
  auto part = Tensor<double>::uninitialised(whole.shape());
  for (Index k = 0; k < whole.numel(); ++k) {
    const double own = whole.data()[k], sum = sum_of(first.data()[k], second.data()[k]);
    const bool is_sum = own == sum || own == double(float(sum));
    if (block.added) part.data()[k] = is_sum ? second.data()[k] : 0.0;
    else part.data()[k] = is_sum ? first.data()[k] : own;
  }
  return part;
}

// The other way round; where nothing goes stays zero.
void put_together(const LayoutTensor& tensor, const NamedArrays& ours, double* to) {
  const std::vector<Block> blocks = blocks_of(tensor);
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    const auto part = part_for(blocks[k], ours);
    if (!part) continue;
    for_each_element(tensor, part->shape(), Index(k), std::ssize(blocks),
                     [&](Index own, Index theirs) {
                       to[theirs] = blocks[k].negated ? -part->data()[own] : part->data()[own];
                     });
  }
}

std::string list_of(const NamedArrays& arrays) {
  constexpr std::size_t most = 20;
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, array] : arrays) {
    if (count++ < most) text += fmt::format("\n  {} {}", name, array.shape().to_string());
  }
  if (count > most) text += fmt::format("\n  and {} others", count - most);
  return text.empty() ? " nothing" : text;
}

Sizes sizes_of(const Layout& layout, const Form& form, const NamedArrays& theirs,
               const std::string& file) {
  const auto matrix = [&](std::size_t k) -> std::optional<Shape> {
    const auto found = theirs.find(name_of(layout, layout.tensors[k], form, 0, 0));
    if (found == theirs.end()) return std::nullopt;
    return matrix_in(layout, layout.tensors[k], found->second.shape());
  };
  const auto input = matrix(0), recurrent = matrix(1);
  if (!input) {
    std::vector<std::string> names;
    for (const LayoutTensor& tensor : layout.tensors) {
      names.push_back(name_of(layout, tensor, form, 0, 0));
    }
    fail_input("{}: there is no {} as {} has it, expected {}; got{}", file, names[0], layout.kind,
               fmt::join(names, ", "), list_of(theirs));
  }
  const Index hidden = (*input)[0];
  return {(*input)[1], hidden, recurrent ? (*recurrent)[1] : hidden};
}

std::string whom(const Layout& layout, const Sizes& sizes, const Form& form) {
  return fmt::format("{} of {} {}{}, input {}, hidden {}", layout.kind, form.layers,
                     form.layers == 1 ? "layer" : "layers",
                     form.directions == 2 ? " in both directions" : "", sizes.input, sizes.hidden);
}

// Calls action(name, tensor, shape) for all tensors that a stack of this form has.
template <class Action>
void for_each_tensor(const Layout& layout, const Cell& reference, const Form& form,
                     const Sizes& first, Action&& action) {
  Sizes sizes = first;
  for (std::size_t layer = 0; layer < form.layers; ++layer) {
    const Shapes shapes = shapes_of(program_of(reference, sizes));
    const std::size_t named = layout.owner == Library::onnx ? 1 : form.directions;
    for (std::size_t direction = 0; direction < named; ++direction) {
      for (const LayoutTensor& tensor : layout.tensors) {
        action(name_of(layout, tensor, form, layer, direction), tensor,
               shape_of(layout, tensor, form, shapes));
      }
    }
    sizes = next_sizes(sizes, form);
  }
}

// All three libraries can leave them out: bias=False, use_bias=False, no B.
bool is_bias(const LayoutTensor& tensor) {
  return tensor.name.starts_with("bias") || tensor.name == "B";
}

// Throws unless all arrays are there, of their shapes, and no others.
void expect_fitting(const Layout& layout, const Cell& reference, const NamedArrays& theirs,
                    const Form& form, const Sizes& first, const std::string& file) {
  GivenArrays given(file, theirs);
  for_each_tensor(layout, reference, form, first,
                  [&](const std::string& name, const LayoutTensor&, const Shape& shape) {
                    if (!given.take(name, {shape})) given.note_missing(name, {shape});
                  });
  given.expect_fitting(whom(layout, first, form));
}

// The sizes of what has these parameters, from its matrices.
Sizes sizes_of(const Layout& layout, const Shapes& shapes, const std::string& whose) {
  const auto matrix = [&](std::size_t k) {
    const std::string name = blocks_of(layout.tensors[k])[0].parameter;
    const auto found = shapes.find(name);
    if (found != shapes.end() && found->second.rank() == 2) return found->second;
    fail_input("{} has no matrix '{}', expected a cell with the equations of {} for {}", whose,
               name, layout.cell, layout.kind);
  };
  return {matrix(0)[1], matrix(0)[0], matrix(1)[1]};
}

// Throws unless the parameters are those of the layout's cell.
void expect_parameters(const Layout& layout, const Shapes& expected, const NamedArrays& ours,
                       const std::string& whose) {
  GivenArrays given(whose, ours);
  const auto take = [&](const std::string& name, const Shape& shape) {
    if (!given.take(name, {shape})) given.note_missing(name, {shape});
  };
  for (const auto& [name, shape] : expected) {
    take(name, shape);
    const auto summands = summand_names(name);
    if (std::ranges::none_of(summands, [&](const auto& one) { return given.has(one); })) continue;
    for (const std::string& summand : summands) take(summand, shape);
  }
  given.expect_fitting(fmt::format("{}, which is cell {} of ours", layout.kind, layout.cell));
}

// What another library calls a parameter of a layer without recurrence.
struct OtherName {
  std::string_view ours, theirs;
  bool transposed = false;
};

std::span<const OtherName> other_names(Library library) {
  static constexpr OtherName pytorch[] = {
      {"/W", ".weight"}, {"/b", ".bias"}, {"/table", ".weight"}};
  static constexpr OtherName keras[] = {
      {"/W", "/kernel", true}, {"/b", "/bias"}, {"/table", "/embeddings"}};
  switch (library) {
    case Library::pytorch: return pytorch;
    case Library::keras: return keras;
    case Library::onnx: return {};
  }
  fail_bug("a library without names");
}

Tensor<double> transposed(const Tensor<double>& array) {
  const Index rows = array.shape()[0], columns = array.shape()[1];
  auto result = Tensor<double>::uninitialised({columns, rows});
  for (Index k = 0; k < array.numel(); ++k) {
    result.data()[k % columns * rows + k / columns] = array.data()[k];
  }
  return result;
}

void add_other(const Layout& layout, const std::string& name, const Tensor<double>& array,
               NamedArrays& theirs) {
  for (const OtherName& known : other_names(layout.owner)) {
    if (!name.ends_with(known.ours)) continue;
    std::string front = name.substr(0, name.size() - known.ours.size());
    const bool turned = known.transposed && array.shape().rank() == 2;
    theirs[front.append(known.theirs)] = turned ? transposed(array) : array;
    return;
  }
  theirs[name] = array;
}

}  // namespace

bool lacks_biases(const Layout& layout, const NamedArrays& theirs) {
  return std::ranges::none_of(layout.tensors, [&](const LayoutTensor& tensor) {
    return is_bias(tensor) && std::ranges::any_of(theirs, [&](const auto& entry) {
             return entry.first.substr(entry.first.rfind('/') + 1).starts_with(tensor.name);
           });
  });
}

StackArrays ours_of(const Layout& layout, const Cell& reference, const NamedArrays& given,
                    const std::string& file) {
  NamedArrays theirs = given;
  const Form form = form_of(layout, theirs);
  Sizes sizes = sizes_of(layout, form, theirs, file);
  if (lacks_biases(layout, theirs)) {
    for_each_tensor(layout, reference, form, sizes,
                    [&](const std::string& name, const LayoutTensor& tensor, const Shape& shape) {
                      if (is_bias(tensor)) theirs[name] = Tensor<double>::zeros(shape);
                    });
  }
  expect_fitting(layout, reference, theirs, form, sizes, file);
  StackArrays stack(form.layers, std::vector<NamedArrays>(form.directions));
  for (std::size_t layer = 0; layer < form.layers; ++layer) {
    const Shapes shapes = shapes_of(program_of(reference, sizes));
    for (std::size_t direction = 0; direction < form.directions; ++direction) {
      for (const LayoutTensor& tensor : layout.tensors) {
        const Tensor<double>& array = theirs.at(name_of(layout, tensor, form, layer, direction));
        const double* from = array.data();
        if (layout.owner == Library::onnx) {
          from += array.numel() / Index(form.directions) * Index(direction);
        }
        take_apart(tensor, from, shapes, stack[layer][direction], file);
      }
    }
    sizes = next_sizes(sizes, form);
  }
  return stack;
}

NamedArrays theirs_of(const Layout& layout, const Cell& reference, const StackArrays& ours,
                      const std::string& whose) {
  const Form form{ours.size(), ours.at(0).size(), ours.size() > 1};
  Shapes shapes;
  for (const auto& [name, array] : ours[0][0]) shapes[name] = array.shape();
  Sizes sizes = sizes_of(layout, shapes, whose);
  NamedArrays theirs;
  for (std::size_t layer = 0; layer < form.layers; ++layer) {
    shapes = shapes_of(program_of(reference, sizes));
    for (std::size_t direction = 0; direction < form.directions; ++direction) {
      const NamedArrays& own = ours[layer][direction];
      expect_parameters(layout, shapes, own, whose);
      for (const LayoutTensor& tensor : layout.tensors) {
        Tensor<double>& array = theirs[name_of(layout, tensor, form, layer, direction)];
        if (!array.defined()) {
          array = Tensor<double>::zeros(shape_of(layout, tensor, form, shapes));
        }
        double* to = array.data();
        if (layout.owner == Library::onnx) {
          to += array.numel() / Index(form.directions) * Index(direction);
        }
        put_together(tensor, own, to);
      }
    }
    sizes = next_sizes(sizes, form);
  }
  return theirs;
}

CellSizes first_sizes(const Layout& layout, const StackArrays& ours, const std::string& whose) {
  Shapes shapes;
  for (const auto& [name, array] : ours.at(0).at(0)) shapes[name] = array.shape();
  const Sizes sizes = sizes_of(layout, shapes, whose);
  return {sizes.input, sizes.hidden};
}

StackArrays renamed(const StackArrays& stack, const ReferenceNames& names) {
  StackArrays result = stack;
  for (auto& layer : result) {
    for (NamedArrays& scan : layer) {
      NamedArrays known;
      for (const auto& [name, array] : scan) {
        const std::string own = name.substr(0, name.find('/'));  // without that of a summand
        const auto found = names.find(own);
        known[found == names.end() ? name : found->second + name.substr(own.size())] = array;
      }
      scan = std::move(known);
    }
  }
  return result;
}

NamedArrays model_in_layout(const Layout& layout, const Cell& reference,
                            const NamedArrays& parameters, const ReferenceNames& names,
                            const std::string& whose) {
  const ModelArrays model = model_arrays(parameters);
  NamedArrays theirs;
  for (const auto& [stack, arrays] : model.stacks) {
    const char separator = layout.owner == Library::pytorch ? '.' : '/';
    for (const auto& [name, array] : theirs_of(layout, reference, renamed(arrays, names),
                                               fmt::format("{}: {}", whose, stack))) {
      theirs[stack + separator + name] = array;
    }
  }
  for (const auto& [name, array] : model.others) {
    if (name.ends_with("/norm/gain")) {
      fail_input("{}: it has layer norm ('{}'), which {} does not: export it without --as", whose,
                 name, layout.kind);
    }
    add_other(layout, name, array, theirs);
  }
  return theirs;
}

ReferenceNames reference_names(const Layout& layout, const Cell& reference,
                               const StepProgram& program, const std::string& whose) {
  Sizes sizes{program.nodes[static_cast<std::size_t>(program.inputs.at(0))].shape.back(), 0,
              program.output_shape().back()};
  for (const ProgramState& state : program.states) {
    sizes.hidden = std::max(sizes.hidden, state.shape.back());
  }
  const StepProgram expected = program_of(reference, sizes);
  const auto same = same_equations(expected, program);
  if (!same) {
    fail_input(
        "{}: its equations are not those of {}, which {} computes ('carousel show {}'); export it "
        "without --as, by its own names",
        whose, layout.cell, layout.kind, layout.cell);
  }
  ReferenceNames names;
  for (std::size_t k = 0; k < expected.parameters.size(); ++k) {
    names[program.parameters.at(same->parameters[k]).name] = expected.parameters[k].name;
  }
  return names;
}

}  // namespace carousel
