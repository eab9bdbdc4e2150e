#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// A sentence with the number of its class.
struct Sentence {
  Index label = 0;                 ///< of SentenceSet::classes
  std::vector<std::string> words;  ///< as blanks part them
};

/// Sentences with a class each.
struct SentenceSet {
  std::vector<std::string> classes;  ///< the labels of train, sorted by their bytes
  std::vector<Sentence> train,       ///< to learn from
      valid,                         ///< to choose by
      test;                          ///< for the last figure
};

/// Reads a folder with the files train.txt, valid.txt and test.txt, or with those of SST-2
/// (stsa.binary.train, .dev, .test). A line is a label, a blank or tab, and a sentence, whose words
/// blanks part; the text is UTF-8. Throws InputError, with file and line, where a line is otherwise
/// or has a label that train does not have.
SentenceSet read_sentences(const std::filesystem::path& folder);

/// SHA-256 of labels and words.
std::string digest_of(const SentenceSet& set);

}  // namespace carousel
