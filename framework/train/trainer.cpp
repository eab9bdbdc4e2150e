#include "train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "train/batch_gradient.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

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
        train_(model, set.train, options.train),
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
        if (!update(batches[next_batch_], share_done(batches.size()))) {
          return pause(Outcome::diverged);
        }
        ++next_batch_;
        if (next_batch_ < batches.size()) report(on_progress, batches.size());
      }
      if (!end_epoch()) return pause(Outcome::diverged);
      report(on_progress, batches.size());
    }
    finish();
    return pause(Outcome::finished);
  }

  void evaluate_test() override;
  void select(bool selected) override { record_.selected = selected; }
  void note_memory(std::int64_t bytes) override { record_.memory = bytes; }
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

  // Of all epochs, 0 to 1.
  double share_done(std::size_t batches) const {
    return (epoch_ + static_cast<double>(next_batch_) / static_cast<double>(batches)) /
           options_.epochs;
  }

  bool update(const std::vector<int>& sequences, double done);
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
  BatchGradient<T> train_;
  ShardRunner<T> valid_, test_;

  std::vector<Tensor<T>> best_;
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
bool TypedTrainer<T>::update(const std::vector<int>& sequences, double done) {
  const std::vector<Tensor<T>> values =
      with_weight_noise(parameters_, options_.weight_noise, record_.seed, optimiser_.updates());
  const auto result = train_.compute(values, sequences);
  if (!std::isfinite(result.loss)) {
    explain(train_.runner(), values, sequences, fmt::format("the loss is {}", result.loss));
    return false;
  }
  if (!std::isfinite(result.norm)) {
    explain(train_.runner(), values, sequences,
            fmt::format("the norm of the gradient is {}", result.norm));
    return false;
  }
  optimiser_.update(parameters_, train_.gradients(), 1.0 - (1.0 - options_.final_rate) * done);
  record_.overflows += result.overflow ? 1 : 0;
  epoch_loss_ += result.loss;
  epoch_steps_ += result.steps;
  return true;
}

template <class T>
bool TypedTrainer<T>::end_epoch() {
  const MeanNll nll = valid_.mean_nll(parameters_.values());
  const double valid = nll.by_step;
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
    record_.valid_nll_by_sequence = nll.by_sequence;
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
  const MeanNll train = train_.runner().mean_nll(best_);
  record_.train_nll = train.by_step;
  record_.train_nll_by_sequence = train.by_sequence;
  record_.status = "done";
}

template <class T>
void TypedTrainer<T>::evaluate_test() {
  if (record_.status != "done") fail_bug("the test NLL of a trial that is not done was asked for");
  const MeanNll test = test_.mean_nll(best_);
  record_.test_nll = test.by_step;
  record_.test_nll_by_sequence = test.by_sequence;
}

template <class T>
void TypedTrainer<T>::report(const std::function<void(const Progress&)>& on_progress,
                             std::size_t batches) {
  record_.seconds = seconds();
  Progress p;
  p.epoch_ended = next_batch_ == 0;
  p.epoch = p.epoch_ended ? epoch_ : epoch_ + 1;
  p.epochs = options_.epochs;
  p.done = share_done(batches);
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
  if (record_.status == "done") {
    best_ = std::move(values);
    return;
  }
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

template <class T>
std::vector<Tensor<T>> saved_parameters(const NextFrameModel& model, const Archive& archive) {
  const ParameterSet<T> names(model.parameters(), 1);
  std::vector<Tensor<T>> values(names.size());
  load_tensors(archive, "parameters", names, values);
  return values;
}

template std::vector<Tensor<float>> saved_parameters(const NextFrameModel&, const Archive&);
template std::vector<Tensor<double>> saved_parameters(const NextFrameModel&, const Archive&);

std::unique_ptr<Trainer> make_trainer(const NextFrameModel& model, const SequenceSet& set,
                                      const StudyOptions& options, const TrialRecord& record) {
  if (options.train.precision == "double") {
    return std::make_unique<TypedTrainer<double>>(model, set, options, record);
  }
  return std::make_unique<TypedTrainer<float>>(model, set, options, record);
}

namespace {

// The one list of a record's fields: saving and loading both walk it.
template <class Record, class Visitor>
void visit_fields(Record& r, Visitor&& v) {
  v("cell", r.cell);
  v("variant", r.variant);
  v("dataset", r.dataset);
  v("status", r.status);
  v("hidden", r.hidden);
  v("parameter_count", r.parameters);
  v("cell_parameter_count", r.cell_parameters);
  v("seed", r.seed);
  v("draw", r.draw);
  v("selected", r.selected);
  v("epochs", r.epochs);
  v("best_epoch", r.best_epoch);
  v("overflows", r.overflows);
  v("memory", r.memory);
  v("learning_rate", r.learning_rate);
  v("train_nll", r.train_nll);
  v("valid_nll", r.valid_nll);
  v("test_nll", r.test_nll);
  v("train_nll_by_sequence", r.train_nll_by_sequence);
  v("valid_nll_by_sequence", r.valid_nll_by_sequence);
  v("test_nll_by_sequence", r.test_nll_by_sequence);
  v("seconds", r.seconds);
}

}  // namespace

void save_record(const TrialRecord& r, Archive& archive) {
  visit_fields(r, [&]<class V>(const char* name, const V& value) {
    if constexpr (std::is_same_v<V, std::string>) archive.texts[name] = value;
    else if constexpr (std::is_integral_v<V>)
      archive.counters[name] = static_cast<std::int64_t>(value);
    else archive.numbers[name] = value;
  });
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
  visit_fields(r, [&]<class V>(const char* name, V& value) {
    if constexpr (std::is_same_v<V, std::string>) value = archive.text(name);
    else if constexpr (std::is_integral_v<V>) value = static_cast<V>(archive.counter(name));
    else value = archive.number(name);
  });
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
