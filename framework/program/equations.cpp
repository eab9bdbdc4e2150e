#include "program/equations.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "program/composites.hpp"
#include "program/reserved_words.hpp"
#include "program/rewrite.hpp"

namespace carousel {
namespace {

using Kind = ProgramNode::Kind;

std::size_t at(int id) { return static_cast<std::size_t>(id); }

Term number(double value) { return {.value = value, .shape = {1}}; }

Term call(const std::string& function, std::vector<Term> parts, const Shape& shape) {
  return {.kind = Term::Kind::call, .text = function, .parts = std::move(parts), .shape = shape};
}

Term binary(const std::string& sign, Term a, Term b, const Shape& shape) {
  return {.kind = Term::Kind::binary,
          .text = sign,
          .parts = {std::move(a), std::move(b)},
          .shape = shape};
}

Term list(const Shape& shape) {
  return {.kind = Term::Kind::list, .sizes = std::vector<Index>(shape.begin(), shape.end())};
}

Term reshaped(Term term, const Shape& shape) {
  if (term.shape == shape) return term;
  return call("reshape", {std::move(term), list(shape)}, shape);
}

Term transposed(Term term) {
  Shape shape = term.shape;
  std::swap(shape[shape.rank() - 1], shape[shape.rank() - 2]);
  return call("transpose", {std::move(term)}, shape);
}

Shape without_axis(const Shape& shape, int axis) {
  Shape out;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != axis) out.push_back(shape[i]);
  }
  if (out.rank() == 0) out.push_back(1);
  return out;
}

// reshape(v, [1, n]) of v [n] and the like.
bool adds_axes_in_front(const Term& term) {
  if (term.kind != Term::Kind::call || term.text != "reshape") return false;
  const Shape& inner = term.parts[0].shape;
  const int extra = term.shape.rank() - inner.rank();
  for (int i = 0; i < term.shape.rank(); ++i) {
    if (extra < 0 || term.shape[i] != (i < extra ? 1 : inner[i - extra])) return false;
  }
  return true;
}

// reshape(v, [n, 1]) of v [n].
bool is_column(const Term& term) {
  return term.kind == Term::Kind::call && term.text == "reshape" && term.shape.rank() == 2 &&
         term.shape[1] == 1 && term.parts[0].shape.rank() == 1;
}

// "h" and 2 of "h[t-2]".
std::pair<std::string, int> split_delay(const std::string& name) {
  const std::size_t bracket = name.rfind("[t-");
  if (bracket == std::string::npos || name.back() != ']') return {name, 0};
  return {name.substr(0, bracket), std::stoi(name.substr(bracket + 3))};
}

// Letters, digits and single '_' in place of what else there is.
std::string valid_name(const std::string& given) {
  std::string name;
  bool gap = false;
  for (const char c : given) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (fits && gap && !name.empty()) name += '_';
    if (fits) name += c;
    gap = !fits;
  }
  if (name.empty() || !std::isalpha(static_cast<unsigned char>(name[0]))) name = "v" + name;
  return name;
}

// Functions of the language that are called otherwise than their op.
const std::map<std::string_view, const char*>& other_names() {
  static const std::map<std::string_view, const char*> names = {
      {"maximum", "max"}, {"minimum", "min"}, {"step", "heaviside"}};
  return names;
}

class Reader {
 public:
  explicit Reader(const StepProgram& program)
      : program_(program),
        visits_(program.nodes.size(), 0),
        shown_(program.nodes.size()),
        composites_(program, shown_) {
    choose_names();
  }

