// How an encoder-decoder writes: word by word, each step on a tape of its own.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "data/text.hpp"
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

std::vector<SentencePair> pairs_of(std::span<const std::string> sources,
                                   std::span<const std::string> targets) {
  std::vector<SentencePair> pairs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    pairs.push_back({symbols_of(sources[i], true), {}});
    if (!targets.empty()) pairs.back().target = symbols_of(targets[i], true);
  }
  return pairs;
}

}  // namespace

std::vector<std::vector<Translation>> TranslationModel::translate(
    const TrainedModel& model, std::span<const std::string> sources,
    const TranslateOptions& options, std::uint64_t first) const {
  const std::vector<SentencePair> pairs = pairs_of(sources, {});
  std::vector<const SentencePair*> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].source.empty()) continue;
    asked.push_back(&pairs[i]);
    places.push_back(i);
  }
  std::vector<std::vector<Translation>> all(sources.size());
  if (asked.empty()) return all;
  model.run([&](const Pass& pass) {
    const auto written = write(pass, problem_.batch(asked), options, first);
    for (std::size_t k = 0; k < written.size(); ++k) {
      for (const Written& one : written[k]) {
        if (std::ssize(all[places[k]]) >= options.best) break;
        all[places[k]].push_back(
            {fmt::format("{}", fmt::join(words(one), " ")), one.log_probability, one.score});
      }
    }
  });
  return all;
}

std::vector<double> TranslationModel::score(const TrainedModel& model,
                                            std::span<const std::string> sources,
                                            std::span<const std::string> targets) const {
  const std::vector<SentencePair> pairs = pairs_of(sources, targets);
  std::vector<const SentencePair*> asked;
  for (const SentencePair& pair : pairs) asked.push_back(&pair);
  std::vector<double> all;
  model.run([&](const Pass& pass) {
    const PairBatch batch = problem_.batch(asked);
    const std::vector<double> nats = pass.values(nll(pass, batch));
    auto next = nats.begin();
    for (const Index words : batch.target_lengths) {
      all.push_back(-std::accumulate(next, next + words, 0.0));
      next += words;
    }
  });
  return all;
}

}  // namespace carousel
