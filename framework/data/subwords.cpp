#include "data/subwords.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sentencepiece_trainer.h>

#include <set>
#include <unordered_map>

#include "data/text.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr Index specials = 3;  // <unk>, <s> and </s>, which SentencePiece counts too

class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(const Sentences& sentences) : sentences_(sentences) { read(); }
  bool done() const override { return next_ == sentences_.size(); }
  void Next() override {
    ++next_;
    read();
  }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  void read() {
    if (!done()) line_ = fmt::format("{}", fmt::join(sentences_[next_], " "));
  }

  const Sentences& sentences_;
  std::size_t next_ = 0;
  std::string line_;
};

// Different characters, that in front of words among them.
Index characters_in(const Sentences& sentences) {
  std::set<std::string> all;
  for (const auto& sentence : sentences) {
    for (const std::string& word : sentence) {
      for (std::string& one : symbols_of(word, false)) all.insert(std::move(one));
    }
  }
  return std::ssize(all) + 1;
}

}  // namespace

struct Subwords::Model {
  sentencepiece::SentencePieceProcessor processor;
};

Subwords::Subwords(const Sentences& sentences, Index count) {
  const Index characters = characters_in(sentences);
  if (count < characters) {
    fail_input("got {} pieces, expected {} at least: each character of the sentences is one", count,
               characters);
  }
  const std::unordered_map<std::string, std::string> arguments = {
      {"minloglevel", "2"},  // quiet
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(count + specials)},
      {"character_coverage", "1"},
      {"num_threads", "1"},
      {"normalization_rule_name", "identity"},  // the text as it is
      {"max_sentence_length", "1000000"},
      {"unk_surface", "<unk>"}};
  Lines lines(sentences);
  std::string learned;
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &lines, &learned);
  auto model = std::make_shared<Model>();
  if (!status.ok() || !model->processor.LoadFromSerializedProto(learned).ok()) {
    fail_input("{} pieces are more than {} sentences have; take fewer (SentencePiece: {})", count,
               sentences.size(), status.ToString());
  }
  model_ = std::move(model);
}

std::vector<std::string> Subwords::split(std::span<const std::string> words) const {
  return model_->processor.EncodeAsPieces(fmt::format("{}", fmt::join(words, " ")));
}

std::vector<std::string> Subwords::join(std::span<const std::string> pieces) const {
  const std::vector<std::string> all(pieces.begin(), pieces.end());
  return symbols_of(model_->processor.DecodePieces(all), true);
}

}  // namespace carousel
