#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/vocabulary.hpp"
#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// How a text becomes symbols.
struct TextForm {
  bool words = false;     ///< symbols are words between blanks, and line ends; else characters
  bool lines = false;     ///< each line that is not blank is a sequence of its own
  Index least_count = 1;  ///< of a symbol in the training split; a rarer one is unknown
  double valid = 0.05;    ///< share of the text, in front of test
  double test = 0.05;     ///< the last share; what is left in front is train
};

/// The symbols of one part of a text, by their numbers.
struct TextPart {
  std::vector<std::uint32_t> symbols;  ///< numbers of TextSet::vocabulary, or TextSet::unknown
  std::vector<Index> starts;           ///< of lines: where each begins, and the end; else {0, size}

  /// Number of sequences: 1 where the text is one.
  Index lines() const { return std::ssize(starts) - 1; }
};

/// A text in three parts, in its order: train, valid, test. The vocabulary is that of train; where
/// something else stands in a text, `unknown` is its number.
struct TextSet {
  std::string name;               ///< as reports call it
  Vocabulary vocabulary;          ///< symbols of train
  Index unknown = -1;             ///< -1: all symbols are known
  std::array<TextPart, 3> parts;  ///< train, valid, test
};

/// The lines of a text, without their ends ("\n" or "\r\n").
std::vector<std::string_view> lines_of(std::string_view text);

/// Cuts a text into characters (of UTF-8), or into words and line ends (`"\n"`).
std::vector<std::string> symbols_of(std::string_view text, bool words);

/// Reads a UTF-8 text file. Throws InputError when it can't be read, is no UTF-8, or is too short
/// for three parts.
TextSet read_text_set(const std::filesystem::path& path, const TextForm& form);

/// Pieces of a text side by side, by their symbols' numbers: [steps, batch] each.
struct TextWindows {
  Tensor<float> x;     ///< of the pieces
  Tensor<float> next;  ///< the symbol behind each one of x
};

/// Pieces that begin anywhere in a part, each place as likely as another. Throws InputError when
/// the part has fewer than steps + 1 symbols, or when a size is not positive.
TextWindows random_windows(const TextPart& part, Index steps, Index batch, Random& random);

}  // namespace carousel
