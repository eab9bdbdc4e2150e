#include "cell/language/expression_parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cell/language/functions.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/words.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Kind = Expression::Kind;

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  Expression comparison();
  Expression call(const Token& name);
  Expression call_of(const Expression& member, const Token& first);
  std::vector<Expression> list();
  Expression make(Kind kind, const Token& first, std::string_view text,
                  std::vector<Expression> parts = {});

 private:
  // Counts how deep brackets, signs and exponents nest.
  class Nested {
   public:
    explicit Nested(ExpressionParser& parser) : depth_(parser.depth_) {
      if (++depth_ > greatest_height) parser.too_deep(parser.tokens_.place(parser.tokens_.now()));
    }
    ~Nested() { --depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    int& depth_;
  };

  [[noreturn]] void too_deep(const SourcePlace& place) const {
    fail_at(place,
            fmt::format("the expression is more than {} deep: give parts of it names of their "
                        "own",
                        greatest_height));
  }

  bool at_any(std::initializer_list<std::string_view> signs) const;
  Expression products(std::size_t level);
  Expression unary();
  Expression power();
  Expression exponent();
  Expression postfix();
  Expression primary();
  Expression name();
  Expression delay(Expression what, const Token& first);
  Expression subscripted(Expression what, const Token& first);
  Expression subscript();
  void check_steps_back(const Expression& steps) const;

  TokenStream& tokens_;
  int depth_ = 0;
};

// An expression from `first` to the last token that was read.
Expression ExpressionParser::make(Kind kind, const Token& first, std::string_view text,
                                  std::vector<Expression> parts) {
  Expression made;
  made.kind = kind;
  made.place = tokens_.place_from(first);
  made.text = std::string(text);
  for (const Expression& part : parts) made.height = std::max(made.height, part.height + 1);
  made.parts = std::move(parts);
  if (made.height > greatest_height) too_deep(made.place);
  return made;
}

bool ExpressionParser::at_any(std::initializer_list<std::string_view> signs) const {
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return tokens_.at_sign(sign); });
}

std::vector<Expression> parts_of(Expression a, Expression b) {
  std::vector<Expression> parts;
  parts.push_back(std::move(a));
  parts.push_back(std::move(b));
  return parts;
}

Expression ExpressionParser::comparison() {
  const auto at_comparison = [&] { return at_any({"<", "<=", ">", ">=", "==", "!="}); };
  const Token& first = tokens_.now();
  Expression left = products(0);
  if (!at_comparison()) return left;
  const Token& sign = tokens_.next();
  Expression right = products(0);
  if (at_comparison()) {
    tokens_.fail(tokens_.now(), "comparisons don't chain: write (a < b) * (b < c)");
  }
  return make(Kind::binary, first, sign.text, parts_of(std::move(left), std::move(right)));
}

// Sums, elementwise products and matrix products, from the weakest.
Expression ExpressionParser::products(std::size_t level) {
  const Token& first = tokens_.now();
  const auto operand = [&] { return level == 2 ? unary() : products(level + 1); };
  const auto at_operator = [&] {
    return level == 0 ? at_any({"+", "-"}) : level == 1 ? at_any({"*", "/"}) : at_any({"@"});
  };
  Expression left = operand();
  while (at_operator()) {
    const Token& sign = tokens_.next();
    Expression right = operand();
    left = make(Kind::binary, first, sign.text, parts_of(std::move(left), std::move(right)));
  }
  return left;
}

Expression ExpressionParser::unary() {
  const Nested nested(*this);
  const Token& first = tokens_.now();
  if (!tokens_.take_sign("-")) return power();
  std::vector<Expression> parts;
  parts.push_back(unary());
  return make(Kind::unary, first, "-", std::move(parts));
}

Expression ExpressionParser::power() {
  const Token& first = tokens_.now();
  Expression base = postfix();
  if (!tokens_.take_sign("^")) return base;
  Expression n = exponent();
  if (tokens_.at_sign("^")) {
    tokens_.fail(tokens_.now(), "powers don't chain: write (a ^ n) ^ m");
  }
  return make(Kind::binary, first, "^", parts_of(std::move(base), std::move(n)));
}

Expression ExpressionParser::exponent() {
  const Token& first = tokens_.now();
  if (!tokens_.take_sign("-")) return postfix();
  std::vector<Expression> parts;
  parts.push_back(postfix());
  return make(Kind::unary, first, "-", std::move(parts));
}

Expression ExpressionParser::postfix() {
  const Token& first = tokens_.now();
  Expression left = primary();
  while (tokens_.at_sign("[")) {
    const Token& inside = tokens_.later(1);
    const bool time = inside.kind == Token::Kind::name && inside.text == "t";
    left = time ? delay(std::move(left), first) : subscripted(std::move(left), first);
    const bool of_name = left.kind == Kind::index && left.parts[0].kind == Kind::name;
    if (of_name && left.parts.size() == 2 && tokens_.at_sign("(")) left = call_of(left, first);
  }
  return left;
}

