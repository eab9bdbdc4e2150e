#include "train/trainer.hpp"

#include <chrono>
#include <cmath>
#include <limits>

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

template <class T>
class TypedTrainer final : public Trainer {
 public:
  TypedTrainer(const NextFrameModel& model, const SequenceSet& set, const StudyOptions& options,
               const TrialRecord& record)
      : set_(set),
        options_(options.train),
        record_(record),
        parameters_(model.parameters(), record.seed),
        optimiser_(rate_of(options, record), parameters_),
        train_(model, set.train, options.train.shard),
        valid_(model, set.valid, options.train.shard),
        test_(model, set.test, options.train.shard),
        best_(parameters_.snapshot()) {
    record_.parameters = parameters_.count();
    record_.cell_parameters = model.cell_parameter_count();
    record_.status = "running";
  }

  Outcome run(const std::atomic<bool>& stop,
              const std::function<void(const Progress&)>& on_progress) override {
    started_ = Clock::now();
    seconds_before_ = record_.seconds;
    while (!epochs_done()) {
      const auto batches = training_batches(set_.train, options_.batch, record_.seed, epoch_);
      while (next_batch_ < batches.size()) {
        if (stop) return pause(Outcome::interrupted);
        if (!update(batches[next_batch_])) return pause(Outcome::diverged);
        ++next_batch_;
        if (next_batch_ < batches.size()) report(on_progress, batches.size());
      }
      if (!end_epoch()) return pause(Outcome::diverged);
      report(on_progress, batches.size());
    }
    finish();
    return pause(Outcome::finished);
  }

  const TrialRecord& record() const override { return record_; }
  const std::string& divergence() const override { return divergence_; }

  Archive save() const override;
  void load(const Archive& archive) override;

 private:
  static OptimiserOptions rate_of(const StudyOptions& options, const TrialRecord& record) {
    OptimiserOptions with_rate = options.train.optimiser;
    with_rate.learning_rate = record.learning_rate;
    return with_rate;
  }

  bool epochs_done() const {
    const bool patience_ended = options_.patience > 0 && record_.best_epoch > 0 &&
                                epoch_ - record_.best_epoch >= options_.patience;
    return epoch_ >= options_.epochs || patience_ended;
  }

  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(Clock::now() - started_).count();
  }

  Outcome pause(Outcome outcome) {
    record_.seconds = seconds();
    if (outcome == Outcome::diverged) record_.status = "diverged";
    return outcome;
  }

  bool update(const std::vector<int>& sequences);
  bool end_epoch();
  void finish();
  void report(const std::function<void(const Progress&)>& on_progress, std::size_t batches);
  void explain(ShardRunner<T>& runner, const std::vector<Tensor<T>>& values,
               const std::vector<int>& sequences, const std::string& what);

  const SequenceSet& set_;
  decltype(StudyOptions::train) options_;
  TrialRecord record_;
  ParameterSet<T> parameters_;
  Optimiser<T> optimiser_;
  ShardRunner<T> train_, valid_, test_;

  std::vector<Tensor<T>> best_;
  std::vector<Tensor<T>> gradients_;
  int epoch_ = 0;               // finished epochs
  std::size_t next_batch_ = 0;  // in the running epoch
  double epoch_loss_ = 0.0;     // nats
  std::int64_t epoch_steps_ = 0;
  std::string divergence_;
  double seconds_before_ = 0.0;
  Clock::time_point started_ = Clock::now();
};

// Returns false when the trial diverged.
template <class T>
bool TypedTrainer<T>::update(const std::vector<int>& sequences) {
  const std::vector<Tensor<T>> values =
      with_weight_noise(parameters_, options_.weight_noise, record_.seed, optimiser_.updates());
  const double loss = train_.loss_and_gradients(values, sequences, gradients_);
  if (!std::isfinite(loss)) {
    explain(train_, values, sequences, fmt::format("the loss is {}", loss));
    return false;
  }
  if (options_.clip_value > 0.0) clip_by_value(gradients_, options_.clip_value);
  const double limit =
      options_.clip_norm > 0.0 ? options_.clip_norm : std::numeric_limits<double>::infinity();
  const double norm = clip_by_global_norm(gradients_, limit);
  if (!std::isfinite(norm)) {
    explain(train_, values, sequences, fmt::format("the norm of the gradient is {}", norm));
    return false;
  }
  optimiser_.update(parameters_, gradients_);
  epoch_loss_ += loss;
  epoch_steps_ += scored_steps(set_.train, sequences);
  return true;
}

