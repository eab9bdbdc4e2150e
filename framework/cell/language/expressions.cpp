#include "cell/language/expressions.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "cell/language/functions.hpp"

namespace carousel {
namespace {

constexpr Index most_work = 1'000'000;
constexpr Index most_rounds = 10'000;
constexpr int most_depth = 1000;
constexpr double largest_whole = 2147483648.0;

// "a is 0.5, ", and of a number, which shows it already, "got 0.5, ".
std::string what_it_is(const Expression& e, double value) {
  if (e.kind == Expression::Kind::number) return fmt::format("got {}, ", value);
  return fmt::format("{} is {}, ", text_of(e.place), value);
}

// Elements of one sequence.
double count_of(const Shape& shape) {
  double count = 1.0;
  for (const Index size : shape) count *= std::abs(static_cast<double>(size));
  return count;
}

}  // namespace

void Budget::work(const SourcePlace& place) {
  if (++work_ > most_work) {
    fail_at(place, fmt::format("the cell takes more than {} expressions to build", most_work));
  }
}

void Budget::round(const SourcePlace& place) {
  if (++rounds_ > most_rounds) {
    fail_at(place, fmt::format("the cell has more than {} rounds of repeat", most_rounds));
  }
}

void Budget::enter(const SourcePlace& place) {
  if (++depth_ > most_depth) fail_at(place, "the expressions are nested too deep");
}

void Budget::cell(const SourcePlace& place) {
  if (++cells_ > cells) {
    fail_at(place, fmt::format("more than {} cells are used: each use of a cell that uses others "
                               "brings in all of them anew",
                               cells));
  }
}

void Budget::value(const SourcePlace& place, const Value& value) {
  if (value.is_number()) return;
  if (value.var.id >= nodes) {
    fail_at(place, fmt::format("the cell has more than {} values: repeat or use less", nodes));
  }
  const Shape shape = value.shape();
  const bool fits =
      shape.rank() <= most_rank && std::ranges::all_of(shape, [](Index n) { return n <= axis; });
  const Index most = value.batched() ? per_step : elements;
  if (!fits || count_of(shape) > static_cast<double>(most)) {
    fail_at(place, fmt::format("{} is {}, expected rank 1 to {}, at most {} elements along an axis "
                               "and {} in all{}",
                               text_of(place), shape.to_string(), most_rank, axis, most,
                               value.batched() ? " for a value of a step" : ""));
  }
  for (; nodes_ <= value.var.id; ++nodes_) {
    elements_ += static_cast<Index>(count_of(Var{value.var.graph, nodes_, 0}.shape()));
  }
  if (elements_ > all_elements) {
    fail_at(place, fmt::format("the values and parameters up to here have {} elements, expected at "
                               "most {} in all",
                               elements_, all_elements));
  }
}

std::string text_of(const SourcePlace& place) {
  if (!place.source) return "this";
  const std::string& text = place.source->text;
  std::size_t at = 0;
  for (int line = 1; line < place.line && at != text.npos; ++line) {
    at = text.find('\n', at);
    if (at != text.npos) ++at;
  }
  if (at == text.npos) return "this";
  const std::size_t end = at + static_cast<std::size_t>(place.column - 1 + place.length);
  std::string out;
  for (at += static_cast<std::size_t>(place.column - 1); at < std::min(end, text.size()); ++at) {
    const bool space = text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r';
    if (!space) out += text[at];
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  constexpr std::size_t longest = 60;
  return out.size() > longest ? out.substr(0, longest - 2) + ".." : out;
}

Value expect_real(const Value& value, const SourcePlace& place) {
  if (value.is_complex()) {
    fail_at(place, fmt::format("{} is {}, expected a real value: re(..), im(..) or abs(..) of it",
                               text_of(place), value.shape_text()));
  }
  return value;
}

void expect_one_number(const Value& value, const SourcePlace& place) {
  if (value.shape() == Shape{1}) return;
  fail_at(place, fmt::format("{} is {}, expected one number: sum(..) or mean(..) of it",
                             text_of(place), value.shape_text()));
}

std::optional<double> number_named(const std::string& name) {
  if (name == "pi") return std::numbers::pi;
  if (name == "e") return std::numbers::e;
  return {};
}

Value Expressions::evaluate(const Expression& e) {
  budget_.work(e.place);
  budget_.enter(e.place);
  try {
    const Value value = evaluate_any(e);
    budget_.value(e.place, value);
    budget_.leave();
    return value;
  } catch (const LanguageError&) {
    throw;
  } catch (const InputError& error) {
    fail_at(e.place, error.what());
  }
}

Value Expressions::evaluate_any(const Expression& e) {
  switch (e.kind) {
    case Expression::Kind::number: return e.value;
    case Expression::Kind::name: return read(e);
    case Expression::Kind::unary: return unary(e);
    case Expression::Kind::binary: return binary(e);
    case Expression::Kind::call: return call_any(e);
    case Expression::Kind::delay: return read_delay(e);
    case Expression::Kind::index: return index(e);
    case Expression::Kind::list: fail_at(e.place, "a list in brackets is no value: it is a shape");
    case Expression::Kind::subrange:
    case Expression::Kind::absent: fail_at(e.place, "expected an expression");
  }
  fail_bug("an expression of no kind");
}

Value Expressions::unary(const Expression& e) {
  const Value a = evaluate(e.parts.at(0));
  if (a.is_complex()) return {-a.var, -a.imaginary};
  return a.is_number() ? Value(-*a.number) : Value(-a.var);
}

Value Expressions::binary(const Expression& e) {
  const Expression& left = e.parts.at(0);
  const Expression& right = e.parts.at(1);
  const Value a = evaluate(left);
  if (e.text == "^") {
    return power(graph_, a, exponent(left, right));
  }
  const Value b = evaluate(right);
  if (e.text == "@") {
    if (!product_of(a.shape(), b.shape()) || a.is_number()) {
      fail_shapes(e, {&left, &right}, {a, b});
    }
    if (a.is_complex() || b.is_complex()) return complex_operation(graph_, "@", a, b);
    return product(a.var, as_array(graph_, b));
  }
  if (!broadcast_of(a.shape(), b.shape())) fail_shapes(e, {&left, &right}, {a, b});
  if (e.text == "/" && a.is_number() && b.is_number() && *b.number == 0.0) {
    fail_at(e.place, fmt::format("a division by 0: {} is 0", text_of(right.place)));
  }
  if (!a.is_complex() && !b.is_complex()) return elementwise(graph_, e.text, a, b);
  if (std::string("+-*/").find(e.text) == std::string::npos) {
    fail_at(e.place,
            fmt::format("complex values have no order: compare re(..), im(..) or abs(..)"));
  }
  return complex_operation(graph_, e.text, a, b);
}

Value Expressions::real(const Expression& e) { return expect_real(evaluate(e), e.place); }

namespace {

// What to write where the shapes of an operator don't fit.
std::string advice_on_shapes(const Expression& whole, const std::vector<const Expression*>& parts,
                             const std::vector<Value>& values) {
  const Shape a = values[0].shape(), b = values[1].shape();
  const std::string left = text_of(parts[0]->place), right = text_of(parts[1]->place);
  if (whole.text != "@") {
    return a.rank() > 1 || b.rank() > 1 ? "; * is elementwise, the matrix product is @" : "";
  }
  const auto turned = [](Shape shape) {
    std::swap(shape[shape.rank() - 1], shape[shape.rank() - 2]);
    return shape;
  };
  if (a.rank() > 1 && product_of(turned(a), b)) {
    return fmt::format(": write transpose({}) @ {}", left, right);
  }
  if (b.rank() > 1 && product_of(a, turned(b))) {
    return fmt::format(": write {} @ transpose({})", left, right);
  }
  if (b.rank() > 1 && product_of(b, a)) return fmt::format(": write {} @ {}", right, left);
  if (a.rank() == 1 && b.rank() == 1) {
    return "; @ takes a matrix: dot(a, b), outer(a, b) and a * b are the products of vectors";
  }
  if (a.rank() > 2 || b.rank() > 2) {
    return "; @ takes [.., n, m] and [.., m, k], or vectors [.., m], with the same axes before "
           "them";
  }
  return "";
}

}  // namespace

// A whole number; for another one it says what to write.
int Expressions::exponent(const Expression& base, const Expression& e) {
  const double n = number(e);
  if (n == std::floor(n) && std::abs(n) <= 16.0) return static_cast<int>(whole(e));
  const std::string a = text_of(base.place);
  fail_at(e.place,
          fmt::format("a ^ n takes a whole number from -16 to 16, got {}: write {}", n,
                      n == 0.5 ? fmt::format("sqrt({})", a) : fmt::format("pow({}, {})", a, n)));
}

void Expressions::fail_shapes(const Expression& whole, const std::vector<const Expression*>& parts,
                              const std::vector<Value>& values) {
  std::string message;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    message += fmt::format("{}{} is {}", i == 0 ? "" : ", ", text_of(parts[i]->place),
                           values[i].shape_text());
  }
  const bool arrays = !values[0].is_number() && !values.back().is_number();
  if (whole.kind == Expression::Kind::binary && arrays)
    message += advice_on_shapes(whole, parts, values);
  fail_at(whole.place, message);
}

Value Expressions::call_any(const Expression& e) {
  // A cell's own definition hides a function of its name.
  const Function* function = defines(e.text) ? nullptr : find_function(e.text);
  if (!function) return call(e);
  for (std::size_t i = 0; i < e.names.size(); ++i) {
    if (e.names[i].empty() || takes_named(*function, e.names[i])) continue;
    fail_at(e.parts[i].place, fmt::format("{} has no argument '{}'", e.text, e.names[i]));
  }
  return call_function(*function, *this, e);
}

Value Expressions::index(const Expression& e) {
  if (e.parts.at(0).kind == Expression::Kind::name) {
    if (const std::optional<Value> parameter = read_family(e)) return *parameter;
  }
  const Value whole_value = evaluate(e.parts[0]);
  const Shape shape = whole_value.shape();
  const std::size_t count = e.parts.size() - 1;
  if (whole_value.is_number() || static_cast<int>(count) > shape.rank()) {
    fail_at(e.place, fmt::format("{} is {}, it can't take {} indices", text_of(e.parts[0].place),
                                 whole_value.shape_text(), count));
  }
  std::vector<Var> parts{whole_value.var};
  if (whole_value.is_complex()) parts.push_back(whole_value.imaginary);
  Shape out;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    Index first = 0, last = shape[axis];
    bool drop = false;
    if (axis < static_cast<int>(count)) {
      const Expression& subscript = e.parts[static_cast<std::size_t>(axis) + 1];
      if (subscript.kind == Expression::Kind::subrange) {
        const Expression& from = subscript.parts.at(0);
        const Expression& to = subscript.parts.at(1);
        if (from.kind != Expression::Kind::absent) first = whole(from);
        if (to.kind != Expression::Kind::absent) last = whole(to);
      } else if (subscript.kind != Expression::Kind::absent) {
        first = whole(subscript);
        last = first + 1;
        drop = true;
      }
      if (first < 0 || last > shape[axis] || first >= last) {
        fail_at(subscript.place, fmt::format("elements {} to {} of an axis of {}, counted from 0",
                                             first, last - 1, shape[axis]));
      }
    }
    for (Var& part : parts) {
      if (last - first < shape[axis]) part = slice(part, axis - shape.rank(), first, last - first);
    }
    if (!drop) out.push_back(last - first);
  }
  if (out.rank() == 0) out.push_back(1);
  for (Var& part : parts) part = reshape_one(part, out);
  return parts.size() == 1 ? Value(parts[0]) : Value(parts[0], parts[1]);
}

