#include "cell/language/cell_builder.hpp"

#include <algorithm>
#include <cmath>

#include "cell/language/functions.hpp"
#include "cell/language/words.hpp"

namespace carousel {
namespace {

// A number as it stands in a line, 0.1 or -0.1, or a word.
HyperValue plain_value(const Expression& e) {
  if (e.kind == Expression::Kind::number) return e.value;
  if (e.kind == Expression::Kind::name) return e.text;
  if (e.kind == Expression::Kind::unary && e.parts.at(0).kind == Expression::Kind::number) {
    return -e.parts[0].value;
  }
  fail_at(e.place, fmt::format("{} is no plain number", text_of(e.place)));
}

bool sets(const Statement& line, const std::string& name) {
  if (line.kind == Statement::Kind::assign) return line.name == name;
  return line.kind == Statement::Kind::repeat &&
         std::any_of(line.body.begin(), line.body.end(),
                     [&](const Statement& inner) { return sets(inner, name); });
}

}  // namespace

CellBuilder::CellBuilder(ProgramInWork& program, const CellSyntax& syntax, const CellSizes& sizes)
    : Expressions(program.builder, program.budget), program_(program), syntax_(syntax) {
  for (const auto& [name, size] : {std::pair("input", sizes.input), {"hidden", sizes.hidden}}) {
    if (size < 1 || size > most_units) {
      fail_at(syntax.name_place, fmt::format("{} is {}, expected 1 to {}", name, size, most_units));
    }
    set_size(name, size);
  }
  declare(syntax.statements, true);
  set_hypers(sizes.hyper);
  input_values_.emplace("x", program_.builder.input("x", sizes.input));
  for (const Statement& line : syntax.statements) {
    if (line.kind != Statement::Kind::input) continue;
    const Shape shape = this->sizes(line.shape, line.place);
    if (shape.rank() != 1) fail_at(line.place, fmt::format("{} must be a vector", line.name));
    std::optional<double> otherwise;
    if (line.value.kind != Expression::Kind::absent) otherwise = number(line.value);
    input_values_.emplace(line.name, program_.builder.input(line.name, shape[0], otherwise));
  }
}

CellBuilder::CellBuilder(CellBuilder& user, const Statement& line, const std::string& name,
                         const CellSyntax& syntax)
    : Expressions(user.graph(), user.budget()),
      program_(user.program_),
      syntax_(syntax),
      user_(&user),
      prefix_(user.prefix_ + name + "."),
      parameter_prefix_(user.parameter_prefix_ + name + "."),
      nesting_(user.nesting_ + 1) {
  if (nesting_ > Budget::nesting) {
    fail_at(line.place, fmt::format("cells are used in cells more than {} deep", Budget::nesting));
  }
  for (const CellBuilder* outer = &user; outer; outer = outer->user_) {
    if (&outer->syntax_ == &syntax || outer->syntax_.name == syntax.name) {
      fail_at(line.place, fmt::format("{} uses itself", syntax.name));
    }
  }
  constants_["hidden"] = user.constants_.at("hidden");
  declare(syntax.statements, true);
  HyperValues hypers;
  for (std::size_t i = 0; i < line.options.size(); ++i) {
    const std::string& option_name = line.arguments.at(i);
    const Expression& option = line.options[i];
    if (option_name == "input" || option_name == "hidden") {
      set_size(option_name, user.sizes({option}, option.place)[0]);
      continue;
    }
    std::vector<std::string> known{"input", "hidden"};
    for (const CellHyper& hyper : hypers_of(syntax)) known.push_back(hyper.name);
    if (std::find(known.begin() + 2, known.end(), option_name) == known.end()) {
      fail_at(option.place, fmt::format("{} has no hyper '{}'{}", syntax.name, option_name,
                                        did_you_mean(option_name, known)));
    }
    hypers[option_name] = user.hyper_option(option);
  }
  try {
    set_hypers(hypers);
  } catch (const LanguageError&) {
    throw;
  } catch (const InputError& error) {
    fail_at(line.place, error.what());
  }
}

void CellBuilder::set_size(const std::string& name, Index size) {
  if (size < 1 || size > Budget::axis) {
    fail_at(syntax_.name_place,
            fmt::format("{} is {}, expected 1 to {}", name, size, Budget::axis));
  }
  constants_[name] = static_cast<double>(size);
}

void CellBuilder::declare(const std::vector<Statement>& lines, bool on_top) {
  for (const Statement& line : lines) {
    budget().work(line.place);
    if (line.kind == Statement::Kind::assign) {
      assigned_.insert(line.name);
      if (!on_top) set_in_braces_.insert(line.name);
    } else if (line.kind == Statement::Kind::collect) {
      assigned_.insert(line.name);
    } else if (line.kind == Statement::Kind::repeat) {
      declare(line.body, false);
    } else if (on_top) {
      declare(line);
    } else {
      fail_at(line.place, "in braces a line sets a name, or is a repeat");
    }
  }
}

void CellBuilder::declare(const Statement& line) {
  const auto add = [&](std::map<std::string, const Statement*>& all) {
    if (!all.emplace(line.name, &line).second) {
      fail_at(line.place, fmt::format("there is such a line for {} already", line.name));
    }
  };
  switch (line.kind) {
    case Statement::Kind::parameter: return add(parameters_);
    case Statement::Kind::input: return add(inputs_);
    case Statement::Kind::state: return add(shapes_);
    case Statement::Kind::initial: return add(initials_);
    case Statement::Kind::function: return add(definitions_);
    case Statement::Kind::output: output_ = &line; return;
    case Statement::Kind::noise:
    case Statement::Kind::schedule: return add(noises_);
    case Statement::Kind::loss: losses_.insert(line.name); return;
    case Statement::Kind::hyper:
    case Statement::Kind::use:
    case Statement::Kind::assign:
    case Statement::Kind::collect:
    case Statement::Kind::repeat: return;
  }
}

// A word of the cell that uses another one, or a number.
HyperValue CellBuilder::hyper_option(const Expression& e) {
  if (e.kind == Expression::Kind::name) {
    if (const auto word = words_.find(e.text); word != words_.end()) return word->second;
    const bool is_value = constants_.count(e.text) > 0 || values_.count(e.text) > 0;
    if (!is_value && (find_function_of_one(e.text) || is_plain_initialiser(e.text))) return e.text;
  }
  return number(e);
}

void CellBuilder::set_hypers(const HyperValues& given) {
  std::vector<std::string> known;
  for (const CellHyper& hyper : hypers_of(syntax_)) {
    set_hyper(hyper.name, hyper.value);
    known.push_back(hyper.name);
  }
  for (const auto& [name, value] : given) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail_input("cell {} has no hyper '{}'{}", syntax_.name, name, did_you_mean(name, known));
    }
    expect_like_default(name, value);
    set_hyper(name, value);
  }
}

