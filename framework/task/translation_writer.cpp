// How an encoder-decoder writes, word by word, each step on a tape of its own; and what it says of
// pairs of lines.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/text.hpp"
#include "layer/losses.hpp"
#include "task/translation_model.hpp"

namespace carousel {
namespace {

// Rows of the first axis, in the order given.
template <class T>
Tensor<T> rows_of(const Tensor<T>& all, const std::vector<Index>& rows) {
  Shape shape = all.shape();
  const Index width = all.numel() / shape[0];
  shape[0] = std::ssize(rows);
  Tensor<T> chosen = Tensor<T>::uninitialised(shape);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy_n(all.data() + rows[r] * width, width, chosen.data() + static_cast<Index>(r) * width);
  }
  return chosen;
}

template <class T>
class DecoderWriter final : public StepWriter {
 public:
  DecoderWriter(const TranslationModel& model, const Tape<T>& tape, const ParameterView& parameters,
                const PairBatch& batch)
      : model_(model) {
    for (const Var& var : parameters.all()) parameters_.push_back(tape.value(var));
    run([&](const Pass& pass, Tape<T>& own) {
      const Encoded encoded = model_.encode(pass, batch);
      for (const Var& state : encoded.states) states_.push_back(own.value(state));
      if (encoded.context.defined()) {
        const Tensor<T> context = own.value(encoded.context);
        context_ = context.reshaped({context.shape()[1], context.shape()[2]});
      }
      if (!encoded.memory) return;
      for (const Var& part : {encoded.memory->rows, encoded.memory->keys, encoded.memory->mask,
                              encoded.memory->length}) {
        memory_.push_back(own.value(part));
      }
      same_keys_ = encoded.memory->rows.id == encoded.memory->keys.id;
    });
  }

  Tensor<double> next(const std::vector<Index>& symbols) override {
    Tensor<double> logs;
    run([&](const Pass& pass, Tape<T>& own) {
      const Index rows = std::ssize(symbols);
      const std::vector<float> words(symbols.begin(), symbols.end());
      std::vector<float> all(static_cast<std::size_t>(rows));
      for (std::size_t r = 0; r < all.size(); ++r) all[r] = static_cast<float>(r);
      std::vector<Var> states;
      const Var logits =
          model_.logits(pass, encoded(own), pass.constant(Tensor<float>::from({1, rows}, words)),
                        {}, pass.constant(Tensor<float>::from({1, rows}, all)), &states);
      for (std::size_t k = 0; k < states.size(); ++k) states_[k] = own.value(states[k]);
      const Var log_p = logits - logsumexp(logits);
      logs = Tensor<double>::from({rows, logits.shape()[2]}, pass.values(log_p));
    });
    return logs;
  }

  void keep(const std::vector<Index>& from) override {
    for (Tensor<T>& state : states_) state = rows_of(state, from);
    if (context_.defined()) context_ = rows_of(context_, from);
    for (std::size_t k = 0; k < memory_.size(); ++k) {
      memory_[k] = k == 1 && same_keys_ ? memory_[0] : rows_of(memory_[k], from);
    }
  }

 private:
  // Calls f on a tape with the parameters, to which no gradient flows.
  template <class F>
  void run(F&& f) const {
    Tape<T> tape;
    std::vector<Var> constants;
    for (const Tensor<T>& value : parameters_) constants.push_back(tape.constant(value));
    f(Pass(tape, {model_.parameters(), constants}), tape);
  }

  Encoded encoded(Tape<T>& tape) const {
    Encoded encoded;
    for (const Tensor<T>& state : states_) encoded.states.push_back(tape.constant(state));
    if (context_.defined()) {
      const Shape& shape = context_.shape();
      encoded.context = tape.constant(context_.reshaped({1, shape[0], shape[1]}));
    }
    if (memory_.empty()) return encoded;
    encoded.memory = AttendedMemory{tape.constant(memory_[0]), tape.constant(memory_[1]),
                                    tape.constant(memory_[2]), tape.constant(memory_[3])};
    return encoded;
  }

  const TranslationModel& model_;
  std::vector<Tensor<T>> parameters_, states_, memory_;
  Tensor<T> context_;
  bool same_keys_ = false;
};

}  // namespace

PairBatch TranslationModel::with_own_words(const Pass& pass, PairBatch batch, double share) const {
  const Index steps = batch.before.shape()[0], count = batch.before.shape()[1];
  batch.before = batch.before.clone();  // the caller's stays as it is
  const Tensor<float> own =
      pass.masks()->draw<float>("own words", {steps, count, 1}, {share, 1.0, 0.0});
  pass.visit([&]<class T>(Tape<T>& tape) {
    DecoderWriter<T> writer(*this, tape, pass.parameters(), batch);
    for (Index t = 0; t + 1 < steps; ++t) {
      const float* before = batch.before.data() + t * count;
      const Tensor<double> log_p = writer.next(std::vector<Index>(before, before + count));
      const Index words = log_p.shape()[1];
      for (Index b = 0; b < count; ++b) {
        if (own.data()[(t + 1) * count + b] == 0.0f) continue;
        const double* of_row = log_p.data() + b * words;
        batch.before.data()[(t + 1) * count + b] =
            static_cast<float>(std::max_element(of_row, of_row + words) - of_row);
      }
    }
  });
  return batch;
}

