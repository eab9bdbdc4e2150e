#pragma once

#include <string>
#include <string_view>

#include "cell/language/syntax.hpp"
#include "tensor/error.hpp"

namespace carousel {

/// A mistake in a cell file. what() is
/// ```
///   gru.cell:7:12: U_c is [64, 64], r * h[t-1] is [128]
///     c = tanh(U_c @ (r * h[t-1]))
///              ^~~~~~~~~~~~~~~~~~
/// ```
class LanguageError : public InputError {
 public:
  using InputError::InputError;
};

/// "file:line:column: message", the line, and a caret under the place.
std::string show_place(const SourcePlace& place, std::string_view message);

/// Throws a LanguageError with show_place.
[[noreturn]] void fail_at(const SourcePlace& place, std::string_view message);

}  // namespace carousel
