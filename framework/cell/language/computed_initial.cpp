#include "cell/language/computed_initial.hpp"

#include <algorithm>
#include <numbers>

#include "cell/language/expressions.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

// An expression with numbers at hand.
class InitialExpressions final : public Expressions {
 public:
  InitialExpressions(Tape<double>& tape, Budget& budget,
                     const std::map<std::string, double>& constants, const Shape& shape,
                     Random& random)
      : Expressions(tape, budget),
        tape_(tape),
        constants_(constants),
        shape_(shape),
        random_(random) {}

 protected:
  Value read(const Expression& name) override {
    const auto found = constants_.find(name.text);
    if (found != constants_.end()) return found->second;
    if (name.text == "u")
      return drawn(u_, [](Random& r) { return std::max(r.uniform(), 0x1.0p-53); });
    if (name.text == "z") return drawn(z_, [](Random& r) { return r.normal(); });
    if (name.text == "pi") return std::numbers::pi;
    if (name.text == "e") return std::numbers::e;
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
  template <class Draw>
  Value drawn(std::optional<Var>& known, Draw draw) {
    if (!known) {
      Tensor<double> numbers = Tensor<double>::uninitialised(shape_);
      for (double& v : numbers.values()) v = draw(random_);
      known = tape_.constant(numbers);
    }
    return *known;
  }

  Tape<double>& tape_;
  const std::map<std::string, double>& constants_;
  const Shape& shape_;
  Random& random_;
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
  Budget budget;
  InitialExpressions expressions(tape, budget, constants, shape, random);
  const Value value = expressions.real(expression);
  const auto both = broadcast_of(value.shape(), shape);
  if (!both || !(*both == shape)) {
    fail_at(expression.place,
            fmt::format("{} is {}, the parameter is {}", text_of(expression.place),
                        value.shape_text(), shape.to_string()));
  }
  return tape.value(broadcast_to(as_var(tape, value), shape)).clone();
}

}  // namespace

Initialiser computed_initial(const Expression& expression,
                             const std::map<std::string, double>& constants, const Shape& shape) {
  constexpr Index most_tried = 1 << 16;
  Random trial(0, "trial");
  if (shape.numel() <= most_tried) values_of(expression, constants, shape, trial);
  return Initialiser::computed(
      {printed(expression, constants), [expression, constants](const Shape& of, Random& random) {
         return values_of(expression, constants, of, random);
       }});
}

}  // namespace carousel