std::vector<std::vector<Written>> TranslationModel::write(const Pass& pass, const PairBatch& batch,
                                                          const TranslateOptions& options,
                                                          std::uint64_t first) const {
  BeamOptions beam{options.beam, options.norm};
  beam.begin = TranslationProblem::begin;
  beam.end = TranslationProblem::end;
  beam.never = {TranslationProblem::begin};
  if (!options.unknown) beam.never.push_back(TranslationProblem::unknown);
  // Three words for one, and a few for those that are short.
  for (const Index words : batch.source_lengths) beam.most.push_back(3 * words + 10);
  return pass.visit([&]<class T>(Tape<T>& tape) {
    DecoderWriter<T> writer(*this, tape, pass.parameters(), batch);
    if (!options.drawn) return beam_search(writer, beam);
    std::vector<std::vector<Written>> all;
    for (Written& one : draw_sequences(writer, beam, *options.drawn, options.seed, first)) {
      all.push_back({std::move(one)});
    }
    return all;
  });
}

namespace {

// Lines as pairs of the problem, side by side; where there are no targets, those that have words.
struct AskedPairs {
  AskedPairs(const TranslationProblem& problem, std::span<const std::string> sources,
             std::span<const std::string> targets = {}) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      SentencePair words{symbols_of(sources[i], true), {}};
      if (targets.empty() && words.source.empty()) continue;
      if (!targets.empty()) words.target = symbols_of(targets[i], true);
      pairs.push_back(problem.in_units(words));
      places.push_back(i);
    }
  }
  PairBatch batch(const TranslationProblem& problem) const {
    std::vector<const SentencePair*> asked;
    for (const SentencePair& pair : pairs) asked.push_back(&pair);
    return problem.batch(asked);
  }

  std::vector<SentencePair> pairs;
  std::vector<std::size_t> places;  // of the lines that have words
};

}  // namespace

std::vector<std::vector<Translation>> TranslationModel::translate(
    const TrainedModel& model, std::span<const std::string> sources,
    const TranslateOptions& options, std::uint64_t first) const {
  const AskedPairs asked(problem_, sources);
  std::vector<std::vector<Translation>> all(sources.size());
  if (asked.pairs.empty()) return all;
  model.run([&](const Pass& pass) {
    const auto written = write(pass, asked.batch(problem_), options, first);
    for (std::size_t k = 0; k < written.size(); ++k) {
      for (const Written& one : written[k]) {
        auto& found = all[asked.places[k]];
        if (std::ssize(found) >= options.best) break;
        found.push_back({fmt::format("{}", fmt::join(problem_.target_text(units(one)), " ")),
                         one.log_probability, one.score});
      }
    }
  });
  return all;
}

std::vector<double> TranslationModel::score(const TrainedModel& model,
                                            std::span<const std::string> sources,
                                            std::span<const std::string> targets) const {
  const PairBatch batch = AskedPairs(problem_, sources, targets).batch(problem_);
  std::vector<double> all;
  model.run([&](const Pass& pass) {
    const std::vector<double> nats = pass.values(nll(pass, batch));
    auto next = nats.begin();
    for (const Index words : batch.target_lengths) {
      all.push_back(-std::accumulate(next, next + words, 0.0));
      next += words;
    }
  });
  return all;
}

std::vector<std::vector<Index>> TranslationModel::links(
    const TrainedModel& model, std::span<const std::string> sources,
    std::span<const std::string> targets) const {
  if (problem_.form().source != TranslationForm::Source::attention) {
    fail_input("the model has no attention, so there are no links; expected bahdanau or luong");
  }
  const PairBatch batch = AskedPairs(problem_, sources, targets).batch(problem_);
  Tensor<float> weights;  // [T, batch, rows]
  model.run([&](const Pass& pass) { weights = attention(pass, batch); });
  const Index count = weights.shape()[1], rows = weights.shape()[2];
  std::vector<std::vector<Index>> all;
  for (Index b = 0; b < count; ++b) {
    const Index words = batch.source_lengths[static_cast<std::size_t>(b)];
    std::vector<Index> of_pair;
    for (Index t = 0; t + 1 < batch.target_lengths[static_cast<std::size_t>(b)]; ++t) {
      const float* row = weights.data() + (t * count + b) * rows;
      const Index place = std::max_element(row, row + words) - row;
      of_pair.push_back(problem_.form().reversed ? words - 1 - place : place);
    }
    all.push_back(std::move(of_pair));
  }
  return all;
}

std::vector<std::vector<double>> TranslationModel::gradients(
    const TrainedModel& model, std::span<const std::string> sources,
    std::span<const std::string> targets) const {
  const PairBatch batch = AskedPairs(problem_, sources, targets).batch(problem_);
  std::vector<std::vector<double>> all;
  model.run([&](const Pass& pass) {
    pass.visit([&]<class T>(Tape<T>& tape) {
      const Var vectors = tape.leaf(tape.value(source_vectors(pass, batch)));
      const Encoded encoded = encode(pass, vectors, batch.source_lengths);
      const Var nats = sum(softmax_nll(logits(pass, encoded, pass.constant(batch.before),
                                              batch.target_lengths, pass.constant(batch.rows)),
                                       pass.constant(batch.next)));
      const Tensor<T> gradient = tape.gradients(nats, {{vectors}})[0];
      const Index count = gradient.shape()[1], size = gradient.shape()[2];
      for (Index b = 0; b < count; ++b) {
        const Index words = batch.source_lengths[static_cast<std::size_t>(b)];
        std::vector<double>& norms = all.emplace_back(words);
        for (Index s = 0; s < words; ++s) {
          const Index at = problem_.form().reversed ? words - 1 - s : s;
          const T* row = gradient.data() + (at * count + b) * size;
          norms[static_cast<std::size_t>(s)] =
              std::sqrt(std::inner_product(row, row + size, row, 0.0));
        }
      }
    });
  });
  return all;
}

}  // namespace carousel