// f[k](..)
Expression ExpressionParser::call_of(const Expression& member, const Token& first) {
  Expression made = call(first);
  made.indexed = true;
  made.parts.insert(made.parts.begin(), member.parts[1]);
  made.names.insert(made.names.begin(), "");
  return made;
}

// what[t - k]
Expression ExpressionParser::delay(Expression what, const Token& first) {
  const Token& opened = tokens_.next();
  const Token& time = tokens_.next();
  if (what.kind != Kind::name) {
    tokens_.fail(opened, "only a name can be read at an earlier step: give this value a name");
  }
  if (tokens_.at_sign("]")) {
    tokens_.fail(time, fmt::format("{0}[t] is {0} of this step: write {0}", what.text));
  }
  if (tokens_.at_sign("+")) {
    tokens_.fail(time,
                 fmt::format("{0}[t+..] is in the future: a cell can read {0}[t-1], {0}[t-2], ..",
                             what.text));
  }
  if (!tokens_.take_sign("-")) tokens_.fail_expected("'-', as in h[t-1]");
  std::vector<Expression> steps;
  steps.push_back(products(1));
  if (at_any({"+", "-"})) {
    tokens_.fail(tokens_.now(), "put the number of steps in brackets: h[t - (a + b)]");
  }
  check_steps_back(steps[0]);
  const std::string text = what.text;
  tokens_.expect_sign("]", &opened);
  return make(Kind::delay, first, text, std::move(steps));
}

void ExpressionParser::check_steps_back(const Expression& steps) const {
  if (steps.kind != Kind::number) return;
  if (steps.value == 0) fail_at(steps.place, "zero steps back is this step: write the name alone");
  if (steps.value != std::floor(steps.value)) {
    fail_at(steps.place, "steps back are a whole number");
  }
}

Expression ExpressionParser::subscripted(Expression what, const Token& first) {
  const Token& opened = tokens_.next();
  std::vector<Expression> parts;
  parts.push_back(std::move(what));
  do {
    parts.push_back(subscript());
  } while (tokens_.take_sign(","));
  tokens_.expect_sign("]", &opened);
  if (parts.size() > 1 + std::size_t{most_rank}) {
    fail_at(tokens_.place_from(first), fmt::format("shapes have rank {} at most", most_rank));
  }
  return make(Kind::index, first, "", std::move(parts));
}

// a, a:b, a:, :b or :
Expression ExpressionParser::subscript() {
  const Token& first = tokens_.now();
  const auto bound = [&] {
    if (at_any({":", ",", "]"})) return Expression{};
    Expression found = comparison();
    if (found.kind == Kind::unary && found.parts[0].kind == Kind::number) {
      fail_at(found.place, "elements count from 0: the last one is v[size(v) - 1]");
    }
    return found;
  };
  if (at_any({",", "]"})) tokens_.fail_expected("an element a, or a:b");
  Expression begin = bound();
  if (!tokens_.take_sign(":")) return begin;
  Expression end = bound();
  if (tokens_.at_sign(":")) tokens_.fail(tokens_.now(), "a slice a:b has no step");
  return make(Kind::subrange, first, "", parts_of(std::move(begin), std::move(end)));
}

Expression ExpressionParser::primary() {
  const Token& first = tokens_.now();
  if (first.kind == Token::Kind::name) return name();
  if (first.kind == Token::Kind::number) {
    tokens_.next();
    Expression number = make(Kind::number, first, "");
    number.value = first.value;
    return number;
  }
  if (tokens_.take_sign("(")) {
    Expression inner = comparison();
    if (tokens_.at_sign(",")) {
      tokens_.fail(tokens_.now(), "brackets hold one value: to join values write concat(a, b)");
    }
    tokens_.expect_sign(")", &first);
    return inner;
  }
  if (tokens_.at_sign("[")) {
    tokens_.fail(first,
                 "a list stands only in a call, such as zeros([n, m]): to join values write "
                 "concat(a, b)");
  }
  tokens_.fail_expression("a value");
}

Expression ExpressionParser::name() {
  const Token& word = tokens_.now();
  const bool call_follows =
      tokens_.later(1).kind == Token::Kind::sign && tokens_.later(1).text == "(";
  if (contains(keywords(), word.text) && word.text != "input") tokens_.fail_expression("a value");
  if (call_follows) return call(tokens_.next());
  tokens_.next();
  return make(Kind::name, word, word.text);
}

Expression ExpressionParser::call(const Token& name) {
  const Token& opened = tokens_.next();
  std::vector<Expression> arguments;
  std::vector<std::string> names;
  const auto read_argument = [&] {
    const Token& first = tokens_.now();
    const Token& second = tokens_.later(1);
    const bool named =
        first.kind == Token::Kind::name && second.kind == Token::Kind::sign && second.text == "=";
    names.push_back(named ? std::string(first.text) : "");
    if (named) {
      tokens_.next();
      tokens_.next();
    }
    const Token& value = tokens_.now();
    if (tokens_.at_sign("[")) {
      std::vector<Expression> elements = list();
      arguments.push_back(make(Kind::list, value, "", std::move(elements)));
    } else {
      arguments.push_back(comparison());
    }
  };
  if (!tokens_.at_sign(")")) {
    do {
      read_argument();
    } while (tokens_.take_sign(","));
  }
  tokens_.expect_sign(")", &opened);
  Expression made = make(Kind::call, name, name.text, std::move(arguments));
  made.names = std::move(names);
  return made;
}

