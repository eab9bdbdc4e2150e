#include "cli/inspect_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "cli/study_commands.hpp"
#include "inspect/inspection_log.hpp"
#include "report/format.hpp"

namespace carousel {
namespace {

// A line of 79 columns: whose figures they are, and four of them.
std::string line(const std::string& cell, const std::string& epoch, const std::string& what,
                 const std::array<std::string, 4>& figures) {
  std::string text = fmt::format("{} {:>5}  {}", pad_right(shorten(cell, 20), 20), epoch,
                                 pad_right(shorten(what, 16), 16));
  for (const std::string& figure : figures) text += fmt::format(" {:>7}", figure);
  return text + "\n";
}

std::string line(const InspectedModel& model, const std::string& what,
                 const std::array<std::string, 4>& figures) {
  return line(model.trial.name(), std::to_string(model.epoch), what, figures);
}

bool is_trained(const InspectedModel& model) { return model.epoch == model.trial.best_epoch; }

std::string norm_at(const GradientReach& reach, std::size_t lag) {
  return lag <= reach.norms.size() ? fmt::format("{:.1e}", reach.norms[lag - 1]) : "";
}

// Without the name of the stack: "0/forward".
std::string short_place(const std::string& place) { return place.substr(place.find('/') + 1); }

std::string where(const std::string& place, const std::string& name) {
  return name + " " + short_place(place);
}

std::string gradient_table(const std::vector<InspectedModel>& models) {
  std::string text = "Gradient of the last step's loss by the state, by lag\n" +
                     line("cell", "epoch", "state", {"lag 1", "10", "100", "1 % at"});
  for (const InspectedModel& model : models) {
    for (const GradientReach& reach : model.found.gradients) {
      const int lag = lag_of_share(reach, 0.01);
      text += line(model, where(reach.place, reach.state),
                   {norm_at(reach, 1), norm_at(reach, 10), norm_at(reach, 100),
                    lag > 0 ? std::to_string(lag) : "never"});
    }
  }
  return text;
}

double mean_of(const std::vector<UnitValues>& units, double UnitValues::*figure) {
  double sum = 0.0;
  for (const UnitValues& unit : units) sum += unit.*figure;
  return sum / static_cast<double>(units.size());
}

// Of gates alone: other values may be anything.
std::string share(const Activation& one, double UnitValues::*figure) {
  return one.is_gate ? fmt::format("{:.3f}", mean_of(one.units, figure)) : "";
}

std::string value_table(const std::vector<InspectedModel>& models) {
  std::string text = "Gates and states, trained: means over units and steps\n" +
                     line("cell", "epoch", "value", {"mean", "< 0.1", "> 0.9", "dead"});
  for (const InspectedModel& model : models) {
    if (!is_trained(model)) continue;
    for (const Activation& one : model.found.values) {
      const auto dead = std::ranges::count_if(one.units, &UnitValues::is_dead);
      text += line(model, where(one.place, one.name),
                   {fmt::format("{:.3f}", mean_of(one.units, &UnitValues::mean)),
                    share(one, &UnitValues::low), share(one, &UnitValues::high),
                    fmt::format("{}/{}", dead, one.units.size())});
    }
  }
  return text;
}

double mean_radius(const ScanDynamics& scan) {
  double sum = 0.0;
  for (const JacobianFigures& j : scan.jacobians) sum += j.spectral_radius;
  return sum / static_cast<double>(scan.jacobians.size());
}

// Of the state whose units remember longest.
double middle_half_life(const std::vector<Memory>& memory) {
  std::map<std::string, std::vector<double>> by_state;
  for (const Memory& one : memory) by_state[one.state].push_back(one.half_life);
  double longest = 0.0;
  for (auto& [state, lives] : by_state) {
    std::ranges::sort(lives);
    longest = std::max(longest, lives[lives.size() / 2]);
  }
  return longest;
}

std::string dynamics_table(const std::vector<InspectedModel>& models) {
  std::string text =
      "Jacobians of the steps of one example: mean spectral radius, largest singular\nvalue, "
      "largest Lyapunov exponent; middle half-life of the units in steps\n" +
      line("cell", "epoch", "scan", {"radius", "largest", "exp.", "half"});
  for (const InspectedModel& model : models) {
    if (model.epoch > 0 && !is_trained(model)) continue;
    for (const ScanDynamics& scan : model.found.dynamics) {
      const std::string place = short_place(scan.place);
      if (scan.jacobians.empty()) {
        text += fmt::format("{}, {}: {} state elements are more than {}: left out\n",
                            model.trial.name(), place, scan.size, most_state_elements);
        continue;
      }
      const auto largest = std::ranges::max_element(scan.jacobians, {}, &JacobianFigures::largest);
      text +=
          line(model, place,
               {fmt::format("{:.3f}", mean_radius(scan)), fmt::format("{:.3f}", largest->largest),
                fmt::format("{:.3f}", scan.exponents.front()),
                fmt::format("{:.1f}", middle_half_life(scan.memory))});
    }
  }
  return text;
}

}  // namespace

int inspect_command(CellRegistry& registry, ModelOfRun wanted, const InspectOptions& options,
                    const CommonOptions& common) {
  wanted.data_dir = common.data_dir;
  const auto progress = [&](const std::string& what) {
    if (!common.quiet) std::fprintf(stderr, "%s\n", what.c_str());
  };
  const std::vector<InspectedModel> models = inspect_run(registry, wanted, options, progress);
  write_inspection(wanted.run, models);
  log_inspection(wanted.run, models);
  std::printf("%s\n%s\n%s\n", gradient_table(models).c_str(), value_table(models).c_str(),
              dynamics_table(models).c_str());
  write_report_again(wanted.run);
  std::printf("written: %s, and the pictures in report.html\n", (wanted.run / "inspect").c_str());
  return 0;
}

}  // namespace carousel
