#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace carousel {

/// A sentence and its translation, in words as blanks part them.
struct SentencePair {
  std::vector<std::string> source,  ///< what is translated
      target;                       ///< its translation
};

/// Sentence pairs of the three splits.
struct PairSet {
  std::array<std::vector<SentencePair>, 3> parts;  ///< train, valid, test
};

/// Reads a folder with the files train.SOURCE, train.TARGET, valid.SOURCE and so on (source,
/// target: the names of the languages, such as "en"), or with those of Multi30k's `tok` folder. A
/// line is a sentence of UTF-8 text; line n of the one file is the translation of line n of the
/// other. Throws InputError, with file and line, where a line is empty, has a carriage return
/// inside, or is too long (1000 words), and where the files have not the same number of lines.
PairSet read_sentence_pairs(const std::filesystem::path& folder, const std::string& source,
                            const std::string& target);

/// SHA-256 of all words.
std::string digest_of(const PairSet& set);

}  // namespace carousel
