#include "program/print.hpp"

#include <fmt/format.h>

#include <cmath>

#include "program/equations.hpp"

namespace carousel {
namespace {

// How strongly an operator binds (docs/language.md).
enum Strength { none, comparison, sum, elementwise_product, product, sign, power, whole };

Strength strength_of(const Term& term) {
  switch (term.kind) {
    case Term::Kind::number: return std::signbit(term.value) ? sign : whole;
    case Term::Kind::negative: return sign;
    case Term::Kind::binary: break;
    default: return whole;
  }
  switch (term.text[0]) {
    case '<': return comparison;
    case '+':
    case '-': return sum;
    case '*':
    case '/': return elementwise_product;
    case '@': return product;
    default: return power;
  }
}

std::string number_text(double value) {
  if (std::isnan(value)) return "(0 / 0)";
  if (std::isinf(value)) return value < 0 ? "(-1 / 0)" : "(1 / 0)";
  return fmt::format("{}", value);
}

// Terms as text, with sizes as the caller writes them.
class Printer {
 public:
  Printer(const SizeText& size, const NumberText& number) : size_(size), number_(number) {}

  std::string text_of(const Term& term) const {
    switch (term.kind) {
      case Term::Kind::number: {
        const std::string length = number_(term.value);
        return length.empty() ? number_text(term.value) : length;
      }
      case Term::Kind::name:
        return term.delay == 0 ? term.text : fmt::format("{}[t-{}]", term.text, term.delay);
      case Term::Kind::negative: return "-" + part_text(term.parts[0], product);
      case Term::Kind::binary: return binary_text(term);
      case Term::Kind::slice: return slice_text(term);
      case Term::Kind::list: return sizes_text(term.sizes);
      case Term::Kind::call: break;
    }
    std::string arguments;
    for (const Term& part : term.parts) {
      arguments += (arguments.empty() ? "" : ", ") + argument_text(term, part);
    }
    return fmt::format("{}({})", term.text, arguments);
  }

  std::string plain_shape(const Shape& shape) const {
    const bool batched = shape.rank() > 0 && shape[0] == batch_dim;
    const std::vector<Index> sizes(shape.begin() + (batched ? 1 : 0), shape.end());
    return sizes.empty() ? "[1]" : sizes_text(sizes);
  }

 private:
  std::string sizes_text(const std::vector<Index>& sizes) const {
    std::string text;
    for (const Index size : sizes) text += (text.empty() ? "" : ", ") + size_(size);
    return "[" + text + "]";
  }

  // The numbers of these functions are sizes.
  std::string argument_text(const Term& call, const Term& argument) const {
    const bool is_size = call.text == "arange" || call.text == "roll" || call.text == "put";
    if (!is_size || argument.kind != Term::Kind::number) return text_of(argument);
    return size_(static_cast<Index>(argument.value));
  }

  // In brackets where the operator around it binds at least as strongly.
  std::string part_text(const Term& term, Strength around) const {
    const std::string text = text_of(term);
    return strength_of(term) <= around ? "(" + text + ")" : text;
  }

  std::string binary_text(const Term& term) const {
    const Strength own = strength_of(term);
    const bool repeats = own == sum || own == elementwise_product || own == product;
    // From left to right: a - b - c is (a - b) - c. A sign behind an operator is put in brackets.
    const Strength left = repeats ? static_cast<Strength>(own - 1) : own;
    const Strength right = strength_of(term.parts[1]) == sign ? sign : own;
    return fmt::format("{} {} {}", part_text(term.parts[0], left), term.text,
                       part_text(term.parts[1], right));
  }

  std::string slice_text(const Term& term) const {
    std::string ranges;
    const Shape& whole_shape = term.parts[0].shape;
    for (std::size_t k = 0; k < term.sizes.size(); k += 2) {
      const Index begin = term.sizes[k], end = term.sizes[k + 1];
      const bool all = begin == 0 && end == whole_shape[static_cast<int>(k / 2)];
      ranges += (k > 0 ? ", " : "") + (all ? std::string(":") : size_(begin) + ":" + size_(end));
    }
    return fmt::format("{}[{}]", part_text(term.parts[0], power), ranges);
  }

