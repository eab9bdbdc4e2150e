#pragma once

#include <string>
#include <string_view>

#include "cell/language/syntax.hpp"
#include "tensor/error.hpp"

namespace carousel {

/// A mistake in a cell file. what() is
///   gru.cell:7:12: U_c is [64, 64], r * h[t-1] is [128]
///     c = tanh(U_c @ (r * h[t-1]))
///              ^~~~~~~~~~~~~~~~~~
class LanguageError : public InputError {
 public:
  using InputError::InputError;
};

/// "file:line:column: message", the line, and a caret under the place.
std::string show_place(std::string_view file, std::string_view source, const SourcePlace& place,
                       std::string_view message);

/// Throws a LanguageError at a place of a file.
[[noreturn]] void fail_at(const CellSyntax& syntax, const SourcePlace& place,
                          std::string_view message);

}  // namespace carousel