void CellBuilder::set_hyper(const std::string& name, const HyperValue& value) {
  if (const auto* number = std::get_if<double>(&value)) constants_[name] = *number;
  else words_[name] = std::get<std::string>(value);
}

// A number for a number, a function for a function, a rule for a rule.
void CellBuilder::expect_like_default(const std::string& name, const HyperValue& value) const {
  const auto* number = std::get_if<double>(&value);
  const auto* word = std::get_if<std::string>(&value);
  const auto expect = [&](bool is, const std::string& expected) {
    if (is) return;
    fail_input("cell {}: {} is {}, expected {}", syntax_.name, name, hyper_text(value), expected);
  };
  const auto found = words_.find(name);
  if (found == words_.end()) {
    expect(number && std::abs(*number) <= most_hyper,
           fmt::format("a number from -{0} to {0}", most_hyper));
  } else if (find_function_of_one(found->second)) {
    expect(word && find_function_of_one(*word), "a function of one value, such as tanh");
  } else {
    expect(word && is_plain_initialiser(*word),
           "a rule for first values that takes no number, such as glorot");
  }
}

void CellBuilder::run() {
  const Value output = run_lines();
  if (!output.batched()) {
    fail_at(output_->place, fmt::format("the output {} is the same at each step", output_->name));
  }
  program_.builder.set_output(output_->name);
}

Value CellBuilder::run_lines() {
  frames_.push_back({&syntax_.statements, true, ""});
  for (const Statement& line : syntax_.statements) {
    run_line(line);
    ++frames_.back().at;
  }
  frames_.pop_back();
  name_carried();
  for (const State& state : states_) finish_state(state);
  return finish_output();
}

void CellBuilder::run_line(const Statement& line) {
  budget().work(line.place);
  try {
    if (line.kind == Statement::Kind::assign) assign(line);
    if (line.kind == Statement::Kind::collect) collected_[&line].push_back(evaluate(line.value));
    if (line.kind == Statement::Kind::repeat) repeat(line);
    if (line.kind == Statement::Kind::use) use(line);
    if (line.kind == Statement::Kind::loss) loss(line);
  } catch (const LanguageError&) {
    throw;
  } catch (const InputError& error) {
    fail_at(line.place, error.what());
  }
}

