#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <string>

#include "optim/saved_state.hpp"
#include "optim/tensor_list.hpp"
#include "tensor/interrupt.hpp"
#include "train/batch_gradient.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

std::string kept_name(int epoch) { return fmt::format("kept/{}", epoch); }

// Whatever the number of epochs, there is nothing left to do.
bool ended_early(const TrialRecord& r, const TrainOptions& options) {
  const bool patience_ended =
      options.patience > 0 && r.best_epoch > 0 && r.epochs - r.best_epoch >= options.patience;
  const bool solved = !std::isnan(r.updates_to_goal);
  return patience_ended || solved;
}

template <class T>
class TypedTrainer final : public Trainer {
 public:
  TypedTrainer(const Model& model, const Recurrence& recurrence, const Problem& problem,
               const TrainOptions& options, const TrialRecord& record)
      : problem_(problem),
        metrics_(metrics_of(problem, model)),
        options_(options),
        record_(record),
        parameters_(model.parameters(), record.seed),
        optimiser_(rate_of(options, record), parameters_),
        train_(model, problem, options),
        valid_(model, problem, Split::valid, options.shard),
        test_(model, problem, Split::test, options.shard),
        best_(parameters_.snapshot()) {
    record_.parameters = parameters_.count();
    record_.cell_parameters = recurrence.parameter_count();
    record_.status = "running";
    record_.metrics.clear();
    for (const Metric& metric : metrics_) record_.metrics.push_back(metric.name);
    record_.loss = problem.metrics()[problem.loss_metric()].name;
  }

  Outcome run(const std::atomic<bool>& stop,
              const std::function<void(const Progress&)>& on_progress, int until) override {
    started_ = Clock::now();
    seconds_before_ = record_.seconds;
    try {
      return pause(train(stop, on_progress, until));
    } catch (const Interrupted&) {
      return pause(Outcome::interrupted);
    }
  }

  Outcome evaluate_test() override;
  TrialRecord& record() override { return record_; }
  const TrialRecord& record() const override { return record_; }
  const std::string& divergence() const override { return divergence_; }

  Archive save() const override;
  void load(const Archive& archive) override;

 private:
  static OptimiserOptions rate_of(const TrainOptions& options, const TrialRecord& record) {
    OptimiserOptions with_rate = options.optimiser;
    with_rate.learning_rate = record.learning_rate;
    return with_rate;
  }

  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(Clock::now() - started_).count();
  }

  Outcome pause(Outcome outcome) {
    record_.seconds = seconds();
    if (outcome == Outcome::diverged) record_.status = "diverged";
    return outcome;
  }

  // Those of the epoch that runs.
  std::vector<Batch> batches_of_epoch() const {
    return training_batches(problem_, options_.batch, record_.seed, record_.epochs,
                            options_.examples);
  }

  // Of all epochs, 0 to 1.
  double share_done(std::size_t batches) const {
    return (record_.epochs + static_cast<double>(next_batch_) / static_cast<double>(batches)) /
           options_.epochs;
  }

  Outcome train(const std::atomic<bool>& stop,
                const std::function<void(const Progress&)>& on_progress, int until);
  bool update(const Batch& batch, double done);
  void note_idle();
  bool end_epoch();
  double rate_share(double done) const;
  void finish();
  void load_counters(const Archive& archive);
  void report(const std::function<void(const Progress&)>& on_progress, std::size_t batches);
  void explain(ShardRunner<T>& runner, const std::vector<Tensor<T>>& values, Ids ids,
               const std::string& what, const TrainingPass<T>& pass);
  const Metric& chooses() const { return problem_.metrics().front(); }

  const Problem& problem_;
  std::vector<Metric> metrics_;  // of the problem, and of the losses of the cell's own
  TrainOptions options_;
  TrialRecord record_;
  ParameterSet<T> parameters_;
  Optimiser<T> optimiser_;
  BatchGradient<T> train_;
  ShardRunner<T> valid_, test_;

  std::vector<Tensor<T>> best_;
  std::map<int, std::vector<Tensor<T>>> kept_;  // by epoch, see TrainOptions::keep_every
  std::size_t next_batch_ = 0;                  // in the running epoch
  Carried<T> carried_;       // of streams: what the last batch of this epoch handed on
  double epoch_loss_ = 0.0;  // summed over epoch_terms_
  std::int64_t epoch_terms_ = 0;
  Progress last_;  // what it says of the last update alone
  std::string divergence_;
  double seconds_before_ = 0.0;
  Clock::time_point started_ = Clock::now();
};