template <class T>
bool TypedTrainer<T>::end_epoch() {
  const double valid = valid_.mean_loss(parameters_.values());
  if (!std::isfinite(valid)) {
    const auto all = evaluation_batches(set_.valid, static_cast<int>(set_.valid.sequences()));
    explain(valid_, parameters_.values(), all.front(),
            fmt::format("the validation NLL is {}", valid));
    return false;
  }
  ++epoch_;
  const double train = epoch_loss_ / static_cast<double>(epoch_steps_);
  record_.epochs = epoch_;
  record_.curve.push_back({epoch_, optimiser_.updates(), seconds(), train, valid});
  if (record_.best_epoch == 0 || valid < record_.valid_nll) {
    record_.best_epoch = epoch_;
    record_.valid_nll = valid;
    best_ = parameters_.snapshot();
  }
  next_batch_ = 0;
  epoch_loss_ = 0.0;
  epoch_steps_ = 0;
  return true;
}

template <class T>
void TypedTrainer<T>::finish() {
  parameters_.restore(best_);
  record_.train_nll = train_.mean_loss(best_);
  record_.test_nll = test_.mean_loss(best_);
  record_.status = "done";
}

template <class T>
void TypedTrainer<T>::report(const std::function<void(const Progress&)>& on_progress,
                             std::size_t batches) {
  record_.seconds = seconds();
  Progress p;
  p.epoch_ended = next_batch_ == 0;
  p.epoch = p.epoch_ended ? epoch_ : epoch_ + 1;
  p.epochs = options_.epochs;
  p.done =
      (epoch_ + static_cast<double>(next_batch_) / static_cast<double>(batches)) / options_.epochs;
  p.seconds = record_.seconds;
  p.train_nll = p.epoch_ended ? record_.curve.back().train_nll
                              : epoch_loss_ / static_cast<double>(epoch_steps_);
  p.valid_nll = record_.curve.empty() ? not_known : record_.curve.back().valid_nll;
  p.best_valid_nll = record_.best_epoch ? record_.valid_nll : not_known;
  p.best_epoch = record_.best_epoch;
  on_progress(p);
}

// Says where the first bad value came up, and which parameter looks to be the cause.
template <class T>
void TypedTrainer<T>::explain(ShardRunner<T>& runner, const std::vector<Tensor<T>>& values,
                              const std::vector<int>& sequences, const std::string& what) {
  const std::string place = runner.find_non_finite(values, sequences);
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
      what, epoch_ + 1, optimiser_.updates() + 1, record_.cell, record_.seed,
      place.empty() ? "No single op gave it" : "First bad value: " + place,
      parameters_.spec(largest).name, size);
}

template <class T>
void save_tensors(Archive& archive, const std::string& group, const ParameterSet<T>& names,
                  const std::vector<Tensor<T>>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    archive.tensors<T>()[group + "/" + names.spec(k).name] = values[k].clone();
  }
}

template <class T>
void load_tensors(const Archive& archive, const std::string& group, const ParameterSet<T>& names,
                  std::vector<Tensor<T>>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string name = group + "/" + names.spec(k).name;
    const Tensor<T>& saved = archive.tensor<T>(name);
    if (!(saved.shape() == names.spec(k).shape)) {
      fail_input("the checkpoint's {} has shape {}, expected {}", name, saved.shape().to_string(),
                 names.spec(k).shape.to_string());
    }
    values[k] = saved.clone();
  }
}

template <class T>
Archive TypedTrainer<T>::save() const {
  Archive archive;
  save_record(record_, archive);
  archive.texts["precision"] = options_.precision;
  if (record_.status == "done") {
    save_tensors(archive, "parameters", parameters_, best_);
    return archive;
  }
  save_tensors(archive, "parameters", parameters_, parameters_.values());
  save_tensors(archive, "best", parameters_, best_);
  for (const auto& slot : optimiser_.slots()) {
    save_tensors(archive, "optimiser/" + slot.name, parameters_, slot.values);
  }
  // All random numbers are functions of the seed and these counters.
  archive.counters["updates"] = optimiser_.updates();
  archive.counters["epoch"] = epoch_;
  archive.counters["next_batch"] = static_cast<std::int64_t>(next_batch_);
  archive.counters["epoch_steps"] = epoch_steps_;
  archive.numbers["epoch_loss"] = epoch_loss_;
  return archive;
}

