#pragma once

#include <optional>

#include "layer/linear.hpp"
#include "task/beam_search.hpp"
#include "task/translation_problem.hpp"
#include "task/translator.hpp"

namespace carousel {

/// What an encoder hands to a decoder.
struct Encoded {
  Var summary;                           ///< of the source, [batch, size]: c, or h without one
  std::vector<Var> states;               ///< of the decoder, in front of its first step
  Var context;                           ///< [1, batch, size]; Source::context alone
  std::optional<AttendedMemory> memory;  ///< Source::attention alone
};

/// An encoder-decoder: a stack of the cell under study reads the source, another one writes the
/// target, each word behind those before it.
///
/// Source::context is the form of Cho et al. 2014 (arXiv:1406.1078, appendix A): c = tanh(V h), the
/// decoder's states begin at tanh(V' c), and c is read with each word and by the output. Our choice
/// where cells differ: c is a part of x, so a cell's gates and candidate read it as they read x.
/// Source::states is that of Sutskever et al. 2014 (arXiv:1409.3215): the decoder begins in the
/// encoder's last states. Source::attention is that of Bahdanau et al. 2015 (arXiv:1409.0473,
/// appendix A) or Luong et al. 2015 (arXiv:1508.04025), as its AttentionForm says; states begin at
/// tanh(W h). Of a cell's states those that are vectors begin so, the others as the cell says. h:
/// what the encoder gives at the end, in both directions where it has two.
///
/// The output: with a readout s = O [output, c, e(y)], in pairs of which the larger one counts
/// (maxout), then a linear layer; without, a linear layer on the decoder's output and c.
class TranslationModel final : public Model, public Translator {
 public:
  /// `problem` and the recurrence must outlive it. Throws InputError where the form does not fit
  /// the cell or the options.
  TranslationModel(Recurrence& recurrence, const TranslationProblem& problem);

  Var loss(const Pass& pass, Split split, Ids ids) const override;
  void count(const Pass& pass, Split split, Ids ids, Tally& tally) const override;
  std::vector<std::vector<Translation>> translate(const TrainedModel& model,
                                                  std::span<const std::string> sources,
                                                  const TranslateOptions& options,
                                                  std::uint64_t first = 0) const override;
  std::vector<double> score(const TrainedModel& model, std::span<const std::string> sources,
                            std::span<const std::string> targets) const override;
  std::vector<std::vector<Index>> links(const TrainedModel& model,
                                        std::span<const std::string> sources,
                                        std::span<const std::string> targets) const override;
  std::vector<std::vector<double>> gradients(const TrainedModel& model,
                                             std::span<const std::string> sources,
                                             std::span<const std::string> targets) const override;
  /// What it writes for some test sentences and, with attention, where it looks; BLEU by length;
  /// maps of the vectors of source words, with the nearest of some, and of summaries of test
  /// sources, as figures 4 and 5 of Cho et al. 2014.
  std::vector<Exhibit> exhibits(const TrainedModel& model) const override;
  /// The outputs of the encoder, [S, batch, size], for source words by their numbers.
  StackResult forward(const Pass& pass, Var x, const StackArguments& arguments) const override;

  /// Reads the sources of a batch.
  Encoded encode(const Pass& pass, const PairBatch& batch) const;
  /// The same for the vectors of source words, [S, batch, embedding].
  Encoded encode(const Pass& pass, Var vectors, const std::vector<Index>& lengths) const;
  /// Logits of target words, [1, N, words], at the given rows of [T * batch]. before: [T, batch],
  /// the words in front. states: gets those behind the last step, where it is not null; attention:
  /// the weights [T, batch, rows].
  Var logits(const Pass& pass, const Encoded& encoded, Var before,
             const std::vector<Index>& lengths, Var rows, std::vector<Var>* states = nullptr,
             Var* attention = nullptr) const;
  /// The same of a batch's scored words.
  Var logits(const Pass& pass, const PairBatch& batch) const;
  /// -log p(target word | source, words before) of each scored word, [1, N].
  Var nll(const Pass& pass, const PairBatch& batch) const;
  /// The batch with some of the words in front of others replaced by those that the model finds
  /// likeliest there, behind the words in front that were chosen before (scheduled sampling; Bengio
  /// et al. 2015, arXiv:1506.03099, section 2.4, where they are drawn from the model). A word is
  /// the model's own with probability `share`, as the pass's masks say. Nothing is dropped while it
  /// writes, and no gradient flows through the choice, as in the paper.
  PairBatch with_own_words(const Pass& pass, PairBatch batch, double share) const;
  /// Writes translations of the sources of a batch, best first, at most options.beam of each.
  /// first: see Translator::translate().
  std::vector<std::vector<Written>> write(const Pass& pass, const PairBatch& batch,
                                          const TranslateOptions& options,
                                          std::uint64_t first = 0) const;
  /// What was written, in units of the problem.
  std::vector<std::string> units(const Written& written) const;

 private:
  Var source_vectors(const Pass& pass, const PairBatch& batch) const;
  // Where it looks when the targets are written, [T, batch, rows].
  Tensor<float> attention(const Pass& pass, const PairBatch& batch) const;
  std::vector<Var> first_states(const Pass& pass, Var summary) const;
  Var output(const Pass& pass, Var features) const;

  const TranslationProblem& problem_;
  Embedding source_;
  RecurrentStack encoder_;
  std::optional<Linear> context_;  // V
  Embedding target_;
  RecurrentStack decoder_;
  std::vector<std::optional<Linear>>
      starts_;  // of each state of each layer; none: as the cell says
  std::optional<Linear> keys_, readout_, low_rank_, output_;
};

}  // namespace carousel
