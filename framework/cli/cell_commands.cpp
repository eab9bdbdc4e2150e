#include "cli/cell_commands.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cell/ablation/ablation.hpp"
#include "cell/catalogue_page.hpp"
#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cell/language/cell_template.hpp"
#include "io/files.hpp"
#include "program/delays.hpp"
#include "program/plan.hpp"
#include "train/cell_check.hpp"

namespace carousel {
namespace {

bool contains(const std::string& text, const std::string& part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

void check_range(const char* option, auto got, decltype(got) least, decltype(got) most) {
  if (!(got >= least && got <= most)) {
    fail_input("{}: got {}, expected {} to {}", option, got, least, most);
  }
}

void set_hypers(CellArguments& arguments) {
  check_range("--input", arguments.sizes.input, 1, most_units);
  check_range("--hidden", arguments.sizes.hidden, 1, most_units);
  for (const std::string& text : arguments.hyper) {
    const std::size_t sign = text.find('=');
    const char* const end = text.data() + text.size();
    double value = 0.0;
    const char* const begin = sign == std::string::npos ? end : text.data() + sign + 1;
    const std::from_chars_result read = std::from_chars(begin, end, value);
    if (sign == 0 || read.ec != std::errc() || read.ptr != end) {
      fail_input("--set {}: expected name=number, such as --set depth=3", text);
    }
    check_range(fmt::format("--set {}", text).c_str(), value, -most_hyper, most_hyper);
    arguments.sizes.hyper[text.substr(0, sign)] = value;
  }
}

void print_head(const Cell& cell) {
  for (const std::string& text : {cell.title, cell.reference, cell.conventions}) {
    if (!text.empty()) std::printf("# %s\n", text.c_str());
  }
}

void print_warnings(const Cell& cell) {
  for (const std::string& warning : cell.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
}

}  // namespace

int cells_command(const CellRegistry& registry, const std::string& pattern,
                  const std::string& group, bool json) {
  boost::json::array list;
  std::size_t shown = 0;
  for (const Cell& cell : registry.cells()) {
    const bool matches = contains(cell.name, pattern) || contains(cell.title, pattern) ||
                         contains(cell.reference, pattern);
    if (!matches || (!group.empty() && cell.group != group)) continue;
    ++shown;
    if (json) {
      list.push_back({{"name", cell.name},
                      {"title", cell.title},
                      {"reference", cell.reference},
                      {"group", cell.group},
                      {"conventions", cell.conventions}});
    } else {
      std::printf("%-20s %-4s %s\n", cell.name.c_str(), cell.group.c_str(), cell.title.c_str());
    }
  }
  if (json) std::printf("%s\n", boost::json::serialize(list).c_str());
  if (shown == 0 && !json) {
    fail_input("no cell matches; 'carousel cells' lists all {}", registry.cells().size());
  }
  return 0;
}

int show_command(CellRegistry& registry, CellArguments arguments, const std::string& variant,
                 bool latex) {
  set_hypers(arguments);
  const Cell cell = changed_cell(find_or_load(registry, arguments.cell), {}, variant);
  const StepProgram program = cell.build(arguments.sizes);
  if (latex) {
    std::printf("%s", to_latex(program).c_str());
    return 0;
  }
  print_head(cell);
  print_warnings(cell);
  // As a comment, so that the whole can be read back.
  std::istringstream schedule(to_text(plan_scan(without_delays(program).program)));
  std::printf("%s\n# %td parameters at input %td, hidden %td\n#\n", to_text(program).c_str(),
              program.parameter_count(), arguments.sizes.input, arguments.sizes.hidden);
  for (std::string line; std::getline(schedule, line);) std::printf("# %s\n", line.c_str());
  return 0;
}

int ablate_command(CellRegistry& registry, CellArguments arguments, const std::string& variant,
                   bool json) {
  if (!variant.empty()) return show_command(registry, std::move(arguments), variant, false);
  set_hypers(arguments);
  const StepProgram program = find_or_load(registry, arguments.cell).build(arguments.sizes);
  boost::json::array list;
  if (!json) {
    std::printf("%-32s %-6s %10s\n%-32s %-6s %10td\n", "variant", "alias", "parameters",
                "(as it is)", "", program.parameter_count());
  }
  for (const Ablation& change : single_changes(program)) {
    const Index count = apply_ablation(program, change).parameter_count();
    if (json) {
      list.push_back({{"name", change.name}, {"alias", change.alias}, {"parameters", count}});
    } else {
      std::printf("%-32s %-6s %10td\n", change.name.c_str(), change.alias.c_str(), count);
    }
  }
  if (json) std::printf("%s\n", boost::json::serialize(list).c_str());
  return 0;
}

int catalogue_command(const CellRegistry& registry) {
  std::printf("%s", catalogue_page(registry).c_str());
  return 0;
}

int check_command(CellRegistry& registry, CellArguments arguments, double seconds) {
  check_range("--seconds", seconds, 0.001, 86400.0);
  set_hypers(arguments);
  const Cell cell = changed_cell(find_or_load(registry, arguments.cell), arguments.sizes.hyper, "");
  bool passed = true;
  check_cell(cell, arguments.sizes, seconds, [&](const CheckStep& step) {
    std::printf("%-10s %-7s %s\n", step.name.c_str(), step.passed ? "ok" : "FAILED",
                step.detail.c_str());
    std::fflush(stdout);
    if (step.name == "builds") print_warnings(cell);
    passed = passed && step.passed;
  });
  return passed ? 0 : 1;
}

int new_command(const CellRegistry& registry, const std::string& name) {
  if (registry.look_up(name)) {
    fail_input("the catalogue has a cell '{}': choose another name", name);
  }
  const std::filesystem::path file = name + ".cell";
  const std::string text = cell_template(name);
  if (is_there(file)) fail_input("{}: exists already", file.string());
  write_text(file, text);
  std::printf("%s: change it, then: carousel check %s\n", file.c_str(), file.c_str());
  return 0;
}

}  // namespace carousel