template <class T>
void TypedTrainer<T>::load(const Archive& archive) {
  record_ = load_record(archive);
  std::vector<Tensor<T>> values = parameters_.snapshot();
  load_tensors(archive, "parameters", parameters_, values);
  parameters_.restore(values);
  load_tensors(archive, "best", parameters_, best_);
  for (auto& slot : optimiser_.slots()) {
    load_tensors(archive, "optimiser/" + slot.name, parameters_, slot.values);
  }
  optimiser_.set_updates(archive.counter("updates"));
  epoch_ = static_cast<int>(archive.counter("epoch"));
  next_batch_ = static_cast<std::size_t>(archive.counter("next_batch"));
  epoch_steps_ = archive.counter("epoch_steps");
  epoch_loss_ = archive.number("epoch_loss");
}

}  // namespace

std::unique_ptr<Trainer> make_trainer(const NextFrameModel& model, const SequenceSet& set,
                                      const StudyOptions& options, const TrialRecord& record) {
  if (options.train.precision == "double") {
    return std::make_unique<TypedTrainer<double>>(model, set, options, record);
  }
  return std::make_unique<TypedTrainer<float>>(model, set, options, record);
}

void save_record(const TrialRecord& r, Archive& archive) {
  archive.texts["cell"] = r.cell;
  archive.texts["variant"] = r.variant;
  archive.texts["dataset"] = r.dataset;
  archive.texts["status"] = r.status;
  archive.counters["hidden"] = r.hidden;
  archive.counters["parameter_count"] = r.parameters;
  archive.counters["cell_parameter_count"] = r.cell_parameters;
  archive.counters["seed"] = static_cast<std::int64_t>(r.seed);
  archive.counters["epochs"] = r.epochs;
  archive.counters["best_epoch"] = r.best_epoch;
  archive.numbers["learning_rate"] = r.learning_rate;
  archive.numbers["train_nll"] = r.train_nll;
  archive.numbers["valid_nll"] = r.valid_nll;
  archive.numbers["test_nll"] = r.test_nll;
  archive.numbers["seconds"] = r.seconds;
  const Index points = static_cast<Index>(r.curve.size());
  Tensor<double> curve = Tensor<double>::uninitialised({points, 5});
  for (Index i = 0; i < points; ++i) {
    const CurvePoint& p = r.curve[static_cast<std::size_t>(i)];
    const double row[] = {double(p.epoch), double(p.updates), p.seconds, p.train_nll, p.valid_nll};
    std::copy_n(row, 5, curve.data() + i * 5);
  }
  archive.doubles["curve"] = curve;
}

TrialRecord load_record(const Archive& archive) {
  TrialRecord r;
  r.cell = archive.text("cell");
  r.variant = archive.text("variant");
  r.dataset = archive.text("dataset");
  r.status = archive.text("status");
  r.hidden = static_cast<int>(archive.counter("hidden"));
  r.parameters = archive.counter("parameter_count");
  r.cell_parameters = archive.counter("cell_parameter_count");
  r.seed = static_cast<std::uint64_t>(archive.counter("seed"));
  r.epochs = static_cast<int>(archive.counter("epochs"));
  r.best_epoch = static_cast<int>(archive.counter("best_epoch"));
  r.learning_rate = archive.number("learning_rate");
  r.train_nll = archive.number("train_nll");
  r.valid_nll = archive.number("valid_nll");
  r.test_nll = archive.number("test_nll");
  r.seconds = archive.number("seconds");
  const Tensor<double>& curve = archive.tensor<double>("curve");
  if (curve.shape().rank() != 2 || curve.shape()[1] != 5) {
    fail_input("the checkpoint's curve has shape {}, expected [epochs, 5]",
               curve.shape().to_string());
  }
  for (Index i = 0; i < curve.shape()[0]; ++i) {
    const double* row = curve.data() + i * 5;
    r.curve.push_back(
        {static_cast<int>(row[0]), static_cast<std::int64_t>(row[1]), row[2], row[3], row[4]});
  }
  return r;
}

}  // namespace carousel
