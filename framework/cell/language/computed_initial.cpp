#include "cell/language/computed_initial.hpp"

#include <algorithm>
#include <functional>

#include "cell/language/expressions.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

// The values that a first value is made of, in some graph.
struct Drawn {
  std::function<Var()> uniform, normal;
};

class InitialExpressions final : public Expressions {
 public:
  InitialExpressions(Graph& graph, Budget& budget, const std::map<std::string, double>& constants,
                     const Drawn& drawn)
      : Expressions(graph, budget), constants_(constants), drawn_(drawn) {}

 protected:
  Value read(const Expression& name) override {
    const auto found = constants_.find(name.text);
    if (found != constants_.end()) return found->second;
    if (name.text == "u") return known(u_, drawn_.uniform);
    if (name.text == "z") return known(z_, drawn_.normal);
    if (const auto number = number_named(name.text)) return *number;
    fail_at(name.place,
            fmt::format("{} is not known before the first step: a first value is made of "
                        "u (uniform in 0 to 1), z (normal), sizes and hypers",
                        name.text));
  }
  Value read_delay(const Expression& delay) override {
    fail_at(delay.place, "before the first step there are no values of steps");
  }
  bool defines(const std::string&) const override { return false; }
  Value call(const Expression& e) override {
    fail_at(e.place, fmt::format("'{}' can't be called in a first value", e.text));
  }
  std::optional<Value> read_family(const Expression&) override { return {}; }

 private:
  static Value known(std::optional<Var>& value, const std::function<Var()>& draw) {
    if (!value) value = draw();
    return *value;
  }

  const std::map<std::string, double>& constants_;
  const Drawn& drawn_;
  std::optional<Var> u_, z_;
};

// The expression with numbers for sizes and hyperparameters, so that it can be read without them.
std::string printed(const Expression& e, const std::map<std::string, double>& constants) {
  std::vector<std::string> parts;
  for (const Expression& part : e.parts) parts.push_back(printed(part, constants));
  const auto listed = [&](std::size_t first) {
    std::string text;
    for (std::size_t i = first; i < parts.size(); ++i) {
      const bool named = i < e.names.size() && !e.names[i].empty();
      text += (i > first ? ", " : "") + (named ? e.names[i] + " = " : "") + parts[i];
    }
    return text;
  };
  switch (e.kind) {
    case Expression::Kind::number: return fmt::format("{}", e.value);
    case Expression::Kind::name: {
      const auto found = constants.find(e.text);
      return found == constants.end() ? e.text : fmt::format("{}", found->second);
    }
    case Expression::Kind::unary: return "(-" + parts.at(0) + ")";
    case Expression::Kind::binary:
      return fmt::format("({} {} {})", parts.at(0), e.text, parts.at(1));
    case Expression::Kind::call: return e.text + "(" + listed(0) + ")";
    case Expression::Kind::index: return parts.at(0) + "[" + listed(1) + "]";
    case Expression::Kind::subrange: return parts.at(0) + ":" + parts.at(1);
    case Expression::Kind::list: return "[" + listed(0) + "]";
    case Expression::Kind::delay:
    case Expression::Kind::absent: return "";
  }
  fail_bug("an expression of no kind");
}

Tensor<double> values_of(const Expression& expression,
                         const std::map<std::string, double>& constants, const Shape& shape,
                         Random& random) {
  Tape<double> tape;
  const auto each = [&](auto draw) {
    Tensor<double> numbers = Tensor<double>::uninitialised(shape);
    for (double& v : numbers.values()) v = draw();
    return tape.constant(numbers);
  };
  const Drawn drawn{[&] { return each([&] { return std::max(random.uniform(), 0x1.0p-53); }); },
                    [&] { return each([&] { return random.normal(); }); }};
  Budget budget;
  InitialExpressions expressions(tape, budget, constants, drawn);
  const Value value = expressions.real(expression);
  return tape.value(broadcast_to(as_var(tape, value), shape)).clone();
}

void expect_no_gradient(const Expression& e) {
  if (e.kind == Expression::Kind::call && e.text == "grad") {
    fail_at(e.place, "grad stands in an equation alone");
  }
  for (const Expression& part : e.parts) expect_no_gradient(part);
}

// Builds the expression without numbers: what does not fit is found, and what would be too large is
// never made.
void check(const Expression& expression, const std::map<std::string, double>& constants,
           const Shape& shape) {
  StepBuilder builder("first value");
  const auto parameter = [&](const char* name) {
    return builder.parameter(name, shape, Initialiser::zeros());
  };
  const Drawn drawn{[&] { return parameter("u"); }, [&] { return parameter("z"); }};
  Budget budget;
  InitialExpressions expressions(builder, budget, constants, drawn);
  const Value value = expressions.real(expression);
  const auto both = broadcast_of(value.shape(), shape);
  if (!both || !(*both == shape)) {
    fail_at(expression.place,
            fmt::format("{} is {}, the parameter is {}", text_of(expression.place),
                        value.shape_text(), shape.to_string()));
  }
  const Index most = std::max<Index>(Index{1} << 22, 4 * shape.numel());
  for (const ProgramNode& node : builder.program().nodes) {
    if (node.shape.numel() <= most) continue;
    fail_at(expression.place, fmt::format("{} has a part of {}, expected at most {} elements",
                                          text_of(expression.place), node.shape.to_string(), most));
  }
}

}  // namespace

Initialiser computed_initial(const Expression& expression,
                             const std::map<std::string, double>& constants, const Shape& shape) {
  expect_no_gradient(expression);
  check(expression, constants, shape);
  return Initialiser::computed(
      {printed(expression, constants), [expression, constants](const Shape& of, Random& random) {
         return values_of(expression, constants, of, random);
       }});
}

}  // namespace carousel
