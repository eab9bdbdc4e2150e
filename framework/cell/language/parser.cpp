#include "cell/language/parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cell/language/checks.hpp"
#include "cell/language/expression_parser.hpp"
#include "cell/language/head_parser.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/words.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Kind = Statement::Kind;

constexpr std::size_t most_bytes = std::size_t{1} << 20;
constexpr int most_statements = 10000;

class StatementParser {
 public:
  explicit StatementParser(TokenStream& tokens) : tokens_(tokens) {}

  // Reads statements up to the end of the file, or up to the `}` that closes `brace`.
  std::vector<Statement> block(const Token* brace);

 private:
  void statement();
  void hyper();
  void input();
  void parameters();
  void parameter_options(Statement& parameter);
  void state();
  void initial();
  void function();
  void noise();
  void schedule();
  void loss();
  void use();
  void options(Statement& use);
  void repeat();
  void output();
  void assignment(Kind kind);
  void collect();
  [[noreturn]] void fail_no_assignment();

  Statement begin(Kind kind);
  void end(Statement statement);
  void new_name(Statement& statement, std::string_view what);
  std::string free_name(std::string_view what);
  std::vector<Expression> range();
  void family(Statement& made, const std::string& advice);
  std::vector<Statement> names_of_shape(Kind kind);
  void expect_word(std::string_view word, std::string_view example);

  TokenStream& tokens_;
  const Token* first_ = nullptr;  // of the statement that is being read
  std::vector<Statement>* out_ = nullptr;
  int statements_ = 0;
  int depth_ = 0;  // of repeats
};

std::vector<Statement> StatementParser::block(const Token* brace) {
  std::vector<Statement> statements;
  while (true) {
    tokens_.skip_empty_lines();
    if (brace && tokens_.take_sign("}")) return statements;
    if (tokens_.at(Token::Kind::end)) {
      if (brace) tokens_.fail(*brace, "this '{' is not closed: '}' is missing");
      return statements;
    }
    if (tokens_.at_sign("}")) tokens_.fail(tokens_.now(), "this '}' closes nothing");
    first_ = &tokens_.now();
    out_ = &statements;
    statement();
    tokens_.expect_line_end();
  }
}

void StatementParser::statement() {
  using Reader = void (StatementParser::*)();
  static constexpr std::array<std::pair<std::string_view, Reader>, 11> declarations = {{
      {"hyper", &StatementParser::hyper},
      {"input", &StatementParser::input},
      {"param", &StatementParser::parameters},
      {"state", &StatementParser::state},
      {"initial", &StatementParser::initial},
      {"def", &StatementParser::function},
      {"noise", &StatementParser::noise},
      {"schedule", &StatementParser::schedule},
      {"loss", &StatementParser::loss},
      {"use", &StatementParser::use},
      {"output", &StatementParser::output},
  }};
  const Token& second = tokens_.later(1);
  if (second.kind == Token::Kind::sign && second.text == "=") return assignment(Kind::assign);
  if (tokens_.at_word("repeat")) return repeat();
  if (tokens_.at_word("collect") && second.kind == Token::Kind::name) return collect();
  for (const auto& [word, read] : declarations) {
    if (!tokens_.at_word(word)) continue;
    if (depth_ > 0) {
      tokens_.fail(*first_, fmt::format("'{}' stands outside of repeat", word));
    }
    tokens_.next();
    return (this->*read)();
  }
  for (const std::string_view word : {"ref", "group", "conventions", "cell"}) {
    if (tokens_.at_word(word)) {
      tokens_.fail(
          *first_,
          fmt::format("'{}' belongs to the head of the file, before everything else", word));
    }
  }
  assignment(Kind::assign);
}

Statement StatementParser::begin(Kind kind) {
  if (++statements_ > most_statements) {
    tokens_.fail(*first_, fmt::format("a cell has at most {} statements", most_statements));
  }
  Statement made;
  made.kind = kind;
  return made;
}

void StatementParser::end(Statement statement) {
  statement.place = tokens_.place_from(*first_);
  out_->push_back(std::move(statement));
}

// Reads a name that the language leaves to the user.
std::string StatementParser::free_name(std::string_view what) {
  const Token& word = tokens_.now();
  if (word.kind != Token::Kind::name) tokens_.fail_expected(what);
  const auto taken = [&](std::string_view reason) {
    tokens_.fail(word, fmt::format("'{}' is {}: choose another name", word.text, reason));
  };
  const std::size_t dot = word.text.find('.');
  if (dot != std::string_view::npos) {
    tokens_.fail(
        word, fmt::format("'{}' has a '.' and can only be read: choose another name", word.text));
  }
  if (word.text == "t") taken("the time step");
  if (word.text == "x") taken("the input of the step");
  if (word.text == "input") taken("the size of x");
  if (word.text == "hidden") taken("the size of a state");
  if (contains(keywords(), word.text)) taken("a keyword");
  return std::string(tokens_.next().text);
}

