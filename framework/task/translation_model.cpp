#include "task/translation_model.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>

#include "layer/losses.hpp"

namespace carousel {
namespace {

using Source = TranslationForm::Source;

constexpr double first_deviation = 0.1;  // of the vectors of words
constexpr Index rows_together = 8;       // memories are padded to a multiple of it

RecurrentStack decoder_of(Recurrence& recurrence, const TranslationForm& form,
                          const RecurrentStack& encoder, Index context) {
  if (form.source != Source::attention) {
    return recurrence.stack("decoder", form.embedding + context);
  }
  AttentionForm attention = form.attention;
  attention.memory = encoder.output_size();
  if (attention.keys == 0) attention.keys = encoder.output_size();
  return recurrence.attentive("decoder", form.embedding, attention);
}

// Which rows of [S * batch] are those of each sequence, [batch, rows]; padding reads row 0.
Tensor<float> rows_of(Index steps, Index batch, Index rows) {
  Tensor<float> numbers = Tensor<float>::zeros({batch, rows});
  for (Index b = 0; b < batch; ++b) {
    for (Index s = 0; s < steps; ++s) {
      numbers.data()[b * rows + s] = static_cast<float>(s * batch + b);
    }
  }
  return numbers;
}

Tensor<float> mask_of(const std::vector<Index>& lengths, Index rows) {
  constexpr float far_below = -1e9f;
  const Index batch = std::ssize(lengths);
  Tensor<float> mask = Tensor<float>::full({batch, rows}, far_below);
  for (Index b = 0; b < batch; ++b) {
    std::fill_n(mask.data() + b * rows, lengths[static_cast<std::size_t>(b)], 0.0f);
  }
  return mask;
}

AttendedMemory memory_of(const Pass& pass, Var outputs, Var keys,
                         const std::vector<Index>& lengths) {
  const Index steps = outputs.shape()[0], batch = outputs.shape()[1];
  const Index rows = (steps + rows_together - 1) / rows_together * rows_together;
  const Var order = pass.constant(rows_of(steps, batch, rows));
  const auto by_sequence = [&](Var x) {
    return gather_rows(reshape(x, {steps * batch, x.shape()[2]}), order);
  };
  AttendedMemory memory;
  memory.rows = by_sequence(outputs);
  memory.keys = keys.id == outputs.id ? memory.rows : by_sequence(keys);
  memory.mask = pass.constant(mask_of(lengths, rows));
  const std::vector<float> numbers(lengths.begin(), lengths.end());
  memory.length = pass.constant(Tensor<float>::from({batch, 1}, numbers));
  return memory;
}

}  // namespace

TranslationModel::TranslationModel(Recurrence& recurrence, const TranslationProblem& problem)
    : problem_(problem),
      source_(with(Embedding("source", problem.source_words().size(), problem.form().embedding,
                             first_deviation))),
      encoder_(with(recurrence.stack("encoder", problem.form().embedding, Sight::whole))),
      context_(problem.form().source == Source::context
                   ? std::optional(
                         with(Linear("context", encoder_.output_size(), encoder_.output_size())))
                   : std::nullopt),
      target_(with(Embedding("target", problem.target_words().size(), problem.form().embedding,
                             first_deviation))),
      decoder_(with(decoder_of(recurrence, problem.form(), encoder_,
                               context_ ? encoder_.output_size() : 0))) {
  const TranslationForm& form = problem.form();
  if (form.source == Source::states && encoder_.is_bidirectional()) {
    fail_input(
        "form is states, where the decoder begins in the encoder's last states, and "
        "model.direction is both, where the encoder has two of each; expected forward");
  }
  for (int layer = 0; form.source != Source::states && layer < decoder_.depth(); ++layer) {
    for (const ProgramState& state : decoder_.states(layer)) {
      starts_.emplace_back();
      if (state.shape.rank() != 2) continue;
      starts_.back() = with(Linear(fmt::format("start_{}_{}", layer, state.name),
                                   encoder_.output_size(), state.shape.back()));
    }
  }
  const bool projected = form.attention.score == AttentionScore::additive || form.projected_keys;
  if (form.source == Source::attention && projected) {
    keys_ = with(Linear("keys", encoder_.output_size(), decoder_.attention()->keys));
  }
  Index features = decoder_.output_size() + (context_ ? encoder_.output_size() : 0);
  if (form.readout > 0) {
    readout_ = with(Linear("readout", features + form.embedding, 2 * form.readout));
    features = form.readout;
  }
  if (form.rank > 0) {
    low_rank_ = with(Linear("low_rank", features, form.rank));
    features = form.rank;
  }
  if (!form.tied) {
    output_ = with(Linear("output", features, problem.target_words().size()));
    return;
  }
  if (features != form.embedding) {
    low_rank_ = with(Linear("to_vector", features, form.embedding));
  }
  add({"output/b", {problem.target_words().size()}, Initialiser::zeros()});
}

StackResult TranslationModel::forward(const Pass& pass, Var x,
                                      const StackArguments& arguments) const {
  return encoder_.forward(pass, source_.forward(pass, x), arguments);
}

Var TranslationModel::source_vectors(const Pass& pass, const PairBatch& batch) const {
  return source_.forward(pass, pass.constant(batch.source));
}

std::vector<Var> TranslationModel::first_states(const Pass& pass, Var summary) const {
  const Index batch = summary.shape()[0];
  std::vector<Var> states = decoder_.initial_states(pass, batch);
  for (std::size_t k = 0; k < states.size(); ++k) {
    if (starts_[k]) states[k] = tanh(starts_[k]->forward(pass, summary));
  }
  return states;
}

Encoded TranslationModel::encode(const Pass& pass, const PairBatch& batch) const {
  return encode(pass, source_vectors(pass, batch), batch.source_lengths);
}

Encoded TranslationModel::encode(const Pass& pass, Var vectors,
                                 const std::vector<Index>& lengths) const {
  const StackResult read = encoder_.forward(pass, vectors, {.lengths = lengths});
  Encoded encoded;
  Var& summary = encoded.summary = encoder_.ends(pass, read.outputs, lengths);
  if (problem_.form().source == Source::states) {
    encoded.states = read.states;
    return encoded;
  }
  if (context_) {
    summary = tanh(context_->forward(pass, summary));
    encoded.context = reshape(summary, {1, summary.shape()[0], summary.shape()[1]});
  } else {
    const Var keys = keys_ ? keys_->forward(pass, read.outputs) : read.outputs;
    encoded.memory = memory_of(pass, read.outputs, keys, lengths);
  }
  encoded.states = first_states(pass, summary);
  return encoded;
}

Var TranslationModel::output(const Pass& pass, Var features) const {
  if (low_rank_) features = low_rank_->forward(pass, features);
  if (output_) return output_->forward(pass, features);
  return linear(features, pass.parameters().of("target")[0]) + pass.parameters().of("output")[0];
}

Var TranslationModel::logits(const Pass& pass, const Encoded& encoded, Var before,
                             const std::vector<Index>& lengths, Var rows, std::vector<Var>* states,
                             Var* attention) const {
  const Index steps = before.shape()[0], batch = before.shape()[1];
  const Var words = target_.forward(pass, before);
  Var x = words, context;
  if (context_) {
    context = broadcast_to(encoded.context, {steps, batch, encoded.context.shape()[2]});
    x = concat(std::array{words, context}, -1);
  }
  StackArguments arguments{.lengths = lengths, .states = encoded.states};
  if (encoded.memory) arguments.memory = &*encoded.memory;
  if (attention) arguments.probes = {"attention.weights"};
  const StackResult result = decoder_.forward(pass, x, arguments);
  if (states) *states = result.states;
  if (attention) *attention = result.probes[0];
  const auto scored = [&](Var of_steps) {
    return gather_rows(reshape(of_steps, {steps * batch, of_steps.shape()[2]}), rows);
  };
  std::vector<Var> features{scored(result.outputs)};
  if (context_) features.push_back(scored(context));
  if (!readout_) return output(pass, concat(features, -1));
  features.push_back(scored(words));
  const Var pairs = readout_->forward(pass, concat(features, -1));
  const Index units = problem_.form().readout;
  return output(pass, maximum(slice(pairs, -1, 0, units), slice(pairs, -1, units, units)));
}

Var TranslationModel::logits(const Pass& pass, const PairBatch& batch) const {
  return logits(pass, encode(pass, batch), pass.constant(batch.before), batch.target_lengths,
                pass.constant(batch.rows));
}

Tensor<float> TranslationModel::attention(const Pass& pass, const PairBatch& batch) const {
  Var weights;
  logits(pass, encode(pass, batch), pass.constant(batch.before), batch.target_lengths,
         pass.constant(batch.rows), nullptr, &weights);
  return pass.tensor(weights);
}

Var TranslationModel::nll(const Pass& pass, const PairBatch& batch) const {
  return softmax_nll(logits(pass, batch), pass.constant(batch.next));
}

Var TranslationModel::loss(const Pass& pass, Split split, Ids ids) const {
  const TranslationForm& form = problem_.form();
  PairBatch batch = problem_.batch(split, ids);
  if (pass.masks() && form.own_words > 0.0) {
    const auto update = static_cast<double>(pass.masks()->update());
    const auto after = static_cast<double>(std::max<Index>(form.own_words_after, 1));
    const double share = form.own_words * std::min((update + 1.0) / after, 1.0);
    batch = with_own_words(pass, std::move(batch), share);
  }
  const Var given = logits(pass, batch), next = pass.constant(batch.next);
  const Var nll = sum(softmax_nll(given, next));
  if (form.smoothing == 0.0 || !pass.masks()) return nll;
  // A share of each label goes to all words alike: -log p of the mean word in its place.
  const auto words = static_cast<double>(given.shape().back());
  const Var spread = sum(pick(given, next)) - sum(given) / words;
  return nll + spread * form.smoothing;
}

void TranslationModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const PairBatch batch = problem_.batch(split, ids);
  const std::vector<double> nats = pass.values(nll(pass, batch));
  std::vector<std::vector<Written>> written;
  const TranslationForm& form = problem_.form();
  if (split != Split::train) written = write(pass, batch, {form.beam, form.norm});
  auto next = nats.begin();
  for (std::size_t b = 0; b < ids.size(); ++b) {
    const auto last = next + batch.target_lengths[b];
    const double sum = std::accumulate(next, last, 0.0);
    next = last;
    if (written.empty()) {
      problem_.count(split, ids[b], sum, nullptr, tally);
      continue;
    }
    const std::vector<std::string> best = problem_.target_text(units(written[b].front()));
    problem_.count(split, ids[b], sum, &best, tally);
  }
}

std::vector<std::string> TranslationModel::units(const Written& written) const {
  std::vector<std::string> units;
  for (const Index symbol : written.symbols) units.push_back(problem_.target_words().text(symbol));
  return units;
}

}  // namespace carousel
