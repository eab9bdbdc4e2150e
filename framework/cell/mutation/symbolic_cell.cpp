#include "cell/mutation/symbolic_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cell/mutation/structure_text.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/print.hpp"
#include "program/rewrite.hpp"

namespace carousel {
namespace {

constexpr Index telling_input = 1201, telling_hidden = 840;  // a prime; 1 to 8 divide the other
constexpr Index largest_number = 64;  // a length up to here is itself; hidden / 8 is 105
constexpr Index most_times = 8, most_more = 16;

std::string times(Index factor, const std::string& name) {
  return factor == 1 ? name : fmt::format("{} * {}", factor, name);
}

// Whole multiples of both sizes, each value by its shortest text.
std::map<Index, std::string> whole_terms() {
  std::map<Index, std::string> terms;
  for (Index inputs = 0; inputs <= most_times; ++inputs) {
    for (Index hiddens = inputs > 0 ? 0 : 1; hiddens <= most_times; ++hiddens) {
      std::string text = inputs > 0 ? times(inputs, "input") : "";
      if (hiddens > 0) text += (text.empty() ? "" : " + ") + times(hiddens, "hidden");
      terms.try_emplace(inputs * telling_input + hiddens * telling_hidden, text);
    }
  }
  return terms;
}

// The same, with parts of the hidden size and products.
std::map<Index, std::string> all_terms() {
  std::map<Index, std::string> terms = whole_terms();
  for (Index parts = 1; parts <= most_times; ++parts) {
    const std::string rest = parts == 1 ? "" : fmt::format(" / {}", parts);
    for (Index hiddens = 1; hiddens < most_times; ++hiddens) {
      terms.try_emplace(hiddens * telling_hidden / parts, times(hiddens, "hidden") + rest);
    }
    terms.try_emplace(telling_hidden * telling_hidden / parts, "hidden * hidden" + rest);
    terms.try_emplace(telling_hidden * telling_input / parts, "hidden * input" + rest);
  }
  return terms;
}

const std::map<Index, std::string>& known_terms() {
  static const std::map<Index, std::string> terms = all_terms();
  return terms;
}

// A number of an equation that is a length, such as that by which a mean divides: a mutation may
// have taken it out of its mean(..). A cell that has such a number by chance is not itself at other
// sizes, and so is refused.
std::string symbolic_number(double value) {
  if (value <= largest_number || value > telling_hidden * telling_input) return "";
  const auto term = known_terms().find(static_cast<Index>(value));
  if (term == known_terms().end() || static_cast<double>(term->first) < value) return "";
  const bool is_name = term->second.find(' ') == std::string::npos;
  return is_name ? term->second : "(" + term->second + ")";
}

// Throws InputError where the text does not make the cell near some sizes.
void expect_same_at(const Cell& cell, const std::string& text, const CellSizes& wanted) {
  const CellSizes sizes = nearest_sizes(cell, wanted);
  // Printed and read back too, since a text may have the same values by other nodes.
  const StepProgram intact = program_of_text(to_text(simplified(cell.build(sizes))), sizes);
  if (structure_text(program_of_text(text, sizes)) == structure_text(intact)) return;
  fail_input("it has numbers that depend on its sizes, as is seen at input size {} and hidden {}",
             sizes.input, sizes.hidden);
}

}  // namespace

CellSizes telling_sizes() { return {telling_input, telling_hidden, {}}; }

std::string symbolic_size(Index size) {
  static const std::map<Index, std::string> whole = whole_terms();
  const std::map<Index, std::string>& terms = known_terms();
  if (size <= largest_number) return std::to_string(size);
  if (const auto term = terms.find(size); term != terms.end()) return term->second;
  for (Index more = 1; more <= most_more; ++more) {
    if (const auto term = whole.find(size - more); term != whole.end()) {
      return fmt::format("{} + {}", term->second, more);
    }
    if (const auto term = whole.find(size + more); term != whole.end()) {
      return fmt::format("{} - {}", term->second, more);
    }
  }
  fail_input("a length of {} at input size {} and hidden size {} is no simple term of the two",
             size, telling_input, telling_hidden);
}

std::string symbolic_text(const StepProgram& program, const CellHead& head) {
  const std::string text = to_text(program, symbolic_size, symbolic_number);
  std::string title = head.title;
  std::ranges::replace(title, '"', '\'');
  return fmt::format("cell {}{}\n", head.name, title.empty() ? "" : " \"" + title + "\"") +
         text.substr(text.find('\n') + 1);
}

StepProgram program_of_text(const std::string& text, const CellSizes& sizes) {
  CellRegistry registry;
  const std::string name = registry.add_text(text, "the cell's text");
  return registry.find(name).build(sizes);
}

StepProgram settled(const StepProgram& program) {
  constexpr int most_rounds = 4;
  StepProgram now = program;
  std::string structure = structure_text(program);
  for (int round = 0; round < most_rounds; ++round) {
    now = simplified(program_of_text(symbolic_text(now, {"settled", ""}), telling_sizes()));
    const std::string before = std::exchange(structure, structure_text(now));
    if (structure == before) return now;
  }
  fail_input("it reads back to another program each time");
}

StepProgram symbolic_program(const Cell& cell) {
  try {
    StepProgram program = settled(simplified(cell.build(telling_sizes())));
    const std::string text = symbolic_text(program, {"symbolic", ""});
    expect_same_at(cell, text, {5, 8, {}});
    expect_same_at(cell, text, {7, 24, {}});
    return program;
  } catch (const InputError& error) {
    fail_input("cell {}: can't be written with symbolic sizes: {}", cell.name, error.what());
  }
}

}  // namespace carousel
