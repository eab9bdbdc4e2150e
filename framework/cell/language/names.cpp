// What the names in the lines of a cell stand for.

#include <algorithm>

#include "cell/language/cell_builder.hpp"
#include "cell/language/functions.hpp"

namespace carousel {

// Work on what stands outside of braces and definitions, such as the shape of a parameter.
template <class Work>
auto CellBuilder::on_top(Work&& work) {
  std::vector<Names> locals;
  locals.swap(locals_);
  auto result = work();
  locals.swap(locals_);
  return result;
}

Value CellBuilder::read(const Expression& e) { return value_of(e.text, e.place); }

Value CellBuilder::value_of(const std::string& name, const SourcePlace& place) {
  for (std::size_t i = locals_.size(); i-- > 0;) {
    if (const auto found = locals_[i].find(name); found != locals_[i].end()) {
      return found->second.value;
    }
  }
  if (const auto found = constants_.find(name); found != constants_.end()) return found->second;
  if (const auto found = values_.find(name); found != values_.end()) return found->second.value;
  if (const auto found = input_values_.find(name); found != input_values_.end()) {
    return found->second;
  }
  if (const auto found = parameters_.find(name); found != parameters_.end()) {
    if (!found->second->range.empty()) {
      fail_at(place, fmt::format("{0} is a family of parameters: read it as {0}[1]", name));
    }
    return parameter(*found->second, {}, place);
  }
  std::string rest;
  if (CellBuilder* cell = cell_of(name, rest)) {
    if (cell->calls_ == 0 && cell->assigned_.count(rest)) {
      fail_at(place,
              fmt::format("{} is read before it is computed: did you mean {}[t-1]?", name, name));
    }
    return cell->value_of(rest, place);
  }
  if (assigned_.count(name)) {
    const bool in_round = std::any_of(values_.begin(), values_.end(), [&](const auto& value) {
      return value.first.compare(0, name.size() + 1, name + ".") == 0;
    });
    const bool inside = frames_.size() > 1 && set_in_braces_.count(name) > 0;
    if (inside) {
      fail_at(place,
              fmt::format("{0} is set only in this repeat, and below this place: to carry it "
                          "from round to round, give it a value above, {0} = 0",
                          name));
    }
    if (in_round) {
      fail_at(place,
              fmt::format("{0} is a name of one round: outside it is {0}.1, {0}.2, ..", name));
    }
    fail_at(place, fmt::format("{0} is read before it is computed: did you mean {0}[t-1]? Else its "
                               "line must stand above this one",
                               name));
  }
  if (const auto found = noises_.find(name); found != noises_.end()) return noise(*found->second);
  if (const auto found = value_of_all_cells(name)) return *found;
  fail_unknown(name, place);
}

// What each cell can read, unless a line of it sets such a name.
std::optional<Value> CellBuilder::value_of_all_cells(const std::string& name) {
  if (const auto number = number_named(name)) return *number;
  StepBuilder& builder = program_.builder;
  if (name == "t") {
    if (!program_.step) {
      const Var before = builder.state("t", 1);
      program_.step = builder.set_state("t", before + 1.0);
    }
    return *program_.step;
  }
  if (name == "training") {
    if (!program_.training) {
      program_.training = builder.supplied("training", 1, 0.0, {Supply::Kind::training});
    }
    return *program_.training;
  }
  if (name == "length") {
    if (!program_.length) {
      program_.length = builder.supplied("length", 1, 1.0, {Supply::Kind::length});
    }
    return *program_.length;
  }
  return {};
}

void CellBuilder::fail_unknown(const std::string& name, const SourcePlace& place) {
  std::vector<std::string> known{"x"};
  for (const Names& names : locals_) {
    for (const auto& [local, value] : names) known.push_back(local);
  }
  for (const auto& [constant, value] : constants_) known.push_back(constant);
  for (const auto& [parameter, line] : parameters_) known.push_back(parameter);
  for (const auto& [input, line] : inputs_) known.push_back(input);
  for (const auto& [cell, builder] : cells_) known.push_back(cell);
  known.insert(known.end(), assigned_.begin(), assigned_.end());
  if (name.ends_with(".T")) {
    fail_at(place,
            fmt::format("there is no .T: write transpose({})", name.substr(0, name.size() - 2)));
  }
  if (const auto word = words_.find(name); word != words_.end()) {
    const bool is_function = find_function_of_one(word->second) != nullptr;
    fail_at(place, fmt::format("{0} stands for {1} here: write {2}", name, word->second,
                               is_function ? name + "(..)" : "init " + name));
  }
  if (losses_.count(name)) {
    fail_at(place,
            fmt::format("{} is a loss and no value: give its expression a name of its own", name));
  }
  fail_at(place,
          fmt::format("there is no value '{}'{}", name,
                      old_value_of(name).empty() ? did_you_mean(name, known) : old_value_of(name)));
}

// What to write for a name as other languages have it for a state's old value, such as h_prev.
std::string CellBuilder::old_value_of(const std::string& name) const {
  // The rest of the name, where that is a value of the cell.
  const auto without = [&](std::initializer_list<std::string_view> parts, auto has) {
    for (const std::string_view part : parts) {
      if (name.size() <= part.size() || !has(part)) continue;
      const bool in_front = name.starts_with(part);
      std::string rest =
          in_front ? name.substr(part.size()) : name.substr(0, name.size() - part.size());
      if (assigned_.count(rest)) return rest;
    }
    return std::string();
  };
  const auto ends = [&](std::string_view part) { return name.ends_with(part); };
  const auto begins = [&](std::string_view part) { return name.starts_with(part); };
  std::string base =
      without({"_prev", "_previous", "_tm1", "_t1", "_last", "_old", "prev", "tm1"}, ends);
  if (base.empty()) base = without({"prev_", "previous_", "last_", "old_"}, begins);
  if (!base.empty()) return fmt::format("; did you mean {}[t-1]?", base);
  base = without({"_0", "0"}, ends);
  if (!base.empty()) {
    return fmt::format("; did you mean {0}[t-1]? Before the first step it is initial {0} = ..",
                       base);
  }
  if (name == "state" || name == "hx") {
    return fmt::format("; did you mean {}[t-1]?", output_ ? output_->name : "h");
  }
  return "";
}

// The used cell that a dotted name begins with, and the rest of the name.
CellBuilder* CellBuilder::cell_of(const std::string& name, std::string& rest) {
  // f, or f.2 of a family.
  for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
    const auto found = cells_.find(name.substr(0, dot));
    if (found == cells_.end()) continue;
    rest = name.substr(dot + 1);
    return found->second.get();
  }
  return nullptr;
}

