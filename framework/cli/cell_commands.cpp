#include "cli/cell_commands.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cell/ablation/ablation.hpp"
#include "cell/catalogue_page.hpp"
#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cell/language/cell_template.hpp"
#include "cli/progress.hpp"
#include "io/files.hpp"
#include "program/delays.hpp"
#include "program/differentiate.hpp"
#include "program/plan.hpp"
#include "report/format.hpp"
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

void print_head(const Cell& cell) {
  for (const std::string& text : {cell.title, cell.reference, cell.conventions}) {
    if (!text.empty()) std::printf("# %s\n", text.c_str());
  }
}

// In 79 columns: which step, how it ended, and lines of figures.
void print_check_step(const CheckStep& step) {
  constexpr int front = 19, columns = 79;
  std::string first = fmt::format("{:<10} {:<8}", step.name, step.passed ? "ok" : "FAILED");
  std::istringstream details(step.detail);
  for (std::string detail; std::getline(details, detail);) {
    std::istringstream lines(wrap(detail, columns - front));
    for (std::string line; std::getline(lines, line);) {
      std::printf("%-*s%s\n", front, first.c_str(), line.c_str());
      first.clear();
    }
  }
  std::fflush(stdout);
}

void print_warnings(const Cell& cell, const StepProgram& program) {
  for (const std::string& warning : cell.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  for (const std::string& name : parameters_without_gradient(program)) {
    std::fprintf(
        stderr,
        "warning: no gradient reaches the parameter %s: what reads it, such as heaviside or "
        "a comparison, has none; straight_through(a, b) gives it that of b\n",
        name.c_str());
  }
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
      std::printf("%-20s %-10s %s\n", cell.name.c_str(), cell.group.c_str(), cell.title.c_str());
    }
  }
  if (json) std::printf("%s\n", boost::json::serialize(list).c_str());
  if (shown == 0 && !json) {
    fail_input("no cell matches; 'carousel cells' lists all {}", registry.cells().size());
  }
  return 0;
}

int show_command(CellRegistry& registry, const CellArguments& arguments, const std::string& variant,
                 bool latex) {
  const CellSizes sizes = sizes_of(arguments, shown_sizes);
  const Cell cell = changed_cell(find_or_load(registry, arguments.cell), {}, variant);
  const StepProgram program = cell.build(sizes);
  if (latex) {
    std::printf("%s", to_latex(program).c_str());
    return 0;
  }
  print_head(cell);
  print_warnings(cell, program);
  // As a comment, so that the whole can be read back.
  std::istringstream schedule(to_text(plan_scan(without_delays(program).program)));
  std::printf("%s\n# %td parameters at input %td, hidden %td\n#\n", to_text(program).c_str(),
              program.parameter_count(), sizes.input, sizes.hidden);
  for (std::string line; std::getline(schedule, line);) std::printf("# %s\n", line.c_str());
  return 0;
}

int ablate_command(CellRegistry& registry, const CellArguments& arguments,
                   const std::string& variant, bool json) {
  if (!variant.empty()) return show_command(registry, arguments, variant, false);
  const CellSizes sizes = sizes_of(arguments, shown_sizes);
  const StepProgram program = find_or_load(registry, arguments.cell).build(sizes);
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

int check_command(CellRegistry& registry, const CellArguments& arguments, double seconds,
                  const CommonOptions& common) {
  expect_within("--seconds", seconds, 0.001, 86400.0);
  const CellSizes sizes = sizes_of(arguments, {1, 1});
  const Cell cell = changed_cell(find_or_load(registry, arguments.cell), sizes.hyper, "");
  const CheckRequest request{arguments.input, arguments.hidden, seconds};
  StatusLine status;
  status.wait();
  bool passed = true;
  CheckListener listener;
  listener.progress = [&](const std::string& step, const std::string& how_far) {
    if (!common.quiet && status.is_due()) status.show(fmt::format("{}: {}", step, how_far));
  };
  listener.done = [&](const CheckStep& step) {
    status.clear();
    print_check_step(step);
    passed = passed && step.passed;
  };
  listener.built = [&](const StepProgram& program) { print_warnings(cell, program); };
  check_cell(cell, request, listener);
  return passed ? 0 : exit_check_failed;
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