template <class T>
Outcome TypedTrainer<T>::train(const std::atomic<bool>& stop,
                               const std::function<void(const Progress&)>& on_progress, int until) {
  while (!training_ended(record_, options_)) {
    if (until > 0 && record_.epochs >= until) return Outcome::interrupted;
    const auto batches = batches_of_epoch();
    while (next_batch_ < batches.size()) {
      if (stop) return Outcome::interrupted;
      if (!update(batches[next_batch_], share_done(batches.size()))) return Outcome::diverged;
      ++next_batch_;
      if (next_batch_ < batches.size()) report(on_progress, batches.size());
    }
    if (!end_epoch()) return Outcome::diverged;
    report(on_progress, batches.size());
  }
  finish();
  return Outcome::finished;
}

// Returns false when the trial diverged.
template <class T>
bool TypedTrainer<T>::update(const Batch& batch, double done) {
  const std::vector<Tensor<T>> values =
      with_weight_noise(parameters_, options_.weight_noise, record_.seed, optimiser_.updates());
  const MaskSeed masks{record_.seed, optimiser_.updates()};
  const Carried<T> before = next_batch_ > 0 ? carried_ : Carried<T>{};
  Carried<T> carried = before;
  const bool streams = problem_.order() == Order::streams;
  const TrainingPass<T> pass{&masks, streams ? &carried : nullptr};
  const auto result = train_.compute(values, batch, pass);
  if (!std::isfinite(result.loss) || !std::isfinite(result.norm)) {
    Carried<T> again = before;
    again.resize(carried.size());
    explain(train_.runner(), values, batch,
            std::isfinite(result.loss) ? fmt::format("the norm of the gradient is {}", result.norm)
                                       : fmt::format("the loss is {}", result.loss),
            {&masks, streams ? &again : nullptr});
    return false;
  }
  Carried<T> again = before;
  std::unique_ptr<Objective<T>> objective;
  if (find_rule(options_.optimiser.rule).takes_objective()) {
    std::vector<Tensor<T>> noise;
    if (options_.weight_noise > 0.0) noise = moved(values, -1.0, parameters_.values());
    objective = train_.objective(batch, {&masks, streams ? &again : nullptr}, std::move(noise));
  }
  note_idle();
  const double share = rate_share(done);
  optimiser_.update(parameters_, train_.gradients(), share, objective.get());
  last_.loss = result.loss / static_cast<double>(result.terms);
  last_.rate = share * record_.learning_rate;
  last_.gradient_norm = result.norm;
  carried_ = std::move(carried);
  record_.overflows += result.overflow ? 1 : 0;
  epoch_loss_ += result.loss;
  epoch_terms_ += result.terms;
  return true;
}

// Of the parameters that had no gradient before this update, those that still have none: after the
// first update there are rarely any.
template <class T>
void TypedTrainer<T>::note_idle() {
  const bool first = optimiser_.updates() == 0;
  if (!first && record_.idle.empty()) return;
  const std::string before = " " + record_.idle + " ";
  record_.idle.clear();
  for (std::size_t k = 0; k < parameters_.size(); ++k) {
    const ParameterSpec& spec = parameters_.spec(k);
    const bool was_idle = first || before.find(" " + spec.name + " ") != std::string::npos;
    const std::span<const T> gradient = train_.gradients()[k].values();
    if (!spec.trained || !was_idle) continue;
    if (std::ranges::any_of(gradient, [](T g) { return g != T(0); })) continue;
    record_.idle += (record_.idle.empty() ? "" : " ") + spec.name;
  }
}

template <class T>
double TypedTrainer<T>::rate_share(double done) const {
  std::vector<bool> improved;
  double best = not_known;
  for (const CurvePoint& point : record_.curve) {
    improved.push_back(chooses().prefers(point.valid.front(), best));
    if (improved.back()) best = point.valid.front();
  }
  return carousel::rate_share(options_.schedule, {done, improved});
}

