#include "cell/language/functions.hpp"

#include <algorithm>
#include <set>

#include "cell/language/function_families.hpp"
#include "op/composites.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

using Vars = std::span<const Var>;

template <Var (*function)(Var)>
Var one(Vars v) {
  return function(v[0]);
}

// The same, of a function that the op room names.
template <Var (*function)(Var)>
Function elementwise() {
  return {std::string(composite_name(function)), 1, 1, one<function>};
}

std::vector<Function> elementwise_functions() {
  return {
      {"log", 1, 1, one<log>},
      {"sqrt", 1, 1, one<sqrt>},
      {"sin", 1, 1, one<sin>},
      {"cos", 1, 1, one<cos>},
      {"tanh", 1, 1, one<tanh>},
      {"sigmoid", 1, 1, one<sigmoid>},
      {"relu", 1, 1, one<relu>},
      {"softplus", 1, 1, one<softplus>},
      {"logsigmoid", 1, 1, [](Vars v) { return -softplus(-v[0]); }},
      {"sign", 1, 1, one<sign>},
      elementwise<hard_sigmoid>(),
      {"hard_tanh", 1, 1,
       [](Vars v) {
         Graph& graph = *v[0].graph;
         return maximum(minimum(v[0], constant(graph, 1.0)), constant(graph, -1.0));
       }},
      {"elu", 1, 1,
       [](Vars v) { return relu(v[0]) + (exp(minimum(v[0], constant(*v[0].graph, 0.0))) - 1.0); }},
      {"silu", 1, 1, [](Vars v) { return v[0] * sigmoid(v[0]); }},
      elementwise<gelu>(),
      {"softsign", 1, 1, [](Vars v) { return v[0] / (1.0 + abs(v[0])); }},
      {"floor", 1, 1, one<floor>},
      {"erf", 1, 1, one<erf>},
      {"asinh", 1, 1, one<asinh>},
      {"atanh", 1, 1, one<atanh>},
      {"round", 1, 1,
       [](Vars v) { return stop_gradient(floor(v[0] + 0.5)) + (v[0] - stop_gradient(v[0])); }},
      {"heaviside", 1, 1, one<step>},
      {"leaky_relu", 2, 2, [](Vars v) { return relu(v[0]) - v[1] * relu(-v[0]); }},
      {"modrelu", 2, 2, [](Vars v) { return sign(v[0]) * relu(abs(v[0]) + v[1]); }},
      {"mod", 2, 2, [](Vars v) { return v[0] - v[1] * floor(v[0] / v[1]); }},
      {"clipped_sqrt", 1, 1, one<clipped_sqrt>},
      {"pow", 2, 2, [](Vars v) { return pow(v[0], v[1]); }},
      {"safe_mul", 2, 2, [](Vars v) { return safe_mul(v[0], v[1]); }},
      {"safe_div", 2, 2, [](Vars v) { return safe_div(v[0], v[1]); }},
  };
}

// The same ops on a tape give the number.
double fold(const Function& function, const std::vector<Value>& values) {
  Tape<double> tape;
  std::vector<Var> numbers;
  for (const Value& value : values) numbers.push_back(constant(tape, *value.number));
  return tape.value(function.each(numbers)).data()[0];
}

}  // namespace

FunctionCall::FunctionCall(Expressions& in, const Expression& e) : in_(in), e_(e) {
  for (std::size_t i = 0; i < e.parts.size(); ++i) {
    const bool named = i < e.names.size() && !e.names[i].empty();
    if (!named) {
      arguments_.push_back(&e.parts[i]);
      continue;
    }
    const Expression*& given = e.names[i] == "axis" ? axis_ : keep_;
    if (given) fail_at(e.parts[i].place, fmt::format("a second {}: one is enough", e.names[i]));
    given = &e.parts[i];
  }
}

bool FunctionCall::keeps() { return keep_ && in_.number(*keep_) != 0.0; }

const Value& FunctionCall::any_value(std::size_t i) {
  const auto known = known_.find(i);
  if (known != known_.end()) return known->second;
  return known_.emplace(i, in_.evaluate(argument(i))).first->second;
}

bool FunctionCall::any_complex() {
  bool found = false;
  for (std::size_t i = 0; i < count(); ++i) {
    found = found || (argument(i).kind != Expression::Kind::list && any_value(i).is_complex());
  }
  return found;
}