std::optional<Value> CellBuilder::read_family(const Expression& e) {
  std::string name = e.parts.at(0).text, rest;
  CellBuilder* owner = this;
  while (CellBuilder* cell = owner->cell_of(name, rest)) {
    owner = cell;
    name = rest;
  }
  const std::size_t dot = name.find('.');
  if (const auto family = owner->families_.find(name.substr(0, dot));
      family != owner->families_.end() && dot != name.npos && e.parts.size() == 2) {
    return value_of(fmt::format("{}.{}{}", family->first, whole(e.parts[1]), name.substr(dot)),
                    e.place);
  }
  const auto found = owner->parameters_.find(name);
  if (found == owner->parameters_.end() || found->second->range.empty()) return {};
  if (e.parts.size() != 2 || e.parts[1].kind == Expression::Kind::subrange) {
    fail_at(e.place, fmt::format("{0} is a family of parameters: read it as {0}[1]", name));
  }
  return owner->parameter(*found->second, whole(e.parts[1]), e.place);
}

Value CellBuilder::parameter(const Statement& line, std::optional<Index> index,
                             const SourcePlace& place) {
  const std::string name = index ? fmt::format("{}.{}", line.name, *index) : line.name;
  if (const auto made = made_parameters_.find(name); made != made_parameters_.end()) {
    return made->second;
  }
  if (!open_parameters_.insert(name).second) {
    fail_at(place, fmt::format("the first value of {} is made of itself", name));
  }
  const auto make = [&]() -> Value {
    if (index) {
      const Index first = whole(line.range.at(0)), last = whole(line.range.at(1));
      if (*index < first || *index > last) {
        fail_at(place,
                fmt::format("{0}[{1}]: {0} goes from {2} to {3}", line.name, *index, first, last));
      }
    }
    if (index && !line.index.empty()) {
      locals_.push_back({{line.index, Setting{static_cast<double>(*index), line.name_place}}});
    }
    const Shape shape = sizes(line.shape, line.place);
    const auto part = [&](const char* of) {
      return program_.builder.parameter(parameter_prefix_ + name + of, shape,
                                        initialiser(line, shape, of), !line.fixed);
    };
    if (!line.is_complex) return part("");
    const Var re = part(".re");
    return {re, part(".im")};
  };
  const Value value = on_top(make);
  budget().value(place, value);
  made_parameters_.emplace(name, value);
  return value;
}