double Expressions::number(const Expression& e) {
  const Value value = evaluate(e);
  if (!value.is_number()) {
    fail_at(e.place, fmt::format("{} is not known when the cell is built", text_of(e.place)));
  }
  return *value.number;
}

Index Expressions::whole(const Expression& e) {
  double value;
  if (e.kind == Expression::Kind::binary && e.text.size() == 1 &&
      std::string("+-*/").find(e.text[0]) != std::string::npos) {
    const double a = static_cast<double>(whole(e.parts.at(0)));
    const double b = static_cast<double>(whole(e.parts.at(1)));
    if (e.text == "/" && b == 0.0) fail_at(e.place, fmt::format("{} / 0", a));
    value = e.text == "+" ? a + b : e.text == "-" ? a - b : e.text == "*" ? a * b : a / b;
    if (value != std::floor(value)) {
      fail_at(e.place, fmt::format("{} / {} is no whole number", a, b));
    }
  } else {
    value = number(e);
  }
  if (!(std::abs(value) <= largest_whole) || value != std::floor(value)) {
    fail_at(e.place, fmt::format("{}expected a whole number", what_it_is(e, value)));
  }
  return static_cast<Index>(value);
}

Shape Expressions::sizes(const std::vector<Expression>& list, const SourcePlace& place) {
  Shape shape;
  if (list.empty() || list.size() > std::size_t{most_rank}) {
    fail_at(place, fmt::format("a shape has 1 to {} sizes, got {}", most_rank, list.size()));
  }
  for (const Expression& e : list) {
    const Index size = whole(e);
    if (size < 1 || size > Budget::axis) {
      fail_at(e.place, fmt::format("{}expected a size from 1 to {}",
                                   what_it_is(e, static_cast<double>(size)), Budget::axis));
    }
    shape.push_back(size);
  }
  if (count_of(shape) > static_cast<double>(Budget::elements)) {
    fail_at(place, fmt::format("{} is {} elements, expected at most {}", shape.to_string(),
                               count_of(shape), Budget::elements));
  }
  return shape;
}

}  // namespace carousel