void StatementParser::new_name(Statement& statement, std::string_view what) {
  const Token& word = tokens_.now();
  statement.name = free_name(what);
  statement.name_place = tokens_.place(word);
}

void StatementParser::expect_word(std::string_view word, std::string_view example) {
  if (!tokens_.take_word(word)) tokens_.fail_expected(fmt::format("'{}', as in {}", word, example));
}

void StatementParser::hyper() {
  Statement made = begin(Kind::hyper);
  new_name(made, "the name of a number or of a function");
  tokens_.expect_sign("=");
  made.value = parse_hyper_value(tokens_);
  end(std::move(made));
}

void StatementParser::input() {
  Statement made = begin(Kind::input);
  new_name(made, "the name of an input");
  tokens_.expect_sign(":");
  made.shape = parse_shape(tokens_);
  if (made.shape.size() > 1) fail_at(made.shape[1].place, "an input is a vector: [size]");
  if (tokens_.take_word("default")) made.value = parse_signed_number(tokens_);
  end(std::move(made));
}

// first..last
std::vector<Expression> StatementParser::range() {
  std::vector<Expression> found;
  found.push_back(parse_expression(tokens_));
  if (!tokens_.take_sign("..")) tokens_.fail_expected("'..', as in 1..depth");
  found.push_back(parse_expression(tokens_));
  return found;
}

// [first..last] or [k in first..last]; advice: what to say where there are no bounds.
void StatementParser::family(Statement& made, const std::string& advice) {
  const Token& opened = tokens_.next();
  const Token& second = tokens_.later(1);
  if (second.kind == Token::Kind::name && second.text == "in") {
    made.index = free_name("a name for the number of a member");
    tokens_.next();
  }
  made.range.push_back(parse_expression(tokens_));
  if (!tokens_.take_sign("..")) tokens_.fail(opened, advice);
  made.range.push_back(parse_expression(tokens_));
  tokens_.expect_sign("]", &opened);
}

// NAME, NAME : [size, ..]
std::vector<Statement> StatementParser::names_of_shape(Kind kind) {
  std::vector<Statement> found;
  do {
    Statement made = begin(kind);
    new_name(made, kind == Kind::parameter ? "the name of a parameter"
                   : kind == Kind::state   ? "the name of a state"
                                           : "a name for what is drawn");
    if (kind == Kind::parameter && tokens_.at_sign("[")) {
      family(made,
             fmt::format("a ':' stands before a shape, as in param {} : [hidden]; a family of "
                         "parameters has bounds, [1..n]",
                         made.name));
    }
    found.push_back(std::move(made));
  } while (tokens_.take_sign(","));
  if (!tokens_.take_sign(":")) tokens_.fail_expected("':' and a shape, such as : [hidden, input]");
  const std::vector<Expression> shape = parse_shape(tokens_);
  for (Statement& made : found) made.shape = shape;
  return found;
}

void StatementParser::parameters() {
  std::vector<Statement> found = names_of_shape(Kind::parameter);
  Statement options;
  parameter_options(options);
  for (Statement& made : found) {
    made.initialiser = options.initialiser;
    made.fixed = options.fixed;
    made.is_complex = options.is_complex;
    end(std::move(made));
  }
}

void StatementParser::parameter_options(Statement& parameter) {
  while (true) {
    const Token& word = tokens_.now();
    if (tokens_.take_word("fixed")) {
      if (parameter.fixed) tokens_.fail(word, "a second 'fixed': one is enough");
      parameter.fixed = true;
    } else if (tokens_.take_word("complex")) {
      if (parameter.is_complex) tokens_.fail(word, "a second 'complex': one is enough");
      parameter.is_complex = true;
    } else if (tokens_.take_word("init")) {
      if (parameter.initialiser) tokens_.fail(word, "a second 'init': one is enough");
      parameter.initialiser = parse_initialiser(tokens_);
    } else {
      break;
    }
  }
  if (contains(initialiser_names(), tokens_.now().text)) {
    tokens_.fail(tokens_.now(), fmt::format("write init {}", tokens_.now().text));
  }
  if (tokens_.at_sign("=")) {
    tokens_.fail(tokens_.now(),
                 "a parameter has no '=': its first value is init INITIALISER, such as "
                 "init zeros or init constant(1)");
  }
}