Value CellBuilder::read_delay(const Expression& e) {
  const Expression& by = e.parts.at(0);
  const Index steps = whole(by);
  if (steps < 1 || steps > Budget::delay) {
    fail_at(by.place, fmt::format("got {} steps back, expected 1 to {}", steps, Budget::delay));
  }
  return delay_of(e.text, steps, e.place);
}

Value CellBuilder::delay_of(const std::string& name, Index steps, const SourcePlace& place) {
  std::string rest;
  if (CellBuilder* cell = cell_of(name, rest)) return cell->delay_of(rest, steps, place);
  if (parameters_.count(name) || constants_.count(name)) {
    fail_at(place, fmt::format("{} is the same at each step", name));
  }
  if (name == "t") fail_at(place, "the number of the step before is t - 1");
  if (name != "x" && !inputs_.count(name) && !assigned_.count(owner_of(name))) {
    std::vector<std::string> known(assigned_.begin(), assigned_.end());
    known.push_back("x");
    for (const auto& [input, line] : inputs_) known.push_back(input);
    if (shapes_.count(name))
      fail_at(place, fmt::format("state {0} needs an equation, {0} = ..", name));
    fail_at(place, fmt::format("no line sets '{}'{}", name, did_you_mean(name, known)));
  }
  if (complex_state(name)) {
    if (given_.count(name)) fail_at(place, fmt::format("{} is complex: it can't be given", name));
    const Var re = delay_of(name + ".re", steps, place).var;
    return {re, delay_of(name + ".im", steps, place).var};
  }
  if (const auto given = given_.find(name); given != given_.end()) {
    given_unread_.erase(name);
    if (steps > 1) {
      fail_at(place, fmt::format("{0} is given in the call, so only {0}[t-1] is known", name));
    }
    return given->second;
  }
  State& found = state(name, place);
  while (static_cast<Index>(found.previous.size()) < steps) add_delay(found);
  return found.previous[static_cast<std::size_t>(steps) - 1];
}

CellBuilder::State& CellBuilder::state(const std::string& name, const SourcePlace& place) {
  for (State& known : states_) {
    if (known.name == name) return known;
  }
  if (calls_ > 1 && !frames_.empty()) {
    const std::string cell = parameter_prefix_.substr(0, parameter_prefix_.size() - 1);
    fail_at(call_place_,
            fmt::format("{0} is called a second time: a further call shares the parameters, "
                        "and is given its states, {0}(x, {1} = ..); for parameters of its "
                        "own add a line use {2} as NAME",
                        cell, name, syntax_.name));
  }
  if (calls_ > 0 && frames_.empty()) {
    fail_at(place,
            fmt::format("{}{} is no state: its cell does not read it at t-1", prefix_, name));
  }
  State made{name, place, on_top([&] { return state_shape(name, place); }), {}, {}};
  const std::string base = owner_of(name);
  const bool is_part = complex_state(base) != nullptr;
  if (const auto line = initials_.find(is_part ? base : name); line != initials_.end()) {
    const Expression& e = line->second->value;
    made.initial = on_top([&] { return is_part ? part_of(evaluate(e), name) : real(e); });
    if (made.initial->batched()) {
      fail_at(e.place, fmt::format("{} is a value of a step: before the first step there are "
                                   "parameters and numbers only",
                                   text_of(e.place)));
    }
    const auto both = broadcast_of(made.initial->shape(), made.shape);
    if (!both || !(*both == made.shape)) {
      fail_at(e.place, fmt::format("{} is {}, {} is {}", text_of(e.place),
                                   made.initial->shape_text(), name, made.shape.to_string()));
    }
  }
  states_.push_back(std::move(made));
  return states_.back();
}

void CellBuilder::add_delay(State& state) {
  const std::size_t back = state.previous.size();
  std::string name = prefix_ + state.name;
  if (back > 0) name += fmt::format("[t-{}]", back);
  const bool is_number = state.initial && state.initial->is_number();
  state.previous.push_back(
      program_.builder.state(name, state.shape, is_number ? *state.initial->number : 0.0));
  if (state.initial && !is_number) program_.builder.set_initial(name, state.initial->var);
}

