#include "train/shards.hpp"

#include <algorithm>
#include <numeric>

#include "train/tasks.hpp"

namespace carousel {
Index scored_steps(const SequenceSplit& split, const std::vector<int>& sequences) {
  Index steps = 0;
  for (const int s : sequences) steps += split.scored(s);
  return steps;
}

template <class T>
ShardRunner<T>::ShardRunner(const NextFrameModel& model, const SequenceSplit& split, int shard)
    : model_(model), split_(split), shard_(shard) {
  if (shard < 1) fail_input("got shards of {} sequences, expected at least 1", shard);
}

template <class T>
std::vector<std::vector<int>> ShardRunner<T>::cut(const std::vector<int>& sequences) const {
  std::vector<std::vector<int>> shards;
  for (std::size_t i = 0; i < sequences.size(); i += static_cast<std::size_t>(shard_)) {
    const std::size_t end = std::min(sequences.size(), i + static_cast<std::size_t>(shard_));
    shards.emplace_back(sequences.begin() + static_cast<std::ptrdiff_t>(i),
                        sequences.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return shards;
}

template <class T>
double ShardRunner<T>::loss_and_gradients(const std::vector<Tensor<T>>& values,
                                          const std::vector<int>& sequences, Index terms,
                                          std::vector<Tensor<T>>& gradients) {
  const auto shards = cut(sequences);
  while (tapes_.size() < shards.size()) tapes_.push_back(std::make_unique<Tape<T>>());
  const double scale = 1.0 / static_cast<double>(terms);
  std::vector<double> losses(shards.size());
  std::vector<std::vector<Tensor<T>>> shares(shards.size());
  for_each_task(shards.size(), [&](std::size_t i) {
    Tape<T>& tape = *tapes_[i];
    tape.clear();
    const std::vector<Var> parameters = leaves(tape, values);
    const Var loss = sum(model_.step_nll(tape, parameters, next_frame_batch<T>(split_, shards[i])));
    losses[i] = static_cast<double>(tape.value(loss).item());
    shares[i] = tape.gradients(loss * scale, parameters);
    tape.clear();
  });
  sum_shares(shares, values.size());
  gradients = std::move(shares[0]);
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    Tensor<T>& gradient = gradients[k];
    if (!model_.parameters()[k].trained) gradient = Tensor<T>::zeros(gradient.shape());
  }
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

template <class T>
MeanNll ShardRunner<T>::mean_nll(const std::vector<Tensor<T>>& values) {
  const auto batches = evaluation_batches(split_, shard_);
  std::vector<double> of_sequence(static_cast<std::size_t>(split_.sequences()));
  for_each_task(batches.size(), [&](std::size_t i) {
    Tape<T> tape;
    std::vector<Var> parameters;
    for (const auto& value : values) parameters.push_back(tape.constant(value));
    const Var nll = model_.step_nll(tape, parameters, next_frame_batch<T>(split_, batches[i]));
    const Tensor<T>& steps = tape.value(nll);
    const std::size_t count = batches[i].size();
    for (std::size_t k = 0; k < steps.values().size(); ++k) {
      of_sequence[static_cast<std::size_t>(batches[i][k % count])] +=
          static_cast<double>(steps.data()[k]);
    }
  });
  MeanNll mean;
  for (Index s = 0; s < split_.sequences(); ++s) {
    const double nll = of_sequence[static_cast<std::size_t>(s)];
    mean.by_step += nll / static_cast<double>(split_.scored_total());
    mean.by_sequence += nll / static_cast<double>(split_.scored(s) * split_.sequences());
  }
  return mean;
}

template <class T>
std::string ShardRunner<T>::find_non_finite(const std::vector<Tensor<T>>& values,
                                            const std::vector<int>& sequences) {
  for (const auto& shard : cut(sequences)) {
    Tape<T> tape;
    tape.set_check_finite(true);
    try {
      const std::vector<Var> parameters = leaves(tape, values);
      const Var loss = sum(model_.step_nll(tape, parameters, next_frame_batch<T>(split_, shard)));
      static_cast<void>(tape.gradients(loss, parameters));
    } catch (const NonFiniteError& error) {
      return error.what();
    }
  }
  return {};
}

template <class T>
std::int64_t training_memory(const NextFrameModel& model, const SequenceSplit& split, int batch,
                             int shard) {
  const int sequences = std::min(batch, static_cast<int>(split.sequences()));
  const int of_shard = std::min(shard, sequences);
  const ParameterSet<T> parameters(model.parameters(), 1);
  Tape<T> tape;
  {
    const std::vector<Var> leaf = leaves(tape, parameters.values());
    const std::vector<int> longest = evaluation_batches(split, of_shard).front();
    const Var loss = sum(model.step_nll(tape, leaf, next_frame_batch<T>(split, longest)));
    static_cast<void>(tape.gradients(loss, leaf));
    tape.clear();
  }
  const int shards = (sequences + of_shard - 1) / of_shard;
  return static_cast<std::int64_t>(tape.bytes_reserved() + model.bytes_reserved()) * shards;
}

template std::int64_t training_memory<float>(const NextFrameModel&, const SequenceSplit&, int, int);
template std::int64_t training_memory<double>(const NextFrameModel&, const SequenceSplit&, int,
                                              int);
template class ShardRunner<float>;
template class ShardRunner<double>;

}  // namespace carousel