template <class T>
bool TypedTrainer<T>::end_epoch() {
  const Tally tally = valid_.evaluate(parameters_.values());
  Figures now = record_.figures;
  set_figures(metrics_, Split::valid, tally, now);
  const double valid = now[chooses().name][Split::valid];
  if (!is_sound(valid)) {
    const auto all =
        evaluation_batches(problem_, Split::valid, static_cast<int>(problem_.size(Split::valid)));
    explain(valid_, parameters_.values(), all.front(),
            fmt::format("the validation {} is {}", chooses().title, valid), {});
    return false;
  }
  ++record_.epochs;
  CurvePoint point{record_.epochs,
                   optimiser_.updates(),
                   seconds(),
                   epoch_loss_ / static_cast<double>(epoch_terms_),
                   {}};
  for (const Metric& metric : metrics_) {
    const double figure = now[metric.name][Split::valid];
    point.valid.push_back(figure);
    if (metric.reaches_goal(figure)) {  // which ends the trial
      record_.updates_to_goal = static_cast<double>(point.updates);
    }
  }
  record_.curve.push_back(std::move(point));
  if (record_.best_epoch == 0 || chooses().prefers(valid, record_.chosen_by())) {
    record_.best_epoch = record_.epochs;
    record_.figures = std::move(now);
    best_ = parameters_.snapshot();
  }
  if (options_.keep_every > 0 && record_.epochs % options_.keep_every == 0) {
    kept_[record_.epochs] = parameters_.snapshot();
  }
  next_batch_ = 0;
  epoch_loss_ = 0.0;
  epoch_terms_ = 0;
  return true;
}

template <class T>
void TypedTrainer<T>::finish() {
  const Batch seen = training_examples(problem_, options_.examples, record_.seed);
  set_figures(metrics_, Split::train, train_.runner().evaluate(best_, seen), record_.figures);
  record_.status = "done";
}

template <class T>
Outcome TypedTrainer<T>::evaluate_test() {
  if (record_.status != "done") fail_bug("test figures of a trial that is not done were asked for");
  set_figures(metrics_, Split::test, test_.evaluate(best_), record_.figures);
  const double figure = record_.figure(chooses().name, Split::test);
  if (is_sound(figure)) return Outcome::finished;
  record_.status = "diverged";
  divergence_ = fmt::format(
      "the test {} of the best epoch is {} (cell {}, seed {}), while its validation figure is {}",
      chooses().title, figure, record_.cell, record_.seed, record_.chosen_by());
  return Outcome::diverged;
}

template <class T>
void TypedTrainer<T>::report(const std::function<void(const Progress&)>& on_progress,
                             std::size_t batches) {
  record_.seconds = seconds();
  Progress p = last_;
  p.updates = optimiser_.updates();
  p.epoch_ended = next_batch_ == 0;
  p.epoch = p.epoch_ended ? record_.epochs : record_.epochs + 1;
  p.epochs = options_.epochs;
  p.done = share_done(batches);
  p.seconds = record_.seconds;
  p.train =
      p.epoch_ended ? record_.curve.back().train : epoch_loss_ / static_cast<double>(epoch_terms_);
  p.valid = record_.curve.empty() ? not_known : record_.curve.back().valid.front();
  p.best_valid = record_.best_epoch ? record_.chosen_by() : not_known;
  p.best_epoch = record_.best_epoch;
  on_progress(p);
}

// Says where the first bad value came up, and which parameter looks to be the cause.
template <class T>
void TypedTrainer<T>::explain(ShardRunner<T>& runner, const std::vector<Tensor<T>>& values, Ids ids,
                              const std::string& what, const TrainingPass<T>& pass) {
  const std::string place = runner.find_non_finite(values, ids, pass);
  std::size_t largest = 0;
  double size = -1.0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    for (const T value : values[k].values()) {
      const double magnitude = std::abs(static_cast<double>(value));
      if (magnitude > size || !std::isfinite(magnitude)) {
        size = magnitude;
        largest = k;
        if (!std::isfinite(magnitude)) break;
      }
    }
    if (!std::isfinite(size)) break;
  }
  divergence_ = fmt::format(
      "{} at epoch {}, update {} (cell {}, seed {}). {}. Parameter {} holds {:.3g}, the largest "
      "magnitude of all. A smaller train.learning_rate or train.clip_norm may help",
      what, record_.epochs + 1, optimiser_.updates() + 1, record_.cell, record_.seed,
      place.empty() ? "No single op gave it" : "First bad value: " + place,
      parameters_.spec(largest).name, size);
}

std::string carried_name(std::size_t shard, std::size_t value) {
  return fmt::format("carried/{}/{}", shard, value);
}

// As it was saved; nothing where nothing was handed on.
template <class T>
Carried<T> load_carried(const Archive& archive) {
  const auto& saved = archive.tensors<T>();
  Carried<T> carried;
  for (std::size_t shard = 0; saved.contains(carried_name(shard, 0)); ++shard) {
    carried.emplace_back();
    for (std::size_t k = 0; saved.contains(carried_name(shard, k)); ++k) {
      carried.back().push_back(saved.at(carried_name(shard, k)).clone());
    }
  }
  return carried;
}

