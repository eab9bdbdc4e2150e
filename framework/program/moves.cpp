#include "program/moves.hpp"

#include <algorithm>
#include <string_view>

namespace carousel {
namespace {

// More elements for a sequence than this are not looked at one by one.
constexpr Index most_elements = Index{1} << 16;

// The axes of one sequence's part of a batched value; as many as the value has.
Shape row_axes(Shape shape) {
  shape[0] = -shape[0];
  return shape;
}

// Elements before an axis, of it, and of what is inside it.
struct Split {
  Index outer = 1, size = 1, inner = 1;
};

Split split_at_axis(const Shape& axes, int axis) {
  Split split;
  for (int k = 0; k < axes.rank(); ++k) {
    (k < axis ? split.outer : k == axis ? split.size : split.inner) *= axes[k];
  }
  return split;
}

}  // namespace

Moves::Moves(const StepProgram& program, int first, const std::vector<char>& apart)
    : program_(program),
      first_(first),
      apart_(apart),
      is_next_(program.nodes.size(), 0),
      is_whole_(program.nodes.size(), 0),
      origins_(program.nodes.size()),
      alias_(program.nodes.size()) {
  for (const ProgramState& state : program.states) is_next_[index(state.next)] = 1;
  for (const ProgramNode& node : program.nodes) {
    if (node.kind != ProgramNode::Kind::op || node.op->name != std::string_view("matmul")) continue;
    for (const int input : node.inputs) {
      is_whole_[index(input)] |= program.nodes[index(input)].shape.rank() > 2;
    }
  }
  for (int i = 0; i < static_cast<int>(program.nodes.size()); ++i) {
    const ProgramNode& node = program.nodes[index(i)];
    if (node.kind != ProgramNode::Kind::op || !is_batched(node.shape)) continue;
    const bool is_reshape = node.op->name == std::string_view("reshape");
    if (is_reshape && reshapes_in_place(i)) continue;
    const bool looks = !is_apart(i) && std::ranges::none_of(
                                           node.inputs, [&](int input) { return is_apart(input); });
    if (!looks || row_size(node.shape) > most_elements) continue;
    origins_[index(i)] = origins_of(i);
    find_alias(i);
  }
}

// A reshape is another name for its operand, of whatever size.
bool Moves::reshapes_in_place(int node) {
  const int input = program_.nodes[index(node)].inputs[0];
  if (!is_batched(program_.nodes[index(input)].shape) || is_next_[index(node)]) return false;
  const Origin below = alias_[index(input)].node >= 0 ? alias_[index(input)] : Origin{input, 0};
  const Shape& from = program_.nodes[index(below.node)].shape;
  const bool is_part = row_size(from) != row_size(program_.nodes[index(node)].shape);
  if (is_part && is_whole_[index(node)]) return false;
  alias_[index(node)] = below;
  origins_[index(node)] = origins_[index(input)];
  return true;
}

std::vector<int> Moves::sources(int node) const {
  std::vector<int> found;
  for (const Origin& origin : origins_[index(node)]) {
    if (origin.node >= 0 && std::ranges::count(found, origin.node) == 0) {
      found.push_back(origin.node);
    }
  }
  return found;
}

void Moves::add_runs(int node, int source, const PlanOperand& from,
                     std::vector<PlanRun>& runs) const {
  constexpr Index long_run = 8;
  const std::vector<Origin>& origins = origins_[index(node)];
  const auto size = static_cast<Index>(origins.size());
  const auto at = [&](Index e) -> const Origin& { return origins[static_cast<std::size_t>(e)]; };
  PlanRun scattered{from, 0, 0, 0, {}, {}};
  for (Index to = 0, end = 1; to < size; to = end, ++end) {
    const Origin& first = at(to);
    if (first.node != source) continue;
    const auto goes_on = [&](Index e) {
      return at(e).node == source && (source < 0 || at(e).element == first.element + e - to);
    };
    while (end < size && goes_on(end)) ++end;
    if (end - to >= long_run || source < 0) {
      runs.push_back({from, first.element, to, end - to, {}, {}});
      continue;
    }
    for (Index e = to; e < end; ++e) {
      scattered.elements.push_back(static_cast<std::int32_t>(at(e).element));
      scattered.places.push_back(static_cast<std::int32_t>(e));
    }
  }
  if (scattered.elements.empty()) return;
  scattered.to = scattered.places.front();
  const auto last = static_cast<Index>(scattered.places.size()) - 1;
  if (scattered.places.back() == scattered.to + last) scattered.places.clear();
  runs.push_back(std::move(scattered));
}

// The elements of an operand, through what is moved in the same part of the program.
std::vector<Origin> Moves::seen(int user, int input) const {
  const bool is_through = (input >= first_ || user < first_) && !is_next_[index(input)];
  if (is_through && !origins_[index(input)].empty()) return origins_[index(input)];
  const Origin& alias = alias_[index(input)];
  const Shape& shape = program_.nodes[index(input)].shape;
  const Index count = is_batched(shape) ? row_size(shape) : shape.numel();
  std::vector<Origin> all;
  all.reserve(index(static_cast<int>(count)));
  for (Index e = 0; e < count; ++e) {
    all.push_back(alias.node >= 0 ? Origin{alias.node, alias.element + e} : Origin{input, e});
  }
  return all;
}

std::vector<Origin> Moves::origins_of(int node) const {
  const std::string_view name = program_.nodes[index(node)].op->name;
  if (name == "reshape") {
    const int input = program_.nodes[index(node)].inputs[0];
    return is_batched(program_.nodes[index(input)].shape) ? seen(node, input)
                                                          : std::vector<Origin>{};
  }
  if (name == "broadcast_to") return repeated(node);
  if (name == "transpose") return transposed(node);
  if (name == "slice" || name == "pad") return ranged(node);
  if (name == "concat") return joined(node);
  if (name == "add") return added(node);
  return {};
}

std::vector<Origin> Moves::repeated(int node) const {
  const ProgramNode& n = program_.nodes[index(node)];
  const int input = n.inputs[0];
  const Shape& from = program_.nodes[index(input)].shape;
  // An elementwise kernel repeats a number or a vector as well.
  if (has_tile(program_, node) || !is_batched(from) || from.rank() != n.shape.rank()) return {};
  const Shape in = row_axes(from), out = row_axes(n.shape);
  const std::vector<Origin> all = seen(node, input);
  std::vector<Origin> moved(static_cast<std::size_t>(out.numel()));
  for (Index e = 0; e < out.numel(); ++e) {
    Index rest = e, at = 0, stride = 1;
    for (int k = out.rank(); k-- > 0; rest /= out[k]) {
      if (in[k] > 1) at += rest % out[k] * stride;
      stride *= in[k];
    }
    moved[static_cast<std::size_t>(e)] = all[static_cast<std::size_t>(at)];
  }
  return moved;
}

std::vector<Origin> Moves::transposed(int node) const {
  const ProgramNode& n = program_.nodes[index(node)];
  if (n.shape.rank() < 3 || !is_batched(program_.nodes[index(n.inputs[0])].shape)) return {};
  const Shape out = row_axes(n.shape);
  const Index rows = out[out.rank() - 2], columns = out[out.rank() - 1];
  const std::vector<Origin> all = seen(node, n.inputs[0]);
  std::vector<Origin> moved;
  for (Index start = 0; start < out.numel(); start += rows * columns) {
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        moved.push_back(all[static_cast<std::size_t>(start + c * rows + r)]);
      }
    }
  }
  return moved;
}

