#include "program/sweep.hpp"

#include <algorithm>
#include <string_view>

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

bool is_op(const ProgramNode& node, std::string_view name) {
  return node.kind == ProgramNode::Kind::op && node.op->name == name;
}

// The axes of one sequence's part of a value; all axes of a value without a batch.
Shape axes_of(const Shape& shape) {
  if (!is_batched(shape)) return shape;
  Shape axes;
  if (shape[0] != batch_dim) axes.push_back(-shape[0]);
  for (int i = 1; i < shape.rank(); ++i) axes.push_back(shape[i]);
  return axes;
}

int axes_above_one(const Shape& shape) {
  const Shape axes = axes_of(shape);
  return static_cast<int>(std::ranges::count_if(axes, [](Index n) { return n > 1; }));
}

using AxisStrides = std::array<Index, Shape::max_rank>;

// Of a row-major value of these axes in a space of those, by NumPy's rule.
std::optional<AxisStrides> strides_in(const Shape& axes, const Shape& space) {
  AxisStrides strides{};
  Index step = 1;
  for (int k = 1; k <= axes.rank(); ++k) {
    const Index own = axes[axes.rank() - k];
    if (k > space.rank()) {
      if (own != 1) return std::nullopt;
      continue;
    }
    const int axis = space.rank() - k;
    if (own != 1 && own != space[axis]) return std::nullopt;
    strides[index(axis)] = own == 1 ? 0 : step;
    step *= own;
  }
  return strides;
}

// The axes of a space that are longer than one: at most three.
struct Squeezed {
  std::array<int, 3> axis{-1, -1, -1};
  SweepSpace space;

  Strides of(const AxisStrides& strides) const {
    const auto at = [&](std::size_t k) { return axis[k] < 0 ? 0 : strides[index(axis[k])]; };
    return {at(0), at(1), at(2)};
  }
};

std::optional<Squeezed> squeezed(const Shape& space) {
  Squeezed result;
  std::array<Index, 3> size{1, 1, 1};
  std::size_t next = 3;
  for (int axis = space.rank(); axis-- > 0;) {
    if (space[axis] == 1) continue;
    if (next == 0) return std::nullopt;
    --next;
    result.axis[next] = axis;
    size[next] = space[axis];
  }
  result.space = {size[0], size[1], size[2]};
  return result;
}

// An operand below what only repeats its elements.
struct Seen {
  int node;
  Shape axes;
};

Seen seen(const StepProgram& program, int node) {
  const auto at = [&](int i) -> const ProgramNode& { return program.nodes[index(i)]; };
  while (is_op(at(node), "broadcast_to") && is_batched(at(at(node).inputs[0]).shape)) {
    node = at(node).inputs[0];
  }
  return {memory_of(program, node), axes_of(at(node).shape)};
}

class Describer {
 public:
  Describer(const StepProgram& program, int node) : program_(program), node_(node) {}

  std::optional<SweepWork> describe() const {
    const ProgramNode& n = at(node_);
    if (n.kind != ProgramNode::Kind::op) return std::nullopt;
    if (n.op->tile) return elementwise(*n.op->tile);
    if (is_op(n, "broadcast_to")) return elementwise(Tile::copy);
    if (is_op(n, "reshape")) return copy();
    if (is_op(n, "sum_to")) return sum();
    if (is_op(n, "matmul")) return product();
    return std::nullopt;
  }

 private:
  const ProgramNode& at(int i) const { return program_.nodes[index(i)]; }

  std::optional<SweepWork> elementwise(Tile tile) const {
    const Shape space = axes_of(at(node_).shape);
    return work(space, at(node_).inputs, space, tile);
  }

  std::optional<SweepWork> copy() const {
    const auto fit = squeezed(axes_of(at(node_).shape));
    if (!fit || !is_batched(at(at(node_).inputs[0]).shape)) return std::nullopt;
    SweepWork made{fit->space, false, Tile::copy, {}, fit->space.whole()};
    made.operands.push_back({memory_of(program_, node_), fit->space.whole()});
    return made;
  }

  std::optional<SweepWork> sum() const {
    const Shape& from = at(at(node_).inputs[0]).shape;
    const Shape& to = at(node_).shape;
    if (!is_batched(from)) return std::nullopt;
    if (is_batched(to) && (to.rank() != from.rank() || to[0] != from[0])) return std::nullopt;
    Shape axes = axes_of(to);
    if (!is_batched(to) && to.rank() == from.rank()) axes = without_batch(to);
    auto made = work(axes_of(from), at(node_).inputs, axes, Tile::copy);
    if (made) made->is_sum = true;
    return made;
  }