std::vector<Expression> ExpressionParser::list() {
  const Nested nested(*this);
  const Token& opened = tokens_.now();
  tokens_.expect_sign("[");
  std::vector<Expression> elements;
  do {
    elements.push_back(comparison());
  } while (tokens_.take_sign(","));
  tokens_.expect_sign("]", &opened);
  return elements;
}

}  // namespace

Expression parse_expression(TokenStream& tokens) { return ExpressionParser(tokens).comparison(); }

std::vector<Expression> parse_shape(TokenStream& tokens) {
  const Token& opened = tokens.now();
  if (!tokens.at_sign("[")) tokens.fail_expected("a shape, such as [hidden, input]");
  if (tokens.later(1).text == "]") {
    tokens.fail(opened, "a shape has a size: a single number is [1]");
  }
  std::vector<Expression> shape = ExpressionParser(tokens).list();
  if (shape.size() > std::size_t{most_rank}) {
    fail_at(tokens.place_from(opened), fmt::format("shapes have rank {} at most", most_rank));
  }
  return shape;
}

namespace {

// A word of a list, with arguments or without.
template <class WayOut>
Expression parse_word(TokenStream& tokens, std::string_view what,
                      const std::vector<std::string>& words, WayOut way_out) {
  const Token& word = tokens.now();
  if (word.kind != Token::Kind::name) {
    tokens.fail_expected(fmt::format("{}, such as {}", what, words.front()));
  }
  if (!contains(words, word.text)) {
    tokens.fail(word, fmt::format("no {} '{}'{}", what, word.text, way_out(word.text)));
  }
  tokens.next();
  ExpressionParser parser(tokens);
  return tokens.at_sign("(") ? parser.call(word) : parser.make(Kind::name, word, word.text);
}

}  // namespace

Expression parse_initialiser(TokenStream& tokens) {
  const Token& word = tokens.now();
  const Token& second = tokens.later(1);
  const bool goes_on = second.kind == Token::Kind::sign && second.line == word.line;
  if (word.kind == Token::Kind::number && !goes_on) {
    tokens.fail(word, fmt::format("write init constant({})", word.text));
  }
  // What begins as no initialiser, but as an expression can, is one.
  const bool calls = goes_on && second.text == "(" && find_function(std::string(word.text));
  const bool operates =
      goes_on && std::string_view("+-*/@^[<>=!").find(second.text[0]) != std::string_view::npos;
  const bool drawn = word.text == "u" || word.text == "z";
  const bool is_word = word.kind == Token::Kind::name && !calls && !operates && !drawn;
  if (is_word && !(goes_on && second.text == "(")) {  // check_whole() knows the hypers too
    tokens.next();
    return ExpressionParser(tokens).make(Kind::name, word, word.text);
  }
  if (is_word || contains(initialiser_names(), word.text)) {
    return parse_word(tokens, "initialiser", initialiser_names(), [](std::string_view got) {
      const std::string_view advice = advice_for_word(got);
      return advice.empty() ? did_you_mean(got, initialiser_names()) : fmt::format(": {}", advice);
    });
  }
  return parse_expression(tokens);
}

Expression parse_drawn(TokenStream& tokens) {
  return parse_word(tokens, "distribution", distribution_names(), [](std::string_view) {
    return std::string(": write normal, uniform, bernoulli(p) or dropout(p)");
  });
}

Expression parse_hyper_value(TokenStream& tokens) {
  const Token& word = tokens.now();
  if (word.kind != Token::Kind::name) return parse_signed_number(tokens);
  const std::string name(word.text);
  if (!find_function_of_one(name) && !is_plain_initialiser(name)) {
    std::vector<std::string> known = initialiser_names();
    for (const Function& function : functions()) {
      if (find_function_of_one(function.name)) known.push_back(function.name);
    }
    tokens.fail(
        word, fmt::format("'{}' is no value for a hyper{}: a hyper is a number, a function of one "
                          "value, such as tanh, or a rule for first values, such as glorot",
                          name, did_you_mean(name, known)));
  }
  tokens.next();
  return ExpressionParser(tokens).make(Kind::name, word, name);
}

Expression parse_signed_number(TokenStream& tokens) {
  const Token& first = tokens.now();
  const bool negative = tokens.take_sign("-");
  if (!tokens.at(Token::Kind::number)) tokens.fail_expected("a number");
  Expression number;
  number.kind = Kind::number;
  number.value = tokens.next().value;
  if (negative) number.value = -number.value;
  number.place = tokens.place_from(first);
  return number;
}

}  // namespace carousel
