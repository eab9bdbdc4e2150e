#include "data/subwords.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sentencepiece_trainer.h>

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

void expect_ok(const sentencepiece::util::Status& status, const std::string& what) {
  if (!status.ok()) fail_input("{}: SentencePiece says {}", what, status.ToString());
}

}  // namespace

struct Subwords::Model {
  sentencepiece::SentencePieceProcessor processor;
};

Subwords::Subwords(const Sentences& sentences, Index count) {
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
  const std::string what = fmt::format("{} pieces of {} sentences", count, sentences.size());
  expect_ok(sentencepiece::SentencePieceTrainer::Train(arguments, &lines, &learned), what);
  auto model = std::make_shared<Model>();
  expect_ok(model->processor.LoadFromSerializedProto(learned), what);
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