  // [m, k] times [k, n] where one of the three is 1, for each of some groups; the space is the axes
  // of the larger operand as they lie in memory, or those of the result where both are vectors.
  std::optional<SweepWork> product() const {
    const ProgramNode& n = at(node_);
    Shape a = axes_of(at(n.inputs[0]).shape), b = axes_of(at(n.inputs[1]).shape);
    if (!is_batched(n.shape) || a.rank() != b.rank() || a.rank() < 2 || a.rank() > 3) {
      return std::nullopt;
    }
    const Index groups = a.rank() == 3 ? a[0] : 1;
    if (a.rank() == 3) {
      a = without_batch(a);
      b = without_batch(b);
    }
    const bool ta = n.attributes.transpose_a, tb = n.attributes.transpose_b;
    const Index m = a[ta ? 1 : 0], k = a[ta ? 0 : 1], columns = b[tb ? 0 : 1];
    // Steps of the two sides and of the result along m, k and the columns, and from group to group.
    using Steps = std::array<Index, 4>;
    const Steps a_step{ta ? 1 : k, ta ? m : 1, 0, m * k},
        b_step{0, tb ? 1 : columns, tb ? k : 1, k * columns}, out_step{columns, 0, 1, m * columns};
    std::array<std::size_t, 2> axes{};  // of m, k and columns: those of the space
    const std::array<Index, 3> size{m, k, columns};
    if (k == 1) axes = {0, 2};
    else if (columns == 1)
      axes = ta ? std::array<std::size_t, 2>{1, 0} : std::array<std::size_t, 2>{0, 1};
    else if (m == 1)
      axes = tb ? std::array<std::size_t, 2>{2, 1} : std::array<std::size_t, 2>{1, 2};
    else return std::nullopt;
    const auto strides = [&](const Steps& step) {
      const auto along = [&](std::size_t axis) { return size[axis] == 1 ? 0 : step[axis]; };
      return Strides{groups == 1 ? 0 : step[3], along(axes[0]), along(axes[1])};
    };
    SweepWork made{
        {groups, size[axes[0]], size[axes[1]]}, k != 1, Tile::mul, {}, strides(out_step)};
    const bool turned = made.space.width == 1;  // one row instead of one column
    if (turned) std::swap(made.space.rows, made.space.width);
    const auto turn = [&](Strides s) { return turned ? Strides{s.group, 0, s.row} : s; };
    made.out = turn(made.out);
    const std::array<Steps, 2> steps{a_step, b_step};
    for (std::size_t side = 0; side < 2; ++side) {
      const Seen operand = seen(program_, n.inputs[side]);
      if (operand.axes.numel() != axes_of(at(n.inputs[side]).shape).numel()) return std::nullopt;
      made.operands.push_back({operand.node, turn(strides(steps[side]))});
    }
    return made;
  }

  std::optional<SweepWork> work(const Shape& space, const std::vector<int>& inputs,
                                const Shape& out, Tile tile) const {
    const auto fit = squeezed(space);
    const auto result = strides_in(out, space);
    if (!fit || !result) return std::nullopt;
    SweepWork made{fit->space, false, tile, {}, fit->of(*result)};
    for (const int input : inputs) {
      const bool batch = is_batched(at(input).shape);
      const Seen operand = batch ? seen(program_, input) : Seen{input, at(input).shape};
      Shape axes = operand.axes;
      // A leading 1 stands for the batch.
      if (!batch && axes.rank() == space.rank() + 1 && axes[0] == 1) axes = without_batch(axes);
      if (batch && axes.rank() != space.rank()) return std::nullopt;
      const auto strides = strides_in(axes, space);
      if (!strides) return std::nullopt;
      made.operands.push_back({operand.node, fit->of(*strides)});
    }
    return made;
  }

  const StepProgram& program_;
  int node_;
};

// Whether an op's value is one of the matrices, by what its inputs are.
bool is_wide(const StepProgram& program, const ProgramNode& n, const std::vector<char>& wide) {
  if (!is_batched(n.shape) || is_op(n, "sum_to")) return false;
  if (is_op(n, "reshape")) return wide[index(n.inputs[0])];
  if (axes_above_one(n.shape) < 2) return false;
  bool reads_wide = false;
  Index largest = 0;
  for (const int input : n.inputs) {
    const Shape& shape = program.nodes[index(input)].shape;
    reads_wide = reads_wide || wide[index(input)];
    if (is_batched(shape)) largest = std::max(largest, row_size(shape));
  }
  const bool grows = n.op->tile || is_op(n, "broadcast_to") || is_op(n, "matmul");
  if (largest < row_size(n.shape) && grows) return true;
  return reads_wide && (largest == row_size(n.shape) || !is_op(n, "matmul"));
}

}  // namespace

int memory_of(const StepProgram& program, int node) {
  const auto at = [&](int i) -> const ProgramNode& { return program.nodes[index(i)]; };
  while (is_op(at(node), "reshape") && is_batched(at(at(node).inputs[0]).shape)) {
    node = at(node).inputs[0];
  }
  return node;
}

std::optional<SweepWork> sweep_work(const StepProgram& program, int node) {
  return Describer(program, node).describe();
}

void fold_transposes(StepProgram& program) {
  for (ProgramNode& n : program.nodes) {
    if (!is_op(n, "matmul")) continue;
    for (std::size_t side = 0; side < 2; ++side) {
      const ProgramNode& operand = program.nodes[index(n.inputs[side])];
      const bool of_matrices =
          is_op(operand, "transpose") && is_batched(operand.shape) && operand.shape.rank() > 2;
      if (!of_matrices) continue;
      bool& transposes = side == 0 ? n.attributes.transpose_a : n.attributes.transpose_b;
      transposes = !transposes;
      n.inputs[side] = operand.inputs[0];
    }
  }
}

std::vector<char> wide_values(const StepProgram& program, std::vector<char> known) {
  std::vector<char> wide = std::move(known);
  wide.resize(program.nodes.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < wide.size(); ++i) {
      const ProgramNode& n = program.nodes[i];
      if (wide[i] || n.kind != ProgramNode::Kind::op || !is_wide(program, n, wide)) continue;
      wide[i] = 1;
      changed = true;
    }
    for (const ProgramState& state : program.states) {
      char& previous = wide[index(state.previous)];
      if (previous || !wide[index(state.next)]) continue;
      previous = 1;
      changed = true;
    }
  }
  return wide;
}

}  // namespace carousel