// The line of a complex state; null where there is none of that name.
const Statement* CellBuilder::complex_state(const std::string& name) const {
  const auto line = shapes_.find(name);
  return line != shapes_.end() && line->second->is_complex ? line->second : nullptr;
}

// "h.im" names the imaginary part.
Value CellBuilder::part_of(const Value& value, const std::string& name) {
  return name.ends_with(".re") ? real_part(value) : imaginary_part(value);
}

Shape CellBuilder::state_shape(const std::string& name, const SourcePlace& place) {
  if (const Statement* whole = complex_state(owner_of(name))) {
    return sizes(whole->shape, whole->place);
  }
  if (const auto line = shapes_.find(name); line != shapes_.end()) {
    return sizes(line->second->shape, line->second->place);
  }
  if (const auto input = input_values_.find(name); input != input_values_.end()) {
    return input->second.shape();
  }
  if (name == "x" || inputs_.count(name)) {
    fail_at(place, fmt::format("{}{} is read before the call that gives it", prefix_, name));
  }
  return {static_cast<Index>(constants_.at("hidden"))};
}

bool CellBuilder::defines(const std::string& name) const {
  return definitions_.count(name) > 0 || cells_.count(name) > 0 || families_.count(name) > 0 ||
         words_.count(name) > 0;
}

CellBuilder& CellBuilder::member_of(const Statement& family, const Expression& call) {
  if (!call.indexed) {
    fail_at(call.place, fmt::format("{0} is a family of cells: call {0}[1](..)", family.name));
  }
  const Index k = whole(call.parts.at(0));
  const auto found = cells_.find(fmt::format("{}.{}", family.name, k));
  if (found == cells_.end()) {
    fail_at(call.parts[0].place, fmt::format("{0}[{1}]: {0} goes from {2} to {3}", family.name, k,
                                             whole(family.range.at(0)), whole(family.range.at(1))));
  }
  return *found->second;
}

Value CellBuilder::call(const Expression& e) {
  if (const auto word = words_.find(e.text); word != words_.end()) {
    return call_word(word->second, e);
  }
  if (const auto family = families_.find(e.text); family != families_.end()) {
    return call_cell(member_of(*family->second, e), e);
  }
  if (e.indexed) {
    fail_at(e.place,
            fmt::format("{} is no family of cells: it is called as {}(..)", e.text, e.text));
  }
  if (const auto found = definitions_.find(e.text); found != definitions_.end()) {
    return call_definition(*found->second, e);
  }
  if (const auto found = cells_.find(e.text); found != cells_.end()) {
    return call_cell(*found->second, e);
  }
  std::vector<std::string> known;
  for (const Function& function : functions()) known.push_back(function.name);
  for (const auto& [name, line] : definitions_) known.push_back(name);
  for (const auto& [name, cell] : cells_) known.push_back(name);
  fail_at(e.place, fmt::format("there is no function '{}'{}", e.text, did_you_mean(e.text, known)));
}

// word: what the name that is called stands for.
Value CellBuilder::call_word(const std::string& word, const Expression& e) {
  const Function* function = find_function_of_one(word);
  if (!function)
    fail_at(e.place, fmt::format("{} is a rule for first values: init {}", e.text, e.text));
  if (e.parts.size() != 1) {
    fail_at(e.place, fmt::format("{} takes one value, got {}", e.text, e.parts.size()));
  }
  return call_function(*function, *this, e);
}

Value CellBuilder::call_definition(const Statement& definition, const Expression& e) {
  const auto named = [](const std::string& name) { return !name.empty(); };
  if (e.parts.size() != definition.arguments.size() ||
      std::any_of(e.names.begin(), e.names.end(), named)) {
    fail_at(e.place, fmt::format("{} takes {} arguments without names, got {}", definition.name,
                                 definition.arguments.size(), e.parts.size()));
  }
  if (std::find(open_definitions_.begin(), open_definitions_.end(), &definition) !=
      open_definitions_.end()) {
    fail_at(e.place, fmt::format("{} calls itself", definition.name));
  }
  if (static_cast<int>(open_definitions_.size()) >= Budget::nesting) {
    fail_at(e.place, fmt::format("definitions call each other more than {} deep", Budget::nesting));
  }
  Names arguments;
  for (std::size_t i = 0; i < e.parts.size(); ++i) {
    arguments.emplace(definition.arguments[i], Setting{evaluate(e.parts[i]), e.parts[i].place});
  }
  open_definitions_.push_back(&definition);
  const Value value = on_top([&] {
    locals_.push_back(std::move(arguments));
    return evaluate(definition.value);
  });
  open_definitions_.pop_back();
  return value;
}