void CellBuilder::assign(const Statement& line) {
  const std::string& name = line.name;
  const Value value = evaluate(line.value);
  const std::string& round = frames_.back().round;
  const auto twice = [&] { fail_at(line.name_place, fmt::format("{} is set twice", name)); };
  if (locals_.empty()) {
    if (values_.count(name)) twice();
    values_.emplace(name, Setting{let(numbered(name), value), line.name_place});
    return;
  }
  if (locals_.back().count(name)) twice();
  for (std::size_t i = locals_.size() - 1; i-- > 0;) {
    const auto outer = locals_[i].find(name);
    if (outer == locals_[i].end()) continue;
    outer->second = {let(name + round, value), line.name_place};
    return;
  }
  if (const auto carried = values_.find(name); carried != values_.end()) {
    carried->second = {let(numbered(name), value), line.name_place};
    return;
  }
  locals_.back().emplace(name, Setting{let(name + round, value), line.name_place});
}

// A name that lines in braces set again is NAME.0, NAME.1, .. until its last value, which is NAME.
std::string CellBuilder::numbered(const std::string& name) {
  if (!set_in_braces_.count(name) || is_last_setting(name)) return name;
  return fmt::format("{}.{}", name, settings_[name]++);
}

bool CellBuilder::is_last_setting(const std::string& name) const {
  return std::all_of(frames_.begin(), frames_.end(), [&](const Frame& frame) {
    const auto next = frame.lines->begin() + static_cast<std::ptrdiff_t>(frame.at) + 1;
    return frame.last_round && std::none_of(next, frame.lines->end(), [&](const Statement& line) {
             return sets(line, name);
           });
  });
}

Value CellBuilder::let(std::string name, const Value& value) {
  if (value.is_number()) return value;
  while (!used_names_.insert(name).second) name += "_";
  if (value.is_complex()) {
    const Var re = program_.builder.let(prefix_ + name + ".re", value.var);
    return {re, program_.builder.let(prefix_ + name + ".im", value.imaginary)};
  }
  return program_.builder.let(prefix_ + name, value.var);
}

void CellBuilder::name_carried() {
  for (const std::string& name : set_in_braces_) {
    const auto found = values_.find(name);
    if (found == values_.end() || used_names_.count(name)) continue;
    found->second.value = let(name, found->second.value);
  }
}

void CellBuilder::repeat(const Statement& line) {
  const Index first = whole(line.range.at(0)), last = whole(line.range.at(1));
  const std::string outer = frames_.back().round;
  for (Index k = first; k <= last; ++k) {
    budget().round(line.place);
    const std::string round = fmt::format("{}.{}", outer, k);
    frames_.push_back({&line.body, k == last, round});
    locals_.push_back({{line.name, Setting{static_cast<double>(k), line.name_place}}});
    for (const Statement& inner : line.body) {
      run_line(inner);
      ++frames_.back().at;
    }
    for (const auto& [name, setting] : locals_.back()) {
      if (name != line.name) values_.insert_or_assign(name + round, setting);
    }
    locals_.pop_back();
    frames_.pop_back();
  }
  for (const Statement& inner : line.body) {
    if (inner.kind == Statement::Kind::collect) join_collected(inner);
  }
}

// The values of all rounds become one, with an axis in front for the rounds.
void CellBuilder::join_collected(const Statement& line) {
  std::vector<Value> rounds;
  rounds.swap(collected_[&line]);
  if (rounds.empty()) return;
  const Shape shape = rounds[0].shape();
  for (const Value& round : rounds) {
    if (round.shape() == shape) continue;
    fail_at(line.value.place,
            fmt::format("{} is {} in the first round and {} in another one",
                        text_of(line.value.place), shape.to_string(), round.shape_text()));
  }
  const auto part_of_all = [&](Value (*part)(const Value&)) -> Value {
    std::vector<Value> parts;
    for (const Value& round : rounds) parts.push_back(part(round));
    return stacked(graph(), parts, -shape.rank() - 1);
  };
  Value all = part_of_all(real_part);
  if (std::ranges::any_of(rounds, [](const Value& v) { return v.is_complex(); })) {
    all = complex_of(graph(), all, part_of_all(imaginary_part));
  }
  budget().value(line.place, all);
  const std::string name = line.name + frames_.back().round;
  Names& outer = locals_.empty() ? values_ : locals_.back();
  outer.insert_or_assign(line.name, Setting{let(name, all), line.name_place});
}

void CellBuilder::use(const Statement& line) {
  const CellSyntax& syntax = program_.find(line.text);
  const auto add = [&](const std::string& name) {
    if (cells_.count(name)) return;  // a further call of this cell
    budget().cell(line.place);
    cells_[name] = std::unique_ptr<CellBuilder>(new CellBuilder(*this, line, name, syntax));
  };
  if (line.range.empty()) return add(line.name);
  families_[line.name] = &line;
  const Index first = whole(line.range.at(0)), last = whole(line.range.at(1));
  for (Index k = first; k <= last; ++k) {
    budget().round(line.place);
    locals_.push_back({{line.index, Setting{static_cast<double>(k), line.name_place}}});
    add(fmt::format("{}.{}", line.name, k));
    locals_.pop_back();
  }
}

