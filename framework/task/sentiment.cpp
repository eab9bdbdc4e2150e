// The class of a sentence, such as praise or blame of a film (Socher et al. 2013, "Recursive deep
// models for semantic compositionality over a sentiment treebank", EMNLP 2013, section 3), read
// word by word. A step is a word, by its number in the vocabulary of the training split.
#include <fmt/format.h>

#include <memory>
#include <set>

#include "data/data_sets.hpp"
#include "data/sentences.hpp"
#include "data/vocabulary.hpp"
#include "task/classification.hpp"
#include "task/entries.hpp"

namespace carousel {
namespace {

// Sentences whose words are numbers of a vocabulary.
struct NumberedSentences {
  SentenceSet set;
  Vocabulary words;

  const Sentence& sentence(Split split, ExampleId id) const {
    const auto& part = split == Split::train   ? set.train
                       : split == Split::valid ? set.valid
                                               : set.test;
    return part[static_cast<std::size_t>(id)];
  }
  // Of each word; 0 of those that the vocabulary lacks.
  std::vector<float> numbers(Split split, ExampleId id) const {
    std::vector<float> x;
    for (const std::string& word : sentence(split, id).words) {
      x.push_back(static_cast<float>(words.find(word).value_or(0)));
    }
    return x;
  }
};

std::shared_ptr<const NumberedSentences> load(const TaskOptions& options, const DataSource& data) {
  auto numbered = std::make_shared<NumberedSentences>();
  numbered->set = read_sentences(find_data(options.text("data"), DataKind::sentences, data.folder));
  SymbolCounts counts;
  for (const Sentence& sentence : numbered->set.train) {
    for (const std::string& word : sentence.words) ++counts[word];
  }
  numbered->words.add("<unk>");
  add_frequent(numbered->words, counts, options.integer("min_count"));
  return numbered;
}

// The words of a sentence, and its pairs of neighbours.
std::vector<std::string> words_and_pairs(const Sentence& sentence) {
  std::vector<std::string> all = sentence.words;
  for (std::size_t k = 1; k < sentence.words.size(); ++k) {
    all.push_back(fmt::format("{} {}", sentence.words[k - 1], sentence.words[k]));
  }
  return all;
}

// What a linear classifier learns from which words and pairs stand in a sentence, however often.
Baseline bag_of_words(const NumberedSentences& sentences, const ClassificationProblem& problem) {
  Vocabulary seen;  // in the training split
  for (const Sentence& sentence : sentences.set.train) {
    for (const std::string& symbol : words_and_pairs(sentence)) seen.add(symbol);
  }
  const auto present = [&](Split split, ExampleId id) {
    std::set<Index> numbers;
    for (const std::string& symbol : words_and_pairs(sentences.sentence(split, id))) {
      if (const auto number = seen.find(symbol)) numbers.insert(*number);
    }
    Features features;
    for (const Index number : numbers) features.emplace_back(number, 1.0f);
    return features;
  };
  return linear_classifier("bag of words and pairs", problem, seen.size(), present);
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  const auto sentences = load(options, data);
  ClassificationForm form;
  form.name = name_of_data(options.text("data"));
  form.description = fmt::format("sentences, a word a step, {} words", sentences->words.size());
  form.digest = digest_of(sentences->set);
  form.symbols = sentences->words.size();
  form.width = options.integer("embedding");
  form.symbol_scale = 0.4;  // chosen on the validation split of SST-2, as are the defaults below
  form.pool = pool_of(options);
  form.sight = Sight::whole;
  form.class_names = sentences->set.classes;
  form.classes = std::ssize(form.class_names);
  form.sizes = {std::ssize(sentences->set.train), std::ssize(sentences->set.valid),
                std::ssize(sentences->set.test)};
  form.steps = [sentences](Split split, ExampleId id) {
    return std::ssize(sentences->sentence(split, id).words);
  };
  form.x = [sentences](Split split, ExampleId id) { return sentences->numbers(split, id); };
  form.label = [sentences](Split split, ExampleId id) {
    return sentences->sentence(split, id).label;
  };
  form.baselines = [sentences](const ClassificationProblem& problem) {
    return std::vector{bag_of_words(*sentences, problem)};
  };
  return std::make_unique<ClassificationProblem>(std::move(form));
}

}  // namespace

Task sentiment_task() {
  return {"sentiment",
          "The class of a sentence that is read word by word",
          "Socher et al. 2013, EMNLP, https://aclanthology.org/D13-1170",
          {data_option("data", "sst2", "the sentences (docs/data.md)"),
           integer_option("embedding", 100, 1, 65536, "elements of the vector of a word"),
           integer_option("min_count", 2, 1, 1 << 24,
                          "a word that stands more rarely in the training split is unknown"),
           pool_option("max")},
          set_up};
}

}  // namespace carousel