void StatementParser::state() {
  std::vector<Statement> found = names_of_shape(Kind::state);
  const bool is_complex = tokens_.take_word("complex");
  for (Statement& made : found) {
    made.is_complex = is_complex;
    end(std::move(made));
  }
}

void StatementParser::initial() {
  Statement made = begin(Kind::initial);
  new_name(made, "the name of a state");
  tokens_.expect_sign("=");
  made.value = parse_expression(tokens_);
  end(std::move(made));
}

// def name(a, b) = expression
void StatementParser::function() {
  Statement made = begin(Kind::function);
  new_name(made, "the name of a function");
  const Token& opened = tokens_.now();
  tokens_.expect_sign("(");
  if (!tokens_.at_sign(")")) {
    do {
      const Token& word = tokens_.now();
      const bool is_x = tokens_.take_word("x");  // hides the input of the step
      const std::string name = is_x ? "x" : free_name("the name of an argument");
      if (contains(made.arguments, name)) {
        tokens_.fail(word, fmt::format("two arguments have the name '{}'", name));
      }
      made.arguments.push_back(name);
    } while (tokens_.take_sign(","));
  }
  tokens_.expect_sign(")", &opened);
  tokens_.expect_sign("=");
  made.value = parse_expression(tokens_);
  end(std::move(made));
}

// noise NAME, NAME : [size] DISTRIBUTION each step
void StatementParser::noise() {
  std::vector<Statement> found = names_of_shape(Kind::noise);
  if (found[0].shape.size() > 1) fail_at(found[0].shape[1].place, "noise is a vector: [size]");
  const Expression drawn = parse_drawn(tokens_);
  std::string often = "step";
  if (tokens_.take_word("each")) {
    const Token& word = tokens_.now();
    if (!tokens_.take_word("step") && !tokens_.take_word("sequence")) {
      tokens_.fail_expected("'step' or 'sequence'");
    }
    often = std::string(word.text);
  }
  for (Statement& made : found) {
    made.initialiser = drawn;
    made.text = often;
    end(std::move(made));
  }
}

// schedule NAME from NUMBER to NUMBER over UPDATES
void StatementParser::schedule() {
  Statement made = begin(Kind::schedule);
  new_name(made, "a name for the number");
  for (const std::string_view word : {"from", "to", "over"}) {
    expect_word(word, fmt::format("schedule {} from 1 to 5 over 1000", made.name));
    made.options.push_back(parse_expression(tokens_));
  }
  end(std::move(made));
}

// loss NAME weight NUMBER = expression
void StatementParser::loss() {
  Statement made = begin(Kind::loss);
  new_name(made, "a name for the loss");
  if (tokens_.take_word("weight")) made.options.push_back(parse_expression(tokens_));
  tokens_.expect_sign("=");
  made.value = parse_expression(tokens_);
  end(std::move(made));
}

// use CELL as NAME (size = value, ..)
void StatementParser::use() {
  Statement made = begin(Kind::use);
  if (!tokens_.at(Token::Kind::name)) tokens_.fail_expected("the name of a cell");
  const Token& cell = tokens_.next();
  made.text = std::string(cell.text);
  expect_word("as", fmt::format("use {} as inner", made.text));
  new_name(made, "a name for the cell");
  if (tokens_.at_sign("[")) {
    family(made, "a family of cells has bounds, as in use lstm as f[1..n]");
  }
  if (tokens_.at_sign("(")) options(made);
  end(std::move(made));
}

void StatementParser::options(Statement& use) {
  const Token& opened = tokens_.next();
  if (!tokens_.at_sign(")")) {
    do {
      const Token& word = tokens_.now();
      if (!tokens_.at(Token::Kind::name))
        tokens_.fail_expected("a size or a hyper, such as hidden = 64");
      const std::string name(tokens_.next().text);
      if (contains(use.arguments, name))
        tokens_.fail(word, fmt::format("'{}' is given twice", name));
      tokens_.expect_sign("=");
      use.arguments.push_back(name);
      use.options.push_back(parse_expression(tokens_));
    } while (tokens_.take_sign(","));
  }
  tokens_.expect_sign(")", &opened);
}

// repeat NAME in first..last { statements }
void StatementParser::repeat() {
  const Token& first = tokens_.next();
  Statement made = begin(Kind::repeat);
  new_name(made, "the name of a counter, as in repeat k in 1..n { .. }");
  expect_word("in", "repeat k in 1..n { .. }");
  made.range = range();
  const Token& brace = tokens_.now();
  tokens_.expect_sign("{");
  if (++depth_ > greatest_height) {
    tokens_.fail(brace, fmt::format("repeats nest at most {} deep", greatest_height));
  }
  std::vector<Statement>* const outer = out_;
  made.body = block(&brace);
  if (made.body.empty()) tokens_.fail(brace, "nothing stands in these braces");
  --depth_;
  out_ = outer;
  first_ = &first;
  end(std::move(made));
}

