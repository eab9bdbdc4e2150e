// The next values of series from those before. The network reads `context` steps and gives the
// next `horizon` steps of the targets at once, at the last step (the MIMO strategy of Taieb,
// Bontempi, Atiya and Sorjamaa 2012, arXiv:1108.3259, section 2).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "data/data_sets.hpp"
#include "data/series.hpp"
#include "io/digest.hpp"
#include "task/autoregression.hpp"
#include "task/entries.hpp"

namespace carousel {
namespace {

// What is known of a set that has a name.
struct Habits {
  const char* name;
  Index season;
  std::array<Index, 3> ends;  // of the parts; 0: by shares
};

// ETTh1: 12, 4 and 4 months of 30 days, as in Zhou et al. 2021, arXiv:2012.07436, section 5.1; what
// is left is not used. Sunspots have a cycle of about 11 years.
constexpr std::array<Habits, 4> habits = {{{"etth1", 24, {8640, 11520, 14400}},
                                           {"sunspots", 132, {}},
                                           {"temperatures", 365, {}},
                                           {"airline", 12, {}}}};

struct ForecastForm {
  std::string data;  // as the option has it
  std::string name;
  Series series;
  std::vector<Index> targets;             // series that are forecast
  std::array<Index, 3> ends = {};         // step behind train, valid, test
  std::vector<double> means, deviations;  // of each series, over the training steps
  std::vector<float> values;              // [steps, series], standardised
  std::vector<double> scales;             // of each target: the MASE's
  Index context = 0, horizon = 0, stride = 1, season = 1;

  Index width() const { return series.count(); }
  float at(Index step, Index column) const {
    return values[static_cast<std::size_t>(step * width() + column)];
  }
  SequenceForm network() const {
    SequenceForm form;
    form.width = width();
    form.values = horizon * std::ssize(targets);
    form.sight = Sight::whole;  // all that is read is the past
    return form;
  }
};

class ForecastingProblem final : public SequenceProblem {
 public:
  explicit ForecastingProblem(ForecastForm form)
      : SequenceProblem(form.network()), form_(std::move(form)) {}

  std::string name() const override { return form_.name; }
  std::string description() const override;
  std::string digest() const override;
  Index size(Split split) const override {
    const Index first = origin(split, 0), last = end(split) - form_.horizon;
    return (last - first) / (split == Split::train ? form_.stride : 1) + 1;
  }
  Index length(Split, ExampleId) const override { return form_.context; }
  Index terms(Split, ExampleId) const override { return form().values; }
  const std::vector<Metric>& metrics() const override;
  std::vector<Baseline> baselines() const override;

  SequenceExample example(Split split, ExampleId id) const override;
  void count(Split split, ExampleId id, std::span<const double> outputs,
             Tally& tally) const override;
  /// The middle test window, for the first eight targets.
  std::vector<Exhibit> exhibits(const OutputsOf& outputs) const override;

 private:
  Index end(Split split) const { return form_.ends[static_cast<std::size_t>(split)]; }
  // The first step that is forecast.
  Index origin(Split split, ExampleId id) const {
    if (split == Split::train) return form_.context + id * form_.stride;
    return form_.ends[static_cast<std::size_t>(split) - 1] + id;
  }
  std::vector<double> seasonal_naive(Split split, ExampleId id, Index season) const;
  Exhibit exhibit(ExampleId id, std::size_t target, std::span<const double> outputs) const;