// A slice takes a range of an axis, a pad puts its operand there.
std::vector<Origin> Moves::ranged(int node) const {
  const ProgramNode& n = program_.nodes[index(node)];
  const bool takes = n.op->name == std::string_view("slice");
  const Shape& from = program_.nodes[index(n.inputs[0])].shape;
  const int axis = normalise_axis(n.attributes.axis, n.shape.rank(), "planner");
  if (axis == 0 || !is_batched(from)) return {};
  const Split large = split_at_axis(row_axes(takes ? from : n.shape), axis);
  const Index size = takes ? n.attributes.size : from[axis];
  const std::vector<Origin> all = seen(node, n.inputs[0]);
  std::vector<Origin> moved(static_cast<std::size_t>(row_size(n.shape)));
  for (Index o = 0; o < large.outer; ++o) {
    const Index in_large = (o * large.size + n.attributes.begin) * large.inner;
    const Index in_small = o * size * large.inner;
    std::copy_n(all.begin() + (takes ? in_large : in_small), size * large.inner,
                moved.begin() + (takes ? in_small : in_large));
  }
  return moved;
}

std::vector<Origin> Moves::joined(int node) const {
  const ProgramNode& n = program_.nodes[index(node)];
  const int axis = normalise_axis(n.attributes.axis, n.shape.rank(), "planner");
  if (axis == 0) return {};
  std::vector<Origin> moved(static_cast<std::size_t>(row_size(n.shape)));
  const Split whole = split_at_axis(row_axes(n.shape), axis);
  Index begin = 0;
  for (const int input : n.inputs) {
    const Index size = program_.nodes[index(input)].shape[axis];
    const std::vector<Origin> all = seen(node, input);
    for (Index o = 0; o < whole.outer; ++o) {
      std::copy_n(all.begin() + o * size * whole.inner, size * whole.inner,
                  moved.begin() + (o * whole.size + begin) * whole.inner);
    }
    begin += size;
  }
  return moved;
}

// What is padded to different places and added, as the gradients of slices are, is joined.
std::vector<Origin> Moves::added(int node) const {
  const ProgramNode& n = program_.nodes[index(node)];
  for (const int input : n.inputs) {
    if ((node >= first_ && input < first_) || origins_[index(input)].empty()) return {};
    if (!(program_.nodes[index(input)].shape == n.shape)) return {};
  }
  std::vector<Origin> moved = seen(node, n.inputs[0]);
  const std::vector<Origin> more = seen(node, n.inputs[1]);
  for (std::size_t e = 0; e < moved.size(); ++e) {
    if (more[e].node < 0) continue;
    if (moved[e].node >= 0) return {};
    moved[e] = more[e];
  }
  return moved;
}

void Moves::find_alias(int node) {
  const std::vector<Origin>& moved = origins_[index(node)];
  if (moved.empty() || moved[0].node < 0 || is_next_[index(node)]) return;
  if (!apart_.empty()) return;  // what a sweep makes may be there for a few rows alone
  const Shape& from = program_.nodes[index(moved[0].node)].shape;
  if (!is_batched(from)) return;
  for (std::size_t e = 0; e < moved.size(); ++e) {
    const bool follows = moved[e].node == moved[0].node &&
                         moved[e].element == moved[0].element + static_cast<Index>(e);
    if (!follows) return;
  }
  const bool is_part = static_cast<Index>(moved.size()) != row_size(from);
  if (is_part && is_whole_[index(node)]) return;
  alias_[index(node)] = moved[0];
}

}  // namespace carousel