  Equations run() {
    read();  // to see what is read more than once
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      if (visits_[i] > 1 && shown_[i].empty() && deserves_name(static_cast<int>(i))) {
        shown_[i] = free_name("v" + std::to_string(++inner_names_));
      }
    }
    counting_ = false;
    Equations result = read();
    result.names = identifiers_;
    result.cell = valid_name(program_.name);
    return result;
  }

 private:
  const ProgramNode& node(int id) const { return program_.nodes[at(id)]; }
  Shape shape_of(int id) const { return language_shape(node(id).shape); }
  bool is_op(int id, std::string_view op) const { return composites_.is_op(id, op); }
  bool is_hidden(int id, std::string_view op) const { return composites_.is_hidden(id, op); }

  // -- names

  std::string free_name(const std::string& given) {
    const std::string name = valid_name(given);
    std::string free = name;
    for (int n = 2; is_reserved(free) || !used_.insert(free).second; ++n) {
      free = name + "_" + std::to_string(n);
    }
    return free;
  }

  void name(const std::string& given) {
    if (!identifiers_.contains(given)) identifiers_[given] = free_name(given);
  }

  void choose_names() {
    identifiers_[node(program_.inputs[0]).name] = "x";
    for (const ProgramState& state : program_.states) {
      if (counts_steps(program_, state)) identifiers_[state.name] = "t";
    }
    for (const int input : program_.inputs) {
      const auto& supply = node(input).supply;
      if (supply && !supply->word().empty()) identifiers_[node(input).name] = supply->word();
    }
    for (const ProgramNode& n : program_.nodes) {  // names that can stay come first
      if (!n.name.empty() && valid_name(n.name) == n.name) name(n.name);
    }
    for (const ProgramNode& n : program_.nodes) {
      if (n.name.empty()) continue;
      const auto [base, delay] = split_delay(n.name);
      name(base);
      if (delay == 0) shown_[std::size_t(&n - program_.nodes.data())] = identifiers_[base];
      else shown_[std::size_t(&n - program_.nodes.data())] = n.name;
    }
    for (const ProgramState& state : program_.states) name(split_delay(state.name).first);
  }

  // The state whose new value a node is, where that is a loss.
  const ProgramState* loss_of(int id) const {
    const auto found = std::ranges::find_if(program_.states, [&](const ProgramState& state) {
      return state.loss_weight && state.next == id;
    });
    return found == program_.states.end() ? nullptr : &*found;
  }

  // What a step adds to a loss.
  Term added(const ProgramState& state) {
    const std::vector<int>& in = node(state.next).inputs;
    if (!is_op(state.next, "add")) return number(0.0);
    return term(in[0] == state.previous ? in[1] : in[0]);
  }

  // A product, or more than one op on named values and numbers.
  bool deserves_name(int id) const {
    if (is_op(id, "matmul")) return true;
    if (is_op(id, "constant")) return false;
    for (const int input : node(id).inputs) {
      if (shown_[at(input)].empty() && !is_op(input, "constant")) return true;
    }
    return false;
  }

  // -- equations

  Equations read() {
    Equations result;
    for (const ProgramState& state : program_.states) {
      const std::string& name = identifiers_[split_delay(state.name).first];
      if (split_delay(state.name).second > 0) continue;
      if (state.initial_node >= 0) {
        inner_only_ = true;
        result.initial.push_back({name, true, term(state.initial_node)});
        inner_only_ = false;
      } else if (state.initial != 0.0) {
        result.initial.push_back({name, true, number(state.initial)});
      }
    }
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const int id = static_cast<int>(i);
      if (node(id).kind != Kind::op || shown_[i].empty() || shown_[i] == "t") continue;
      if (const ProgramState* loss = loss_of(id)) {
        result.values.push_back({shown_[i], true, added(*loss), loss->loss_weight});
        continue;
      }
      result.values.push_back({shown_[i], is_batched(node(id).shape), filled(expression(id), id)});
    }
    for (const ProgramState& state : program_.states) {  // a state that is another value
      const auto [base, delay] = split_delay(state.name);
      int value = state.next;  // repeated for each sequence where it needs none
      while (is_hidden(value, "broadcast_to")) value = node(value).inputs[0];
      if (delay > 0 || node(value).name == state.name) continue;
      if (state.loss_weight) {
        result.values.push_back({identifiers_[base], true, number(0.0), state.loss_weight});
        continue;
      }
      result.values.push_back({identifiers_[base], true, term(state.next)});
    }
    return result;
  }

  // A value as an operand, in the shape that it has in the program.
  Term term(int id) { return filled(raw(id), id); }

  // As term(); reshape may be missing.
  Term raw(int id) {
    const ProgramNode& n = node(id);
    const bool named = !shown_[at(id)].empty() && !(inner_only_ && n.kind == Kind::op);
    if (named) {
      const auto [base, delay] = split_delay(n.name);
      if (delay > 0 && identifiers_[base] == "t") {
        Term step{.kind = Term::Kind::name, .text = "t", .timed = true, .shape = {1}};
        return binary("-", std::move(step), number(1.0), {1});
      }
      return {.kind = Term::Kind::name,
              .text = delay > 0 ? identifiers_[base] : shown_[at(id)],
              .delay = delay,
              .timed = is_batched(n.shape),
              .shape = shape_of(id)};
    }
    if (counting_ && ++visits_[at(id)] > 1) return {.shape = shape_of(id)};
    return expression(id);
  }

  Term filled(Term term, int id) const {
    const Shape shape = shape_of(id);
    if (term.shape == shape) return term;
    if (term.shape.numel() == shape.numel()) return reshaped(std::move(term), shape);
    if (term.kind == Term::Kind::number && term.value == 0.0)
      return call("zeros", {list(shape)}, shape);
    if (adds_axes_in_front(term)) term = Term(term.parts[0]);  // as broadcasting does
    Term ones = call("ones", {list(shape)}, shape);
    if (term.kind == Term::Kind::number && term.value == 1.0) return ones;
    return binary("*", std::move(term), std::move(ones), shape);
  }

  Term expression(int id) {
    const ProgramNode& n = node(id);
    const std::string_view op = n.op->name;
    if (op == "constant") return number(n.attributes.value);
    if (op == "broadcast_to") return raw(n.inputs[0]);
    if (const int v = composites_.blocks_of(id); v >= 0)
      return call("block_diagonal", {term(v)}, shape_of(id));
    if (op == "reshape") return reshape_term(id);
    if (op == "transpose") return transpose_term(n);
    if (op == "matmul")
      return product(n.inputs[0], n.attributes.transpose_a, n.inputs[1], n.attributes.transpose_b,
                     n);
    if (op == "slice") return slice_term(id);
    if (op == "pad") return pad_term(n);
    if (op == "concat") return concat_term(n);
    if (op == "sum_to") return sum_term(id);
    if (op == "logsumexp" || op == "row_max") {
      Term of = term(n.inputs[0]);
      const Shape shape = without_axis(of.shape, of.shape.rank() - 1);
      return call(op == "row_max" ? "max" : "logsumexp", {std::move(of)}, shape);
    }
    if (op == "solve") return solution(n);
    if (op == "first_max" || op == "order" || op == "take_along" || op == "put_along" ||
        (op == "cumsum" && n.attributes.reverse)) {
      return row_op(id);
    }
    if (op == "arange") {
      return call("arange", {number(static_cast<double>(n.attributes.size))}, shape_of(id));
    }
    if (const auto found = composites_.named(id)) {
      return call(std::string(found->name), {term(found->argument)}, shape_of(id));
    }
    if (const int v = composites_.mean_of(id); v >= 0) {
      Term of = term(v);
      const Shape shape = without_axis(of.shape, of.shape.rank() - 1);
      return call("mean", {std::move(of)}, shape);
    }
    return elementwise(id);
  }

  Term reshape_term(int id) {
    const Shape shape = shape_of(id);
    const int under = composites_.under_reshapes(node(id).inputs[0]);
    Term of = raw(under);
    if (of.shape.numel() != shape.numel()) of = filled(std::move(of), under);
    return reshaped(std::move(of), shape);
  }

  // -- elementwise

  Term elementwise(int id) {
    const ProgramNode& n = node(id);
    const std::string op(n.op->name);
    const Shape shape = shape_of(id);
    std::vector<Term> in;
    for (const int input : operands(id)) in.push_back(term(input));
    Shape together{1};
    for (const Term& t : in) {
      if (n.op->tile) together = broadcast_shapes(together, t.shape, "equation");
    }
    if (!n.op->tile) together = shape;
    if (op == "neg") return {.kind = Term::Kind::negative, .parts = {in[0]}, .shape = together};
    if (op == "mul" && is_column(in[0]) && in[1].shape.rank() == 1 && together.rank() == 2) {
      return call("outer", {in[0].parts[0], in[1]}, together);
    }
    static const std::map<std::string, const char*> signs = {
        {"add", "+"}, {"sub", "-"}, {"mul", "*"}, {"div", "/"}, {"less", "<"}};
    if (const auto sign = signs.find(op); sign != signs.end()) {
      return binary(sign->second, in[0], in[1], together);
    }
    if (op == "tanh_slope") {
      return binary("-", number(1.0), binary("^", in[0], number(2.0), shape), shape);
    }
    if (op == "sigmoid_slope") {
      return binary("*", in[0], binary("-", number(1.0), in[0], shape), shape);
    }
    const auto function = other_names().find(n.op->name);
    return call(function == other_names().end() ? op : function->second, std::move(in), together);
  }

  // What the language's own broadcasting makes needless is looked through.
  std::vector<int> operands(int id) const {
    std::vector<int> ids = node(id).inputs;
    if (!node(id).op->tile) return ids;
    for (int& input : ids) {
      const int before = input;
      input = under_broadcast(input);
      Shape together{1};
      for (const int i : ids) together = broadcast_shapes(together, shape_of(i), "equation");
      if (!(together == shape_of(id))) input = before;
    }
    return ids;
  }

  int under_broadcast(int id) const {
    while (true) {
      const bool broadcast = is_hidden(id, "broadcast_to");
      if (!broadcast && !is_hidden(id, "reshape")) return id;
      const Shape outer = shape_of(id), inner = shape_of(node(id).inputs[0]);
      const int extra = outer.rank() - inner.rank();
      bool front = extra >= 0;  // axes of size 1 in front
      for (int i = 0; front && i < outer.rank(); ++i) {
        front = outer[i] == (i < extra ? 1 : inner[i - extra]);
      }
      if (!broadcast && !front) return id;
      id = node(id).inputs[0];
    }
  }

  // -- matrices

  Term transpose_term(const ProgramNode& n) {
    const int of = n.inputs[0];
    if (is_hidden(of, "matmul") && shape_of(of).rank() == 2) {
      const ProgramNode& m = node(of);
      return product(m.inputs[1], !m.attributes.transpose_b, m.inputs[0], !m.attributes.transpose_a,
                     m);
    }
    return transposed(term(of));
  }

  Term matrix(int id, bool turned) {
    if (turned && is_hidden(id, "transpose")) return term(node(id).inputs[0]);
    return turned ? transposed(term(id)) : term(id);
  }

  // The vector of which a matrix is the only column (or, turned, row), for each of many matrices.
  int column(int id, bool turned) const {
    const Shape shape = shape_of(id);
    while (is_hidden(id, "broadcast_to") && shape_of(node(id).inputs[0]) == shape) {
      id = node(id).inputs[0];
    }
    const int axis = shape.rank() - (turned ? 2 : 1);
    if (!is_hidden(id, "reshape") || shape.rank() < 2 || shape[axis] != 1) return -1;
    const int under = composites_.under_reshapes(id);
    return shape_of(under) == without_axis(shape, axis) ? under : -1;
  }

  Term product(int a, bool turn_a, int b, bool turn_b, const ProgramNode& n) {
    const Shape left = shape_of(a), right = shape_of(b);
    if (left.rank() == 1 && right.rank() == 2 && !turn_a && !is_batched(node(b).shape)) {
      if (turn_b) return binary("@", term(b), term(a), {right[0]});
      return binary("@", term(a), term(b), {right[1]});
    }
    const int rank = left.rank();
    if (rank < 2 || right.rank() != rank) {
      return call("matmul", {term(a), term(b)}, language_shape(n.shape));
    }
    const Shape shape = language_shape(n.shape);
    if (const int v = column(b, turn_b); v >= 0) {
      return binary("@", matrix(a, turn_a), term(v), without_axis(shape, rank - 1));
    }
    if (const int v = column(a, !turn_a); v >= 0) {
      return binary("@", matrix(b, !turn_b), term(v), without_axis(shape, rank - 2));
    }
    return binary("@", matrix(a, turn_a), matrix(b, turn_b), shape);
  }

  Term solution(const ProgramNode& n) {
    const int b = n.inputs[1];
    const Shape shape = language_shape(n.shape);
    const bool inverts = !is_batched(node(n.inputs[0]).shape) && is_batched(node(b).shape);
    Term a = matrix(n.inputs[0], n.attributes.transpose_a);
    if (inverts && shape.rank() == 2) {  // as the language reads it
      const Shape square = a.shape;
      Term inverse = call("inverse", {std::move(a)}, square);
      if (const int v = column(b, false); v >= 0) {
        return binary("@", std::move(inverse), term(v), {shape[0]});
      }
      return binary("@", std::move(inverse), term(b), shape);
    }
    if (const int v = column(b, false); v >= 0) {
      return call("solve", {std::move(a), term(v)}, without_axis(shape, shape.rank() - 1));
    }
    return call("solve", {std::move(a), term(b)}, shape);
  }

  // -- along rows

  Term row_op(int id) {
    const ProgramNode& n = node(id);
    const Shape shape = shape_of(id);
    const Index size = shape.back();
    Term of = term(n.inputs[0]);
    if (n.op->name == "first_max") return call("hardmax", {std::move(of)}, shape);
    if (n.op->name == "take_along") {
      return call("take", {std::move(of), term(n.inputs[1])}, shape);
    }
    if (n.op->name == "order") {
      if (n.attributes.reverse) {
        of = {.kind = Term::Kind::negative, .parts = {of}, .shape = of.shape};
      }
      return call("argsort", {std::move(of)}, shape);
    }
    if (n.op->name == "cumsum") {  // from the last element to the first
      Term all = call("sum", {of}, without_axis(shape, shape.rank() - 1));
      Shape sums = shape;
      sums[sums.rank() - 1] = 1;
      Term rest = binary("-", reshaped(std::move(all), sums), call("cumsum", {of}, shape), shape);
      return binary("+", std::move(rest), std::move(of), shape);
    }
    return call("put", {std::move(of), term(n.inputs[1]), number(static_cast<double>(size))},
                shape);
  }

  // -- parts

  Term slice_term(int id) {
    const Shape shape = shape_of(id);
    std::vector<Index> sizes;
    for (const Index dim : shape) {
      sizes.push_back(0);
      sizes.push_back(dim);
    }
    std::vector<char> done(std::size_t(shape.rank()), 0);
    while (is_op(id, "slice")) {
      const Attributes& attributes = node(id).attributes;
      const int axis = normalise_axis(
          attributes.axis - (attributes.axis >= 0 && is_batched(node(id).shape) ? 1 : 0),
          shape.rank(), "slice");
      const Index begin = attributes.begin;
      sizes[2 * at(axis)] += begin;
      sizes[2 * at(axis) + 1] += begin;
      id = node(id).inputs[0];
      if (!shown_[at(id)].empty()) break;
    }
    Term of = term(id);
    return {.kind = Term::Kind::slice, .parts = {std::move(of)}, .sizes = sizes, .shape = shape};
  }

  static Term at_axis(int axis) {
    return {.kind = Term::Kind::name, .text = fmt::format("axis = {}", axis)};
  }

  Term joined(std::vector<Term> parts, int axis, const Shape& shape) {
    if (axis != shape.rank() - 1) parts.push_back(at_axis(axis));
    return call("concat", std::move(parts), shape);
  }

  int language_axis(const ProgramNode& n) const {
    const int rank = n.shape.rank();
    const int axis = normalise_axis(n.attributes.axis, rank, "equation");
    return axis - (is_batched(n.shape) ? 1 : 0);
  }

  Term concat_term(const ProgramNode& n) {
    const Shape shape = language_shape(n.shape);
    const int axis = language_axis(n);
    if (const Index shift = composites_.roll_of(n); shift > 0 && axis == shape.rank() - 1) {
      return call("roll", {term(node(n.inputs[0]).inputs[0]), number(static_cast<double>(shift))},
                  shape);
    }
    std::vector<Term> parts;
    for (const int input : n.inputs) parts.push_back(term(input));
    return joined(std::move(parts), axis, shape);
  }

  Term pad_term(const ProgramNode& n) {
    const Shape shape = language_shape(n.shape);
    const int axis = language_axis(n);
    Term of = term(n.inputs[0]);
    std::vector<Term> parts;
    const auto zeros = [&](Index size) {
      Shape z = shape;
      z[axis] = size;
      if (size > 0) parts.push_back(z == Shape{1} ? number(0.0) : call("zeros", {list(z)}, z));
    };
    const Index begin = n.attributes.begin, end = begin + of.shape[axis];
    zeros(begin);
    parts.push_back(std::move(of));
    zeros(shape[axis] - end);
    return parts.size() == 1 ? parts[0] : joined(std::move(parts), axis, shape);
  }

  Term sum_term(int id) {
    const ProgramNode& n = node(id);
    const Shape from = node(n.inputs[0]).shape;
    if (is_batched(from) && !is_batched(n.shape)) {
      return call("sum_to", {term(n.inputs[0])}, shape_of(id));
    }
    Term sum = term(n.inputs[0]);
    const int missing = from.rank() - n.shape.rank();
    const int batch = is_batched(from) ? 1 : 0;
    for (int i = from.rank() - 1; i >= batch; --i) {
      if (i >= missing && (n.shape[i - missing] == from[i] || from[i] == 1)) continue;
      sum = sum_axis(std::move(sum), i - batch);
    }
    return sum;
  }

  // Sums an axis and drops it.
  static Term sum_axis(Term term, int axis) {
    const Shape shape = term.shape, rest = without_axis(shape, axis);
    if (axis == shape.rank() - 1) return call("sum", {std::move(term)}, rest);
    return call("sum", {std::move(term), at_axis(axis)}, rest);
  }

  const StepProgram& program_;
  std::vector<int> visits_;
  std::vector<std::string> shown_;  // name of each node; empty: shown where it is read
  Composites composites_;
  std::map<std::string, std::string> identifiers_;
  std::set<std::string> used_;
  int inner_names_ = 0;
  bool counting_ = true;
  bool inner_only_ = false;  // show what named values are made of
};

}  // namespace

Equations equations_of(const StepProgram& program) { return Reader(program).run(); }

}  // namespace carousel