Value CellBuilder::call_cell(CellBuilder& cell, const Expression& e) {
  std::vector<Value> arguments(e.indexed ? 1 : 0, 0.0);
  for (std::size_t i = arguments.size(); i < e.parts.size(); ++i) {
    arguments.push_back(real(e.parts[i]));
  }
  cell.begin_call(e.place);
  bool has_input = false;
  for (std::size_t i = e.indexed ? 1 : 0; i < e.parts.size(); ++i) {
    const std::string name = i < e.names.size() ? e.names[i] : "";
    if (!name.empty() && name != "x") {
      cell.take_argument(name, arguments[i], e.parts[i].place);
      continue;
    }
    if (has_input) fail_at(e.parts[i].place, fmt::format("{} takes one input", e.text));
    has_input = true;
    cell.take_input(arguments[i], e.parts[i].place);
  }
  if (!has_input) fail_at(e.place, fmt::format("{} takes an input", e.text));
  for (const auto& [name, line] : cell.inputs_) {
    if (cell.input_values_.count(name)) continue;
    if (line->value.kind == Expression::Kind::absent) {
      fail_at(e.place,
              fmt::format("{0} has an input {1} without a default: add {1} = ..", e.text, name));
    }
    const Shape shape = cell.sizes(line->shape, line->place);
    cell.input_values_.emplace(name,
                               broadcast_to(constant(graph(), cell.number(line->value)), shape));
  }
  const Value output = cell.run_lines();
  if (!cell.given_unread_.empty()) {
    fail_at(e.place,
            fmt::format("{} has no state '{}'", cell.syntax_.name, *cell.given_unread_.begin()));
  }
  return output;
}

// Forgets the call before, but for its parameters.
void CellBuilder::begin_call(const SourcePlace& place) {
  call_place_ = place;
  if (++calls_ == 1) return;
  const std::string name = parameter_prefix_.substr(user_->parameter_prefix_.size());
  prefix_ = fmt::format("{}{}{}.", user_->prefix_, name, calls_);
  values_.clear();
  input_values_.clear();
  states_.clear();
  given_.clear();
  given_unread_.clear();
  settings_.clear();
  used_names_.clear();
}

void CellBuilder::take_input(const Value& value, const SourcePlace& place) {
  const Shape shape = value.shape();
  if (shape.rank() != 1) {
    fail_at(place, fmt::format("{} is {}, expected a vector", text_of(place), value.shape_text()));
  }
  if (const auto size = constants_.find("input");
      size != constants_.end() && size->second != static_cast<double>(shape[0])) {
    fail_at(place, fmt::format("{} is {}, the input of {} is [{}]", text_of(place),
                               value.shape_text(), syntax_.name, size->second));
  }
  set_size("input", shape[0]);
  input_values_.emplace("x", as_batched(graph(), value, shape));
}

void CellBuilder::take_argument(const std::string& name, const Value& value,
                                const SourcePlace& place) {
  const bool is_input = inputs_.count(name) > 0;
  if (!is_input && !assigned_.count(name)) {
    std::vector<std::string> known(assigned_.begin(), assigned_.end());
    for (const auto& [input, line] : inputs_) known.push_back(input);
    fail_at(place,
            fmt::format("{} has no state '{}'{}", syntax_.name, name, did_you_mean(name, known)));
  }
  for (const State& state : states_) {
    if (state.name == name) {
      fail_at(place, fmt::format("{}{}[t-1] is read before the call that gives it", prefix_, name));
    }
  }
  const Shape shape = is_input ? sizes(inputs_.at(name)->shape, place) : state_shape(name, place);
  const auto both = broadcast_of(value.shape(), shape);
  if (!both || !(*both == shape)) {
    fail_at(place, fmt::format("{} is {}, {} of {} is {}", text_of(place), value.shape_text(), name,
                               syntax_.name, shape.to_string()));
  }
  const Value full = value.shape() == shape && !value.is_number()
                         ? value
                         : Value(as_batched(graph(), value, shape));
  (is_input ? input_values_ : given_).emplace(name, full);
  if (!is_input) given_unread_.insert(name);
}

}  // namespace carousel