template <class T>
Archive TypedTrainer<T>::save() const {
  Archive archive;
  save_record(record_, archive);
  archive.texts["precision"] = options_.precision;
  save_values(archive, "parameters", parameters_, best_);
  for (const auto& [epoch, values] : kept_) {
    save_values(archive, kept_name(epoch), parameters_, values);
  }
  if (record_.status == "done" && ended_early(record_, options_)) return archive;
  save_values(archive, "last", parameters_, parameters_.values());
  save_optimiser(archive, parameters_, optimiser_);
  // All random numbers are functions of the seed and these counters.
  for (std::size_t shard = 0; shard < carried_.size() && next_batch_ > 0; ++shard) {
    for (std::size_t k = 0; k < carried_[shard].size(); ++k) {
      archive.tensors<T>()[carried_name(shard, k)] = carried_[shard][k];
    }
  }
  archive.counters["next_batch"] = static_cast<std::int64_t>(next_batch_);
  archive.counters["epoch_terms"] = epoch_terms_;
  archive.numbers["epoch_loss"] = epoch_loss_;
  return archive;
}

template <class T>
void TypedTrainer<T>::load(const Archive& archive) {
  TrialRecord record = load_record(archive);
  expect_same_trial(record_, record);
  load_values(archive, "parameters", parameters_, best_);
  for (const int epoch : kept_epochs(archive)) {
    std::vector<Tensor<T>>& kept = kept_[epoch];
    kept.resize(parameters_.size());
    load_values(archive, kept_name(epoch), parameters_, kept);
  }
  record_ = std::move(record);
  if (record_.status == "done") {
    if (!training_ended(record_, options_)) go_on(record_);
    else if (!archive.counters.contains("updates")) return;  // it was not to go on
  }
  std::vector<Tensor<T>> values = parameters_.snapshot();
  load_values(archive, "last", parameters_, values);
  parameters_.restore(values);
  load_optimiser(archive, parameters_, optimiser_);
  load_counters(archive);
}

// Counters beyond their range would train without end, or skip what was to be trained.
template <class T>
void TypedTrainer<T>::load_counters(const Archive& archive) {
  const auto batches = std::ssize(batches_of_epoch());
  const std::int64_t next = archive.counter("next_batch"), updates = archive.counter("updates");
  const std::int64_t before = record_.curve.empty() ? 0 : record_.curve.back().updates;
  if (record_.epochs > options_.epochs || next < 0 || next > batches || updates != before + next) {
    fail_input(
        "it stands at epoch {}, batch {}, update {}; there are {} epochs of {} batches, and {} "
        "updates before this epoch",
        record_.epochs + 1, next, updates, options_.epochs, batches, before);
  }
  optimiser_.set_updates(updates);
  next_batch_ = static_cast<std::size_t>(next);
  carried_ = load_carried<T>(archive);
  epoch_terms_ = archive.counter("epoch_terms");
  epoch_loss_ = archive.number("epoch_loss");
}

}  // namespace

bool training_ended(const TrialRecord& record, const TrainOptions& options) {
  return record.epochs >= options.epochs || ended_early(record, options);
}

void go_on(TrialRecord& record) {
  record.status = "running";
  for (auto& [name, by_split] : record.figures) {
    by_split[Split::train] = not_known;
    by_split[Split::test] = not_known;
  }
}

std::vector<int> kept_epochs(const Archive& archive) {
  std::set<int> epochs;
  const auto note = [&](const std::string& name) {
    int epoch = 0;
    if (std::sscanf(name.c_str(), "kept/%d/", &epoch) == 1) epochs.insert(epoch);
  };
  for (const auto& entry : archive.floats) note(entry.first);
  for (const auto& entry : archive.doubles) note(entry.first);
  return {epochs.begin(), epochs.end()};
}

TrainedModel trained_model(const Model& model, const Archive& archive, int epoch) {
  const std::string group = epoch > 0 ? kept_name(epoch) : "parameters";
  const auto values_in = [&]<class T>(T) {
    const ParameterSet<T> names(model.parameters(), 1);
    std::vector<Tensor<T>> values(names.size());
    load_values(archive, group, names, values);
    return values;
  };
  if (archive.text("precision") == "double") return {model, values_in(0.0)};
  return {model, values_in(0.0f)};
}

std::unique_ptr<Trainer> make_trainer(const Model& model, const Recurrence& recurrence,
                                      const Problem& problem, const TrainOptions& options,
                                      const TrialRecord& record) {
  if (options.precision == "double") {
    return std::make_unique<TypedTrainer<double>>(model, recurrence, problem, options, record);
  }
  return std::make_unique<TypedTrainer<float>>(model, recurrence, problem, options, record);
}

}  // namespace carousel
