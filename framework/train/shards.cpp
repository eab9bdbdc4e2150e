#include "train/shards.hpp"

#include <algorithm>
#include <numeric>

#include "train/parallel.hpp"

namespace carousel {

template <class T>
ShardRunner<T>::ShardRunner(const Model& model, const Problem& problem, Split split, int shard)
    : model_(model), problem_(problem), split_(split), shard_(shard) {
  if (shard < 1) fail_input("got shards of {} sequences, expected at least 1", shard);
}

namespace {

template <class T>
std::vector<Var> constants(Tape<T>& tape, const std::vector<Tensor<T>>& values) {
  std::vector<Var> vars;
  for (const Tensor<T>& value : values) vars.push_back(tape.constant(value));
  return vars;
}

// What a shard was handed, on its tape: the rows of the examples that it still has.
template <class T>
std::vector<Var> on_tape(Tape<T>& tape, const std::vector<Tensor<T>>& carried, Index examples) {
  std::vector<Var> vars;
  for (const Tensor<T>& value : carried) {
    const Var all = tape.constant(value);
    vars.push_back(value.shape()[0] == examples ? all : slice(all, 0, 0, examples));
  }
  return vars;
}

template <class T>
std::vector<Tensor<T>> values_of(const Tape<T>& tape, const std::vector<Var>& vars) {
  std::vector<Tensor<T>> values;
  for (const Var var : vars) values.push_back(tape.value(var).clone());
  return values;
}

}  // namespace

template <class T>
void ShardedGradient<T>::expect_fit(const std::vector<ParameterSpec>& specs,
                                    const std::vector<Tensor<T>>& values, std::size_t shards) {
  if (shards < 1 || values.size() != specs.size()) {
    fail_input("got {} shards, and {} values of {} parameters; expected a shard and all values",
               shards, values.size(), specs.size());
  }
  kept_.clear();
  while (tapes_.size() < shards) tapes_.push_back(std::make_unique<Tape<T>>());
  shared_->set(values);
}

namespace {

template <class T>
void leave_out_untrained(const std::vector<ParameterSpec>& specs,
                         std::vector<Tensor<T>>& gradients) {
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    Tensor<T>& gradient = gradients[k];
    if (!specs[k].trained) gradient = Tensor<T>::zeros(gradient.shape());
  }
}

}  // namespace

// Of each shard; the losses come beside them.
template <class T>
std::vector<std::vector<Tensor<T>>> ShardedGradient<T>::shares(
    const std::vector<ParameterSpec>& specs, const std::vector<Tensor<T>>& values,
    std::size_t shards, const ShardLoss& loss, double scale, std::vector<double>& losses) {
  expect_fit(specs, values, shards);
  losses.resize(shards);
  std::vector<std::vector<Tensor<T>>> shares(shards);
  for_each_task(shards, [&](std::size_t i) {
    Tape<T>& tape = *tapes_[i];
    tape.clear();
    tape.share(shared_);
    const std::vector<Var> parameters = leaves(tape, values);
    const Var own = loss(Pass(tape, {specs, parameters}), i);
    losses[i] = static_cast<double>(tape.value(own).item());
    shares[i] = tape.gradients(own * scale, parameters);
    tape.clear();
  });
  return shares;
}