void StatementParser::output() {
  Statement made = begin(Kind::output);
  if (!tokens_.at(Token::Kind::name)) tokens_.fail_expected("the name of a value");
  const Token& word = tokens_.next();
  made.name = std::string(word.text);
  made.name_place = tokens_.place(word);
  if (tokens_.at_sign("[") || tokens_.at_sign("(") || tokens_.at_sign("=")) {
    tokens_.fail(tokens_.now(), "output takes a name alone: set a name to this value first");
  }
  if (tokens_.at_sign(",")) {
    tokens_.fail(tokens_.now(), "a cell has one output: join values with concat(a, b)");
  }
  end(std::move(made));
}

// collect NAME = expression
void StatementParser::collect() {
  if (depth_ == 0) tokens_.fail(*first_, "'collect' stands in a repeat");
  tokens_.next();
  assignment(Kind::collect);
}

void StatementParser::assignment(Kind kind) {
  const Token& second = tokens_.later(1);
  if (tokens_.now().kind != Token::Kind::name || second.kind != Token::Kind::sign ||
      second.text != "=") {
    fail_no_assignment();
  }
  Statement made = begin(kind);
  new_name(made, "a name");
  tokens_.next();
  made.value = parse_expression(tokens_);
  end(std::move(made));
}

// The line is neither a statement nor NAME = expression.
void StatementParser::fail_no_assignment() {
  const Token& first = *first_;
  if (first.kind == Token::Kind::sign &&
      std::string_view("+-*/@^<>=,").find(first.text[0]) != std::string_view::npos) {
    tokens_.fail(first, fmt::format("a line can't begin with '{0}': put it at the end of the line "
                                    "before, or use brackets",
                                    first.text));
  }
  if (first.kind != Token::Kind::name) tokens_.fail_expected("a statement");
  tokens_.next();
  const Token& second = tokens_.now();
  if (second.text == "==") {
    tokens_.fail(second, "'==' compares; to set a name, write '='");
  }
  if (second.text == "," && second.kind == Token::Kind::sign) {
    tokens_.fail(second, "a line sets one name");
  }
  if (second.text == ":" && second.kind == Token::Kind::sign) {
    tokens_.fail(first,
                 fmt::format("what is '{0}'? write param {0} : [..] for a parameter, state {0} : "
                             "[..] for a state",
                             first.text));
  }
  if (second.text == "[" && tokens_.later(1).text == "t") {
    tokens_.fail(second, fmt::format("the left side is of this step: write {} = ..", first.text));
  }
  if (second.text == "[") {
    tokens_.fail(second,
                 fmt::format("a value is set as a whole: write {0} = ..; before the first step "
                             "it is initial {0} = ..",
                             first.text));
  }
  if (!advice_for_word(first.text).empty()) {
    tokens_.fail(first, fmt::format("'{}' is no word of the language: {}", first.text,
                                    advice_for_word(first.text)));
  }
  for (const std::string_view word : {"init", "fixed", "default", "complex"}) {
    if (first.text != word) continue;
    tokens_.fail(first,
                 fmt::format("'{}' goes with the line above: a statement goes on in the next "
                             "line inside brackets and behind an operator alone",
                             word));
  }
  if (second.kind == Token::Kind::name) {
    tokens_.fail(first, fmt::format("no statement begins with '{}'{}", first.text,
                                    did_you_mean(first.text, keywords())));
  }
  tokens_.fail(first, "a line sets a name: NAME = expression");
}

// The text behind the mark that some editors put in front.
std::string_view without_mark(std::string_view source) {
  return source.starts_with("\xef\xbb\xbf") ? source.substr(3) : source;
}

}  // namespace

CellSyntax parse_cell(std::string_view source, const std::string& file) {
  if (source.size() > most_bytes) {
    const auto none = std::make_shared<const SourceText>(SourceText{file, ""});
    fail_at({none, 1, 1, 1},
            fmt::format("the file has {} bytes; a cell has at most {}", source.size(), most_bytes));
  }
  CellSyntax cell;
  cell.source =
      std::make_shared<const SourceText>(SourceText{file, std::string(without_mark(source))});
  TokenStream tokens(cell.source);
  parse_head(tokens, cell);
  cell.statements = StatementParser(tokens).block(nullptr);
  check_names(cell);
  if (cell.base.empty()) check_whole(cell);
  return cell;
}

}  // namespace carousel
