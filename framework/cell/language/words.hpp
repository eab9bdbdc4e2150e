#pragma once
// The words of the cell language, and what to write instead of those of PyTorch and of papers.

#include <string>
#include <string_view>
#include <vector>

#include "program/reserved_words.hpp"

namespace carousel {

/// What may stand behind `init`: the functions of Initialiser.
const std::vector<std::string>& initialiser_names();
/// Those that stand there without a number: "glorot".
bool is_plain_initialiser(std::string_view word);
/// What noise can be drawn from, in the order of docs/language.md.
const std::vector<std::string>& distribution_names();
/// What may stand behind `group`: the parts of the catalogue (cells/README.md).
const std::vector<std::string>& group_names();

/// Whether a word is in a list.
bool contains(const std::vector<std::string>& words, std::string_view word);

/// What to write instead of a word that is not of the language ("cat": "write concat(a, b)"); ""
/// when nothing is known.
std::string_view advice_for_word(std::string_view word);

/// The same for a character or for an operator of another language.
std::string_view advice_for_character(char32_t code);
/// The same for an operator of another language ("**": "write a ^ n").
std::string_view advice_for_operator(std::string_view text);

}  // namespace carousel