  ForecastForm form_;
};

std::string ForecastingProblem::description() const {
  const auto& [train, valid, test] = form_.ends;
  std::vector<std::string> targets;
  for (const Index target : form_.targets) {
    targets.push_back(form_.series.names[static_cast<std::size_t>(target)]);
  }
  return fmt::format(
      "{}: {} steps train, {} valid, {} test of {}. The {} steps after {} steps are forecast of "
      "{}: "
      "{} windows train, {} valid, {} test. Figures are of values standardised by the training "
      "steps; MASE: a season of {} steps.",
      form_.name, train, valid - train, test - valid, fmt::join(form_.series.names, ", "),
      form_.horizon, form_.context, fmt::join(targets, ", "), size(Split::train),
      size(Split::valid), size(Split::test), form_.season);
}

std::string ForecastingProblem::digest() const {
  Sha256 digest;
  for (const std::string& name : form_.series.names) digest.add(name + "\n");
  digest.add(std::span<const Index>(form_.ends));
  digest.add(std::span<const double>(form_.series.values)
                 .first(static_cast<std::size_t>(form_.ends[2] * form_.width())));
  return digest.hex();
}

const std::vector<Metric>& ForecastingProblem::metrics() const {
  static const std::vector<Metric> metrics = {
      {{"mse", "MSE", "", Better::lower, 4}, {"squared", "values"}, mean_over_terms},
      {{"mae", "MAE", "", Better::lower, 4}, {"absolute", "values"}, mean_over_terms},
      {{"mase", "MASE", "", Better::lower, 4}, {"scaled", "values"}, mean_over_terms}};
  return metrics;
}

SequenceExample ForecastingProblem::example(Split split, ExampleId id) const {
  const Index first = origin(split, id);
  const auto step = [&](Index t) { return form_.values.begin() + t * form_.width(); };
  SequenceExample example{{step(first - form_.context), step(first)}, {}};
  for (Index t = first; t < first + form_.horizon; ++t) {
    for (const Index target : form_.targets) example.targets.push_back(form_.at(t, target));
  }
  return example;
}

void ForecastingProblem::count(Split split, ExampleId id, std::span<const double> outputs,
                               Tally& tally) const {
  const Index first = origin(split, id);
  const std::size_t width = form_.targets.size();
  double squared = 0.0, absolute = 0.0, scaled = 0.0;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const Index step = first + static_cast<Index>(k / width);
    const double error = outputs[k] - static_cast<double>(form_.at(step, form_.targets[k % width]));
    squared += error * error;
    absolute += std::abs(error);
    scaled += std::abs(error) / form_.scales[k % width];
  }
  tally.at("squared", id) = squared;
  tally.at("absolute", id) = absolute;
  tally.at("scaled", id) = scaled;
  tally.at("values", id) = static_cast<double>(outputs.size());
}

// Of each step the value at the same place of the last season that is known. Where the series
// begins less than a season earlier, as in the first training windows, the last value.
std::vector<double> ForecastingProblem::seasonal_naive(Split split, ExampleId id,
                                                       Index season) const {
  const Index first = origin(split, id);
  std::vector<double> outputs;
  for (Index k = 0; k < form_.horizon; ++k) {
    const Index step = first - season + k % season;
    for (const Index target : form_.targets) {
      outputs.push_back(static_cast<double>(form_.at(step < 0 ? first - 1 : step, target)));
    }
  }
  return outputs;
}

std::vector<Baseline> ForecastingProblem::baselines() const {
  const auto naive = [this](Index season) {
    return figures_of(*this, [this, season](Split split, ExampleId id) {
      return seasonal_naive(split, id, season);
    });
  };
  std::vector<Baseline> all = {{"last value", naive(1)}};
  if (form_.season > 1) {
    all.push_back({fmt::format("value {} steps before", form_.season), naive(form_.season)});
  }
  all.push_back(linear_autoregression(*this));
  return all;
}

Exhibit ForecastingProblem::exhibit(ExampleId id, std::size_t target,
                                    std::span<const double> outputs) const {
  constexpr Index most_before = 4;  // times the horizon: else a forecast is a speck at the edge
  const auto series = static_cast<std::size_t>(form_.targets[target]);
  const std::string& name = form_.series.names[series];
  const Index before = std::min(form_.context, most_before * form_.horizon);
  const Index first = origin(Split::test, id) - before, steps = before + form_.horizon;
  Exhibit lines{"lines",
                fmt::format("{}, test window {} of {}", name, id + 1, size(Split::test)),
                {},
                {{"first", 1.0 - static_cast<double>(before)}},
                {{"x_title", "steps ahead"}, {"y_title", name}}};
  Tensor<float> truth = Tensor<float>::zeros({steps});
  Tensor<float> forecast = Tensor<float>::full({steps}, std::numeric_limits<float>::quiet_NaN());
  for (Index t = 0; t < steps; ++t) {
    truth.data()[t] = static_cast<float>(form_.series.at(first + t, form_.targets[target]));
    if (t < before) continue;
    const auto at = static_cast<std::size_t>(t - before) * form_.targets.size() + target;
    forecast.data()[t] =
        static_cast<float>(outputs[at] * form_.deviations[series] + form_.means[series]);
  }
  lines.arrays = {{"truth", truth}, {"forecast", forecast}};
  return lines;
}

std::vector<Exhibit> ForecastingProblem::exhibits(const OutputsOf& outputs) const {
  constexpr std::size_t most = 8;
  const ExampleId id = size(Split::test) / 2;
  const std::vector<double> given = outputs(Split::test, Ids(&id, 1)).front();
  std::vector<Exhibit> all;
  for (std::size_t k = 0; k < std::min(most, form_.targets.size()); ++k) {
    all.push_back(exhibit(id, k, given));
  }
  return all;
}

std::vector<std::string> names_in(const TaskOptions& options, const char* option) {
  std::vector<std::string> names;
  const std::string& text = options.text(option);
  if (text.empty()) return names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::size_t first = text.find_first_not_of(' ', begin);
    const std::size_t last = text.find_last_not_of(' ', end - 1);
    std::string name = first < end ? text.substr(first, last - first + 1) : "";
    if (name.empty())
      fail_input("{} is '{}', expected names with commas between them", option, text);
    if (std::ranges::find(names, name) != names.end()) {
      fail_input("{} is '{}', expected each name once, but '{}' stands there again", option, text,
                 name);
    }
    names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

std::vector<Index> targets_of(const Series& series, const std::vector<std::string>& names) {
  std::vector<Index> targets;
  for (const std::string& name : names.empty() ? series.names : names) {
    const auto found = std::ranges::find(series.names, name);
    if (found == series.names.end()) {
      fail_input("target: there is no '{}' among the columns that are read{} (there are: {})", name,
                 did_you_mean(name, series.names), fmt::join(series.names, ", "));
    }
    targets.push_back(found - series.names.begin());
  }
  return targets;
}

const Habits* habits_of(const std::string& data) {
  const auto found = std::ranges::find(habits, data, &Habits::name);
  return found == habits.end() ? nullptr : &*found;
}

// By default the first 70 of 100 steps are for training and the next 15 for validation.
std::array<Index, 3> ends_of(const ForecastForm& form) {
  const Habits* known = habits_of(form.data);
  const Index steps = form.series.steps;
  if (known == nullptr || known->ends[2] == 0) return {steps * 70 / 100, steps * 85 / 100, steps};
  if (steps < known->ends[2]) {
    fail_input("{}: got {} steps, expected {} or more; the file was cut short", form.data, steps,
               known->ends[2]);
  }
  return known->ends;
}

void expect_windows(const ForecastForm& form) {
  constexpr Index most_values = 4096, most_series = 1000;
  const auto& [train, valid, test] = form.ends;
  const Index shortest = std::min(valid - train, test - valid);
  if (form.context + form.horizon > train || form.horizon > shortest) {
    fail_input(
        "{}: context is {} and horizon {}, but there are {} steps to train with and {} in the "
        "shorter of the parts for validation and test; expected horizon at most {}, and context + "
        "horizon at most {}",
        form.data, form.context, form.horizon, train, shortest, shortest, train);
  }
  if (form.season >= train) {
    fail_input("{}: season is {}, expected less than the {} steps to train with", form.data,
               form.season, train);
  }
  if (form.horizon * std::ssize(form.targets) > most_values) {
    fail_input(
        "{}: horizon {} of {} targets makes {} values in a forecast, expected at most {}; take a "
        "smaller horizon, or name fewer in target",
        form.data, form.horizon, form.targets.size(), form.horizon * std::ssize(form.targets),
        most_values);
  }
  if (form.width() > most_series) {
    fail_input("{}: got {} series to read, expected at most {}; name fewer in columns", form.data,
               form.width(), most_series);
  }
}

// Less its mean over the training steps, divided by its deviation there.
void standardise(ForecastForm& form, Index series) {
  constexpr double most_deviations = 1e6;  // beyond them a float's square tells nothing of others
  const std::string& name = form.series.names[static_cast<std::size_t>(series)];
  const Index train = form.ends[0];
  const auto steps = static_cast<double>(train);
  double mean = 0.0, variance = 0.0;
  for (Index t = 0; t < train; ++t) mean += form.series.at(t, series) / steps;
  for (Index t = 0; t < train; ++t) {
    variance += std::pow(form.series.at(t, series) - mean, 2) / steps;
  }
  const double deviation = std::sqrt(variance);
  if (!(deviation > 1e-12 * std::abs(mean)) || !std::isfinite(deviation)) {
    fail_input(
        "{}: the {} steps to train with of '{}' have the deviation {}, by which nothing can be "
        "divided; leave it out of columns",
        form.data, train, name, deviation);
  }
  for (Index t = 0; t < form.ends[2]; ++t) {
    const double value = (form.series.at(t, series) - mean) / deviation;
    if (!(std::abs(value) <= most_deviations)) {
      fail_input(
          "{}, line {}, column '{}': got {}, which is {:.3g} deviations of the steps to train "
          "with from their mean, expected at most {:g}; correct the file",
          form.data, line_of_step(t), name, form.series.at(t, series), std::abs(value),
          most_deviations);
    }
    form.values[static_cast<std::size_t>(t * form.width() + series)] = static_cast<float>(value);
  }
  form.means.push_back(mean);
  form.deviations.push_back(deviation);
}

// Mean absolute error in the training steps of the value a season before: Hyndman and Koehler 2006,
// section 3, with a season of 1; Hyndman and Athanasopoulos 2021, "Forecasting: Principles and
// Practice", 3rd edition, section 5.8, with any.
double scale_of(const ForecastForm& form, Index target) {
  double sum = 0.0;
  for (Index t = form.season; t < form.ends[0]; ++t) {
    sum += std::abs(static_cast<double>(form.at(t, target)) -
                    static_cast<double>(form.at(t - form.season, target)));
  }
  if (sum == 0.0) {
    fail_input(
        "{}: '{}' is the same in every season of {} steps to train with, so that MASE would divide "
        "by 0; take another season, or leave it out of target",
        form.data, form.series.names[static_cast<std::size_t>(target)], form.season);
  }
  return sum / static_cast<double>(form.ends[0] - form.season);
}

// "etth1_96_24", "etth1_OT_96_24" or "etth1_2_targets_96_24".
std::string name_of(const ForecastForm& form, const std::vector<std::string>& targets) {
  std::string name = name_of_data(form.data);
  if (targets.size() == 1) name += "_" + targets[0];
  if (targets.size() > 1) name += fmt::format("_{}_targets", targets.size());
  return fmt::format("{}_{}_{}", name, form.context, form.horizon);
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  ForecastForm form;
  form.data = options.text("data");
  form.series = read_series(find_data(form.data, DataKind::series, data.folder),
                            names_in(options, "columns"));
  form.targets = targets_of(form.series, names_in(options, "target"));
  form.ends = ends_of(form);
  form.context = options.integer("context");
  form.horizon = options.integer("horizon");
  form.stride = options.integer("stride");
  form.season = options.integer("season");
  const Habits* known = habits_of(form.data);
  if (form.season == 0) form.season = known != nullptr ? known->season : 1;
  form.name = name_of(form, names_in(options, "target"));
  expect_windows(form);
  form.values.resize(static_cast<std::size_t>(form.ends[2] * form.width()));
  for (Index k = 0; k < form.width(); ++k) standardise(form, k);
  for (const Index target : form.targets) form.scales.push_back(scale_of(form, target));
  return std::make_unique<ForecastingProblem>(std::move(form));
}

}  // namespace

Task forecasting_task() {
  constexpr std::int64_t many = 1 << 24;
  return {"forecasting",
          "The next values of one or several series, from those before",
          "Hyndman and Koehler 2006, International Journal of Forecasting 22(4)",
          {data_option("data", "etth1", "the series (docs/data.md)"),
           text_option("columns", "", "names of the series that are read, with commas; empty: all"),
           text_option("target", "", "names of those that are forecast; empty: all that are read"),
           integer_option("context", 96, 1, many, "steps that are read before a forecast"),
           integer_option("horizon", 24, 1, many, "steps of a forecast"),
           integer_option("stride", 1, 1, many, "steps from one training window to the next"),
           integer_option("season", 0, 0, many,
                          "steps of a season, of a baseline and of MASE; 0: the data set's own, "
                          "of other files 1")},
          set_up};
}

}  // namespace carousel