template <class T>
double ShardedGradient<T>::compute(const std::vector<ParameterSpec>& specs,
                                   const std::vector<Tensor<T>>& values, std::size_t shards,
                                   const ShardLoss& loss, double scale,
                                   std::vector<Tensor<T>>& gradients) {
  std::vector<double> losses;
  auto all = shares(specs, values, shards, loss, scale, losses);
  sum_shares(all, values.size());
  gradients = std::move(all[0]);
  leave_out_untrained(specs, gradients);
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

template <class T>
double ShardedGradient<T>::loss(const std::vector<ParameterSpec>& specs,
                                const std::vector<Tensor<T>>& values, std::size_t shards,
                                const ShardLoss& loss) {
  expect_fit(specs, values, shards);
  std::vector<double> losses(shards);
  for_each_task(shards, [&](std::size_t i) {
    Tape<T>& tape = *tapes_[i];
    tape.clear();
    tape.share(shared_);
    const std::vector<Var> parameters = constants(tape, values);
    losses[i] = static_cast<double>(tape.value(loss(Pass(tape, {specs, parameters}), i)).item());
    tape.clear();
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

template <class T>
std::vector<Tensor<T>> ShardedGradient<T>::gradient_squares(const std::vector<ParameterSpec>& specs,
                                                            const std::vector<Tensor<T>>& values,
                                                            std::size_t shards,
                                                            const ShardLoss& loss, double scale) {
  std::vector<double> losses;
  auto all = shares(specs, values, shards, loss, scale, losses);
  for (auto& gradients : all) {
    for (Tensor<T>& gradient : gradients) {
      for (T& g : gradient.values()) g *= g;
    }
  }
  sum_shares(all, values.size());
  leave_out_untrained(specs, all[0]);
  return std::move(all[0]);
}

template <class T>
void ShardedGradient<T>::linearise(const std::vector<ParameterSpec>& specs,
                                   const std::vector<Tensor<T>>& values, std::size_t shards,
                                   const ShardLoss& loss, double scale) {
  expect_fit(specs, values, shards);
  std::vector<Kept> kept(shards);
  for_each_task(shards, [&](std::size_t i) {
    Tape<T>& tape = *tapes_[i];
    tape.clear();
    tape.share(shared_);
    kept[i].parameters = leaves(tape, values);
    kept[i].loss = loss(Pass(tape, {specs, kept[i].parameters}), i) * scale;
  });
  kept_ = std::move(kept);
  trained_.clear();
  for (const ParameterSpec& spec : specs) trained_.push_back(spec.trained);
}

template <class T>
std::vector<Tensor<T>> ShardedGradient<T>::curvature_product(Curvature kind,
                                                             const std::vector<Tensor<T>>& vector) {
  if (kept_.empty()) fail_input("curvature_product: expected a call of linearise() before");
  std::vector<std::vector<Tensor<T>>> shares(kept_.size());
  for_each_task(kept_.size(), [&](std::size_t i) {
    const auto& [parameters, loss] = kept_[i];
    shares[i] = kind == Curvature::hessian
                    ? tapes_[i]->hessian_product(loss, parameters, vector)
                    : tapes_[i]->gauss_newton_product(loss, parameters, vector);
  });
  sum_shares(shares, vector.size());
  for (std::size_t k = 0; k < vector.size(); ++k) {
    if (!trained_[k]) shares[0][k] = Tensor<T>::zeros(vector[k].shape());
  }
  return std::move(shares[0]);
}

// The loss of a shard, by its place and its number in the batch.
template <class T>
Var ShardRunner<T>::loss(const Pass& on, Ids batch, const ShardRange& range, std::size_t number,
                         const TrainingPass<T>& pass) const {
  const Ids shard =
      batch.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.count));
  const Masks masks(pass.masks ? *pass.masks : MaskSeed{}, range.first);
  return on.visit([&]<class U>(Tape<U>& tape) -> Var {
    if constexpr (!std::is_same_v<T, U>) {
      fail_bug("a shard on a tape of another precision");
    } else {
      std::vector<Var> carried;
      if (pass.carried) carried = on_tape(tape, (*pass.carried)[number], std::ssize(shard));
      const Pass run(tape, on.parameters(), pass.masks ? &masks : nullptr,
                     pass.carried ? &carried : nullptr);
      std::vector<CellLoss> of_cells;
      const Var of_task = model_.loss(run.with_losses(of_cells), split_, shard);
      const Var loss = with_cell_losses(of_task, of_cells);
      if (pass.carried) (*pass.carried)[number] = values_of(tape, carried);
      return loss;
    }
  });
}

// Calls f(shards, loss of a shard by its number).
template <class T>
template <class F>
auto ShardRunner<T>::with_losses(Ids ids, const TrainingPass<T>& pass, F&& f) {
  const auto shards = cut_into_shards(std::ssize(ids), shard_);
  if (pass.carried) pass.carried->resize(shards.size());
  const ShardLoss of_shard = [&](const Pass& on, std::size_t i) {
    return loss(on, ids, shards[i], i, pass);
  };
  return f(shards.size(), of_shard);
}

template <class T>
double ShardRunner<T>::loss_and_gradients(const std::vector<Tensor<T>>& values, Ids ids,
                                          Index terms, std::vector<Tensor<T>>& gradients,
                                          const TrainingPass<T>& pass) {
  return with_losses(ids, pass, [&](std::size_t shards, const ShardLoss& loss) {
    return gradient_.compute(model_.parameters(), values, shards, loss,
                             1.0 / static_cast<double>(terms), gradients);
  });
}

namespace {

// A pass that hands on nothing to the caller's.
template <class T>
struct OwnPass {
  explicit OwnPass(const TrainingPass<T>& given)
      : carried(given.carried ? *given.carried : Carried<T>{}),
        pass{given.masks, given.carried ? &carried : nullptr} {}
  Carried<T> carried;
  TrainingPass<T> pass;
};

}  // namespace

template <class T>
double ShardRunner<T>::loss(const std::vector<Tensor<T>>& values, Ids ids, Index terms,
                            const TrainingPass<T>& pass) {
  const OwnPass<T> own(pass);
  return with_losses(ids, own.pass, [&](std::size_t shards, const ShardLoss& loss) {
    return gradient_.loss(model_.parameters(), values, shards, loss) / static_cast<double>(terms);
  });
}

template <class T>
std::vector<Tensor<T>> ShardRunner<T>::gradient_squares(const std::vector<Tensor<T>>& values,
                                                        Ids ids, Index terms,
                                                        const TrainingPass<T>& pass) {
  const OwnPass<T> own(pass);
  return with_losses(ids, own.pass, [&](std::size_t shards, const ShardLoss& loss) {
    return gradient_.gradient_squares(model_.parameters(), values, shards, loss,
                                      1.0 / static_cast<double>(terms));
  });
}

template <class T>
void ShardRunner<T>::linearise(const std::vector<Tensor<T>>& values, Ids ids, Index terms,
                               const TrainingPass<T>& pass) {
  const OwnPass<T> own(pass);
  with_losses(ids, own.pass, [&](std::size_t shards, const ShardLoss& loss) {
    gradient_.linearise(model_.parameters(), values, shards, loss,
                        1.0 / static_cast<double>(terms));
  });
}

template <class T>
Tally ShardRunner<T>::evaluate(const std::vector<Tensor<T>>& values) const {
  return evaluate_runs(values, evaluation_runs(problem_, split_, shard_));
}

template <class T>
Tally ShardRunner<T>::evaluate(const std::vector<Tensor<T>>& values, const Batch& ids) const {
  return evaluate_runs(values, evaluation_runs(problem_, split_, shard_, ids));
}

// By a pass of their own: what a model does to count may be more than one pass over an example.
template <class T>
void ShardRunner<T>::count_losses(const Pass& pass, const Batch& batch, Tally& tally) const {
  std::vector<CellLoss> losses;
  static_cast<void>(model_.loss(pass.with_losses(losses), split_, batch));
  for (const CellLoss& loss : losses) {
    const std::vector<double> sums = pass.values(loss.sums);
    if (sums.size() != batch.size()) fail_bug("a loss of {} sequences", sums.size());
    for (std::size_t k = 0; k < sums.size(); ++k) {
      tally.at(loss_column(loss.name), batch[k]) += sums[k];
    }
  }
  for (const ExampleId id : batch) {
    tally.at(loss_terms, id) = static_cast<double>(problem_.terms(split_, id));
  }
}

// Batches that follow each other.
template <class T>
void ShardRunner<T>::evaluate_run(Tape<T>& tape,
                                  const std::shared_ptr<const SharedValues<T>>& values,
                                  const std::vector<Batch>& run, Tally& tally) const {
  std::vector<Tensor<T>> handed_on;
  for (const Batch& batch : run) {
    tape.clear();
    tape.share(values);
    const std::vector<Var> parameters = constants(tape, values->get());
    std::vector<Var> carried = on_tape(tape, handed_on, std::ssize(batch));
    if (!model_.losses().empty()) {
      std::vector<Var> own = carried;
      count_losses(Pass(tape, {model_.parameters(), parameters}, nullptr, &own), batch, tally);
    }
    model_.count(Pass(tape, {model_.parameters(), parameters}, nullptr, &carried), split_, batch,
                 tally);
    handed_on = values_of(tape, carried);
  }
}

template <class T>
Tally ShardRunner<T>::evaluate_runs(const std::vector<Tensor<T>>& values,
                                    const std::vector<std::vector<Batch>>& runs) const {
  Tally tally(counts_of(metrics_of(problem_, model_)), problem_.size(split_));
  const auto shared = std::make_shared<SharedValues<T>>();
  shared->set(values);
  for_each_task(runs.size(), [&](std::size_t i) {
    evaluation_tapes_.lend([&](Tape<T>& tape) { evaluate_run(tape, shared, runs[i], tally); });
  });
  return tally;
}

template <class T>
std::string ShardRunner<T>::find_non_finite(const std::vector<Tensor<T>>& values, Ids ids,
                                            const TrainingPass<T>& pass) const {
  const auto shards = cut_into_shards(std::ssize(ids), shard_);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    Tape<T> tape;
    tape.set_check_finite(true);
    try {
      const std::vector<Var> parameters = leaves(tape, values);
      const Var loss =
          this->loss(Pass(tape, {model_.parameters(), parameters}), ids, shards[i], i, pass);
      static_cast<void>(tape.gradients(loss, parameters));
    } catch (const NonFiniteError& error) {
      return error.what();
    }
  }
  return {};
}

template <class T>
std::int64_t training_memory(const Model& model, const Recurrence& recurrence,
                             const Problem& problem, int batch, int shard) {
  const int examples = std::min(batch, static_cast<int>(problem.size(Split::train)));
  const auto shards = cut_into_shards(examples, shard);
  const ParameterSet<T> parameters(model.parameters(), 1);
  Tape<T> tape;
  {
    const std::vector<Var> leaf = leaves(tape, parameters.values());
    const auto of_shard = static_cast<int>(shards.front().count);
    const Batch longest = evaluation_batches(problem, Split::train, of_shard).front();
    const Masks masks({}, 0);
    const Var loss =
        model.loss(Pass(tape, {model.parameters(), leaf}, &masks), Split::train, longest);
    static_cast<void>(tape.gradients(loss, leaf));
    tape.clear();
  }
  return static_cast<std::int64_t>(tape.bytes_reserved() + recurrence.bytes_reserved()) *
         std::ssize(shards);
}

template std::int64_t training_memory<float>(const Model&, const Recurrence&, const Problem&, int,
                                             int);
template std::int64_t training_memory<double>(const Model&, const Recurrence&, const Problem&, int,
                                              int);
template class ShardedGradient<float>;
template class ShardedGradient<double>;
template class ShardRunner<float>;
template class ShardRunner<double>;

}  // namespace carousel
