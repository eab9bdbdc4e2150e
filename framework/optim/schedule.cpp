#include "optim/schedule.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tensor/error.hpp"

namespace carousel {
namespace {

double constant(const ScheduleOptions&, const TrainingPoint&) { return 1.0; }

double linear(const ScheduleOptions& options, const TrainingPoint& point) {
  return 1.0 - (1.0 - options.final_rate) * point.done;
}

double cosine(const ScheduleOptions& options, const TrainingPoint& point) {
  const double fallen = 0.5 * (1.0 - std::cos(std::numbers::pi * point.done));
  return 1.0 - (1.0 - options.final_rate) * fallen;
}

double plateau(const ScheduleOptions& options, const TrainingPoint& point) {
  double share = 1.0;
  int since = 0;
  for (const bool improved : point.improved) {
    if (improved) {
      since = 0;
    } else if (++since == options.plateau_epochs) {
      share *= 0.5;
      since = 0;
    }
  }
  return share;
}

struct Schedule {
  const char* name;
  double (*share)(const ScheduleOptions&, const TrainingPoint&);
};

constexpr std::array<Schedule, 4> schedules = {
    {{"linear", linear}, {"cosine", cosine}, {"plateau", plateau}, {"constant", constant}}};

}  // namespace

double rate_share(const ScheduleOptions& options, const TrainingPoint& point) {
  const auto found = std::ranges::find(schedules, options.name, &Schedule::name);
  if (found == schedules.end()) {
    fail_input("there is no schedule '{}'{}; expected {}", options.name,
               did_you_mean(options.name, schedule_names()), fmt::join(schedule_names(), ", "));
  }
  const double growth = options.warmup > 0.0 ? std::min(point.done / options.warmup, 1.0) : 1.0;
  return growth * found->share(options, point);
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const Schedule& schedule : schedules) names.emplace_back(schedule.name);
  return names;
}

}  // namespace carousel