// A sum over the steps of a sequence, which is a state.
void CellBuilder::loss(const Statement& line) {
  const Value value = real(line.value);
  expect_one_number(value, line.value.place);
  const std::string name = prefix_ + line.name;
  const double weight = line.options.empty() ? 1.0 : number(line.options[0]);
  const Var before = program_.builder.state(name, 1);
  program_.builder.set_state(name, before + as_batched(graph(), value, {1}));
  program_.builder.make_loss(name, weight);
}

// "[hidden, 3]": sizes that are those of the cell by their names.
std::string CellBuilder::shape_in_words(const Shape& shape) const {
  std::string text;
  for (const Index size : shape) {
    text += text.empty() ? "[" : ", ";
    const auto named =
        std::find_if(constants_.begin(), constants_.end(), [&](const auto& constant) {
          const bool is_size = constant.first == "hidden" || constant.first == "input";
          return is_size && constant.second == static_cast<double>(size);
        });
    text += named == constants_.end() ? std::to_string(size) : named->first;
  }
  return text + "]";
}

void CellBuilder::finish_state(const State& state) {
  const auto input = input_values_.find(state.name);
  const std::string base = owner_of(state.name);
  const bool is_part = complex_state(base) != nullptr;
  const auto found = values_.find(is_part ? base : state.name);
  if (input == input_values_.end() && found == values_.end()) {
    fail_at(state.first_read,
            fmt::format("{} has no value behind the braces that set it", state.name));
  }
  Value value = input != input_values_.end() ? input->second : found->second.value;
  if (is_part) {
    if (value.is_number()) value = as_batched(graph(), value, state.shape);
    value = part_of(value, state.name);
  } else if (value.is_complex()) {
    fail_at(found->second.place,
            fmt::format("{0} is {1}, {0}[t-1] is real: add state {0} : {2} complex", state.name,
                        value.shape_text(), shape_in_words(value.shape())));
  }
  if (!(value.shape() == state.shape)) {
    const bool has_line = shapes_.count(state.name) > 0;
    fail_at(found->second.place,
            has_line
                ? fmt::format("{0} is {1}, its line says state {0} : {2}", state.name,
                              value.shape_text(), state.shape.to_string())
                : fmt::format("{0} is {1}, {0}[t-1] is {2}: if that is meant, add 'state {0} : "
                              "{3}'; * is elementwise, the matrix product is @",
                              state.name, value.shape_text(), state.shape.to_string(),
                              shape_in_words(value.shape())));
  }
  const bool is_number = value.is_number();
  if (!value.batched()) value = as_batched(graph(), value, state.shape);
  if (is_number) values_.at(state.name).value = value = let(state.name, value);
  Var next = value.var;
  for (std::size_t i = 0; i < state.previous.size(); ++i) {
    const std::string name =
        i == 0 ? prefix_ + state.name : fmt::format("{}{}[t-{}]", prefix_, state.name, i);
    program_.builder.set_next(name, next);
    next = state.previous[i];
  }
}

Value CellBuilder::finish_output() {
  if (!output_) fail_at(syntax_.name_place, fmt::format("{} has no output", syntax_.name));
  const auto found = values_.find(output_->name);
  if (found == values_.end()) {
    if (assigned_.count(output_->name)) {
      fail_at(output_->name_place,
              fmt::format("{} has no value behind the braces that set it", output_->name));
    }
    fail_at(output_->name_place,
            fmt::format("the output is a value that a line sets, and none sets {}{}", output_->name,
                        did_you_mean(output_->name, {assigned_.begin(), assigned_.end()})));
  }
  const Value& value = found->second.value;
  if (value.is_complex()) {
    fail_at(output_->name_place,
            fmt::format("the output {0} is {1}: output re({0}), or concat(re({0}), im({0}))",
                        output_->name, value.shape_text()));
  }
  if (value.is_number() || value.shape().rank() != 1) {
    fail_at(output_->name_place, fmt::format("the output {} is {}, expected a vector",
                                             output_->name, value.shape_text()));
  }
  return value;
}

std::vector<CellHyper> hypers_of(const CellSyntax& syntax) {
  std::vector<CellHyper> hypers;
  for (const Statement& line : syntax.statements) {
    if (line.kind == Statement::Kind::hyper) hypers.push_back({line.name, plain_value(line.value)});
  }
  return hypers;
}

}  // namespace carousel
