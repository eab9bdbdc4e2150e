#pragma once
// Errors say who is to blame: the user's input, the environment, or a bug of ours.

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The whole library; a plug-in and a program of your own have namespaces of their own.
namespace carousel {

/// Base of every error that this library throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the user gave is at fault: shapes, files, YAML, arguments. Exit code 2.
class InputError : public Error {
 public:
  using Error::Error;
};

/// A value left the finite range where it had to stay inside. Exit code 1.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// The machine is at fault: a full disk, missing rights, no memory. Exit code 3.
class EnvironmentError : public Error {
 public:
  using Error::Error;
};

/// A promise that our own code broke.
class BugError : public Error {
 public:
  using Error::Error;
};

/// Throws an InputError with a formatted message (what was got, what was expected, the way out).
template <class... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
  throw InputError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws a BugError with a formatted message.
template <class... Args>
[[noreturn]] void fail_bug(fmt::format_string<Args...> format, Args&&... args) {
  throw BugError("bug in carousel, please report it: " +
                 fmt::format(format, std::forward<Args>(args)...));
}

/// "; did you mean 'x'?" of the known names that begin with `got` and a '_' ("gru_cho" for "gru"),
/// or else of the nearest one: by letters added, left out, replaced or exchanged with a neighbour;
/// letter case is no difference. "" when none is near.
std::string did_you_mean(std::string_view got, const std::vector<std::string>& known);

}  // namespace carousel
