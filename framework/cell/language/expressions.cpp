#include "cell/language/expressions.hpp"

#include <algorithm>
#include <cmath>

#include "cell/language/functions.hpp"

namespace carousel {
namespace {

constexpr Index most_work = 1'000'000;
constexpr Index most_rounds = 10'000;
constexpr int most_depth = 1000;
constexpr double largest_whole = 2147483648.0;

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
      shape.rank() <= 3 && std::ranges::all_of(shape, [](Index n) { return n <= axis; });
  const Index most = value.batched() ? per_step : elements;
  if (!fits || count_of(shape) > static_cast<double>(most)) {
    fail_at(place, fmt::format("{} is {}, expected rank 1 to 3, at most {} elements along an axis "
                               "and {} in all{}",
                               text_of(place), shape.to_string(), axis, most,
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
  return a.is_number() ? Value(-*a.number) : Value(-a.var);
}

Value Expressions::binary(const Expression& e) {
  const Expression& left = e.parts.at(0);
  const Expression& right = e.parts.at(1);
  const Value a = evaluate(left);
  if (e.text == "^") {
    const Index n = whole(right);
    if (n < -16 || n > 16) fail_at(right.place, "expected a power from -16 to 16");
    return power(graph_, a, static_cast<int>(n));
  }
  const Value b = evaluate(right);
  if (e.text == "@") {
    if (!product_of(a.shape(), b.shape()) || a.is_number()) {
      fail_shapes(e, {&left, &right}, {a, b});
    }
    return product(a.var, as_array(graph_, b));
  }
  if (!broadcast_of(a.shape(), b.shape())) fail_shapes(e, {&left, &right}, {a, b});
  if (e.text == "/" && a.is_number() && b.is_number() && *b.number == 0.0) {
    fail_at(e.place, fmt::format("a division by 0: {} is 0", text_of(right.place)));
  }
  return elementwise(graph_, e.text, a, b);
}

void Expressions::fail_shapes(const Expression& whole, const std::vector<const Expression*>& parts,
                              const std::vector<Value>& values) {
  std::string message;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    message += fmt::format("{}{} is {}", i == 0 ? "" : ", ", text_of(parts[i]->place),
                           values[i].shape_text());
  }
  const bool operation = whole.kind == Expression::Kind::binary;
  const auto rank = [&](std::size_t i) { return values[i].shape().rank(); };
  if (operation && whole.text == "@" && rank(0) == 1 && rank(1) == 2) {
    message += fmt::format(": the matrix stands on the left, {} @ {}", text_of(parts[1]->place),
                           text_of(parts[0]->place));
  } else if (operation && whole.text != "@" && (rank(0) > 1 || rank(1) > 1)) {
    message += "; * is elementwise, the matrix product is @";
  }
  fail_at(whole.place, message);
}

Value Expressions::call_any(const Expression& e) {
  const Function* function = find_function(e.text);
  if (!function) return call(e);
  for (std::size_t i = 0; i < e.names.size(); ++i) {
    if (!e.names[i].empty()) {
      fail_at(e.parts[i].place, fmt::format("{} takes no named arguments", e.text));
    }
  }
  const int count = static_cast<int>(e.parts.size());
  if (count < function->least || (function->most >= 0 && count > function->most)) {
    std::string expected = fmt::format("{}", function->least);
    if (function->most < 0) expected += " or more";
    else if (function->most > function->least) expected += fmt::format(" to {}", function->most);
    fail_at(e.place, fmt::format("{} takes {} arguments, got {}", e.text, expected, count));
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
  Var value = whole_value.var;
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
    if (last - first < shape[axis]) value = slice(value, axis - shape.rank(), first, last - first);
    if (!drop) out.push_back(last - first);
  }
  if (out.rank() == 0) out.push_back(1);
  return reshape_one(value, out);
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
    fail_at(e.place, fmt::format("{} is {}, expected a whole number", text_of(e.place), value));
  }
  return static_cast<Index>(value);
}

Shape Expressions::sizes(const std::vector<Expression>& list, const SourcePlace& place) {
  Shape shape;
  if (list.empty() || list.size() > 3) {
    fail_at(place, fmt::format("a shape has 1 to 3 sizes, got {}", list.size()));
  }
  for (const Expression& e : list) {
    const Index size = whole(e);
    if (size < 1 || size > Budget::axis) {
      fail_at(e.place, fmt::format("{} is {}, expected a size from 1 to {}", text_of(e.place), size,
                                   Budget::axis));
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