Value FunctionCall::value(std::size_t i) {
  const Value value = any_value(i);
  if (part_ == ComplexPart::all) return expect_real(value, argument(i).place);
  return part_ == ComplexPart::real ? real_part(value) : imaginary_part(value);
}

int FunctionCall::axis(int rank, int otherwise) {
  if (!axis_) return otherwise;
  const Index axis = in_.whole(*axis_);
  if (axis < -rank || axis >= rank) {
    fail_at(axis_->place,
            fmt::format("there is no axis {}: expected {} to {}, the last is {} or -1", axis, -rank,
                        rank - 1, rank - 1));
  }
  return static_cast<int>(axis < 0 ? axis : axis - rank);
}

Index FunctionCall::size(std::size_t i) {
  const Index n = whole(i);
  if (n < 1 || n > Budget::axis) {
    fail_at(argument(i).place, fmt::format("got {}, expected 1 to {}", n, Budget::axis));
  }
  return n;
}

Shape FunctionCall::shape(std::size_t i) {
  const Expression& list = argument(i);
  if (list.kind != Expression::Kind::list) fail_at(list.place, "expected a shape, such as [n, m]");
  return in_.sizes(list.parts, list.place);
}

Var FunctionCall::of_rank(std::size_t i, int rank) {
  const Var v = array(i);
  if (Value(v).shape().rank() != rank) {
    fail_at(argument(i).place,
            fmt::format("{} is {}, expected {}", text_of(argument(i).place), Value(v).shape_text(),
                        rank == 1   ? "a vector"
                        : rank == 2 ? "a matrix"
                                    : "rank 3"));
  }
  return v;
}

std::vector<Value> FunctionCall::values() {
  std::vector<Value> all;
  for (std::size_t i = 0; i < count(); ++i) all.push_back(value(i));
  return all;
}

std::vector<Value> FunctionCall::fitting(Shape& shape) {
  std::vector<Value> all = values();
  shape = all[0].shape();
  for (const Value& value : all) {
    const auto both = broadcast_of(shape, value.shape());
    if (!both) fail_shapes(all);
    shape = *both;
  }
  return all;
}

void FunctionCall::fail_shapes(const std::vector<Value>& values) {
  std::vector<const Expression*> parts;
  for (std::size_t i = 0; i < values.size(); ++i) parts.push_back(&argument(i));
  in_.fail_shapes(e_, parts, values);
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = [] {
    std::vector<Function> list = elementwise_functions();
    for (auto* family : {choice_functions, axis_functions, shape_functions, matrix_functions}) {
      for (Function& function : family()) list.push_back(std::move(function));
    }
    return list;
  }();
  return all;
}

bool takes_named(const Function& function, const std::string& name) {
  if (name == "axis") return function.named != Function::Named::none;
  return name == "keep" && function.named == Function::Named::axis_and_keep;
}

const Function* find_function(const std::string& name) {
  for (const Function& function : functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

const Function* find_function_of_one(const std::string& name) {
  static const std::set<std::string> of_sizes = {"arange", "eye", "ones", "size", "zeros"};
  const Function* found = find_function(name);
  return found && found->least == 1 && !of_sizes.count(name) ? found : nullptr;
}

Value call_function(const Function& function, Expressions& in, const Expression& e) {
  FunctionCall call(in, e);
  const int count = static_cast<int>(call.count());
  if (count < function.least || (function.most >= 0 && count > function.most)) {
    std::string expected = fmt::format("{}", function.least);
    if (function.most < 0) expected += " or more";
    else if (function.most > function.least) expected += fmt::format(" to {}", function.most);
    call.fail(fmt::format("{} takes {} argument{}, got {}", function.name, expected,
                          expected == "1" ? "" : "s", count));
  }
  if (function.by_parts && call.any_complex()) {
    call.take_part(ComplexPart::real);
    const Value real = function.any(call);
    call.take_part(ComplexPart::imaginary);
    return complex_of(in.graph(), real, function.any(call));
  }
  if (function.any) return function.any(call);
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  const auto is_number = [](const Value& v) { return v.is_number(); };
  if (std::all_of(values.begin(), values.end(), is_number)) return fold(function, values);
  return function.each(aligned(in.graph(), values));
}

}  // namespace carousel
