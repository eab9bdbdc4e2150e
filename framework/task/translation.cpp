// Translation by an encoder-decoder (Cho et al. 2014, arXiv:1406.1078; Sutskever et al. 2014,
// arXiv:1409.3215; Bahdanau et al. 2015, arXiv:1409.0473; Luong et al. 2015, arXiv:1508.04025): one
// stack of the cell under study reads a sentence, another one writes its translation.
#include <fmt/format.h>

#include "data/data_sets.hpp"
#include "task/entries.hpp"
#include "task/translation_problem.hpp"

namespace carousel {
namespace {

TranslationForm form_of(const TaskOptions& options) {
  using enum TranslationForm::Source;
  TranslationForm form;
  const std::string &name = options.text("form"), &score = options.text("score");
  form.source = name == "cho" ? context : name == "sutskever" ? states : attention;
  if (name == "luong") {
    form.attention.score = AttentionScore::product;
    form.attention.place = AttentionPlace::after;
    form.projected_keys = score != "dot";
    form.attention.window = score == "local" ? options.integer("window") : 0;
  }
  form.attention.keys = options.integer("keys");
  form.reversed = options.text("order") == "reversed";
  form.embedding = options.integer("embedding");
  form.readout = options.integer("readout");
  form.rank = options.integer("rank");
  form.tied = options.text("tied") == "yes";
  form.smoothing = options.number("smoothing");
  form.own_words = options.number("own_words");
  form.own_words_after = options.integer("own_words_after");
  form.beam = options.integer("beam");
  form.norm = options.number("norm");
  return form;
}

std::string name_of(const TaskOptions& options) {
  const std::string& form = options.text("form");
  return fmt::format("{}_{}_{}_{}{}{}", name_of_data(options.text("data")), options.text("source"),
                     options.text("target"), form,
                     form == "luong" ? "_" + options.text("score") : "",
                     options.text("order") == "reversed" ? "_reversed" : "");
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  const std::string& name = options.text("data");
  const std::string &source = options.text("source"), &target = options.text("target");
  const TranslationUnits units{options.integer("min_count"), options.integer("vocabulary"),
                               options.integer("pieces")};
  return std::make_unique<TranslationProblem>(
      name_of(options),
      read_sentence_pairs(find_data(name, DataKind::pairs, data.folder), source, target), units,
      form_of(options));
}

}  // namespace

Task translation_task() {
  constexpr std::int64_t many = 1 << 24, wide = 65536;
  return {
      "translation",
      "Sentences of another language, by an encoder-decoder",
      "Cho et al. 2014, arXiv:1406.1078",
      {data_option("data", "multi30k", "pairs of sentences (docs/data.md)"),
       text_option("source", "en", "the language that is read"),
       text_option("target", "fr", "the language that is written"),
       choice_option("form", "cho", {"cho", "sutskever", "bahdanau", "luong"},
                     "how the decoder gets to know the source"),
       choice_option("score", "general", {"dot", "general", "local"}, "of luong: the attention"),
       integer_option("window", 5, 1, 1000, "of local: words to either side of the place"),
       integer_option("keys", 0, 0, wide,
                      "of bahdanau: elements of a key; 0: those of the encoder's output"),
       choice_option("order", "forward", {"forward", "reversed"}, "the source is read so"),
       integer_option("embedding", 128, 1, wide, "elements of the vector of a word"),
       integer_option("readout", 128, 0, wide, "maxout units in front of the output; 0: none"),
       integer_option("rank", 0, 0, wide, "of the output's weights; 0: full"),
       choice_option("tied", "no", {"no", "yes"},
                     "the output's weights are the target words' vectors"),
       number_option("smoothing", 0.0, 0.0, 0.9, "share of a label that all words get"),
       integer_option("min_count", 2, 1, many,
                      "a word that stands more rarely in the training split is unknown"),
       integer_option("vocabulary", 0, 0, many, "words of a language at most; 0: all"),
       integer_option("pieces", 0, 0, many,
                      "of words, learned from the training split, in the place of words; 0: words"),
       number_option("own_words", 0.0, 0.0, 0.99,
                     "share of the words in front that the model writes itself in training"),
       integer_option("own_words_after", 0, 0, many, "updates until that share is reached"),
       integer_option("beam", 1, 1, 1000, "of the translations that are scored"),
       number_option("norm", 1.0, 0.0, 10.0, "they are ranked by log p / length^norm")},
      set_up};
}

}  // namespace carousel