  const SizeText& size_;
  const NumberText& number_;
};

const ProgramNode& node_of(const StepProgram& program, int id) {
  return program.nodes[static_cast<std::size_t>(id)];
}

std::string noise_text(const std::string& name, const std::string& shape, const Supply& supply) {
  if (!supply.word().empty()) return "";  // which needs no line
  std::string drawn;
  switch (supply.kind) {
    case Supply::Kind::training:
    case Supply::Kind::length: break;
    case Supply::Kind::schedule:
      return fmt::format("schedule {} from {} to {} over {}\n", name, number_text(supply.first),
                         number_text(supply.last), number_text(supply.updates));
    case Supply::Kind::normal: drawn = "normal"; break;
    case Supply::Kind::uniform: drawn = "uniform"; break;
    case Supply::Kind::keep: drawn = fmt::format("bernoulli({})", number_text(supply.rate)); break;
    case Supply::Kind::drop: drawn = fmt::format("dropout({})", number_text(supply.rate)); break;
  }
  const char* often = supply.often == Supply::Often::step ? "step" : "sequence";
  return fmt::format("noise {} : {} {} each {}\n", name, shape, drawn, often);
}

std::string declarations(const StepProgram& program, const Equations& equations,
                         const Printer& printer) {
  const auto name = [&](const std::string& given) { return equations.names.at(given); };
  std::string text;
  for (std::size_t k = 1; k < program.inputs.size(); ++k) {
    const ProgramNode& input = node_of(program, program.inputs[k]);
    if (input.supply) {
      text += noise_text(name(input.name), printer.plain_shape(input.shape), *input.supply);
      continue;
    }
    text += fmt::format("input {} : {}", name(input.name), printer.plain_shape(input.shape));
    if (input.otherwise) text += fmt::format(" default {}", number_text(*input.otherwise));
    text += "\n";
  }
  for (const ProgramParameter& p : program.parameters) {
    Initialiser init = p.init;
    if (init.kind == Initialiser::Kind::minus) init.other = name(init.other);
    text += fmt::format("param {} : {} init {}{}\n", name(p.name), printer.plain_shape(p.shape),
                        init.to_string(), p.trained ? "" : " fixed");
  }
  for (const ProgramState& state : program.states) {
    const ProgramNode& next = node_of(program, state.next);
    const bool delay = next.kind != ProgramNode::Kind::op && next.name == state.name;
    const bool is_step = state.name == "t" && name("t") == "t";
    if (!delay && !is_step && !state.loss_weight)
      text += fmt::format("state {} : {}\n", name(state.name), printer.plain_shape(state.shape));
  }
  return text;
}

}  // namespace

std::string to_text(const StepProgram& program) {
  return to_text(
      program, [](Index size) { return std::to_string(size); }, [](double) { return ""; });
}

std::string to_text(const StepProgram& program, const SizeText& size, const NumberText& number) {
  const Equations equations = equations_of(program);
  const Printer printer(size, number);
  std::string text =
      fmt::format("cell {}\n", equations.cell) + declarations(program, equations, printer);
  for (const Equation& e : equations.initial) {
    text += fmt::format("initial {} = {}\n", e.name, printer.text_of(e.value));
  }
  for (const Equation& e : equations.values) {
    const std::string weight =
        e.loss_weight ? fmt::format(" weight {}", number_text(*e.loss_weight)) : "";
    text += fmt::format("{}{}{} = {}\n", e.loss_weight ? "loss " : "", e.name, weight,
                        printer.text_of(e.value));
  }
  return text +
         fmt::format("output {}\n", equations.names.at(node_of(program, program.output).name));
}

}  // namespace carousel
