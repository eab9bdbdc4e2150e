#pragma once

#include <optional>
#include <set>

#include "io/array_bytes.hpp"

namespace carousel {

/// The arrays of a file that a user gave. Who uses them takes those that it knows, and then has all
/// said at once of those that are missing, of another shape, or not known.
class GivenArrays {
 public:
  /// file: for messages. Throws InputError when an element of an array is NaN or infinite.
  GivenArrays(std::string file, NamedArrays arrays);

  /// The array of that name, which may be missing. One that has none of these shapes is noted and
  /// counts as missing. Throws InputError when the name was taken before: the cell has a name that
  /// stands for something else in this file.
  std::optional<Tensor<double>> take(const std::string& name, const std::vector<Shape>& shapes);
  /// Notes that an array is missing, which was to have one of these shapes.
  void note_missing(const std::string& name, const std::vector<Shape>& shapes);
  /// Takes an array of any shape, and drops it.
  void pass_over(const std::string& name);
  /// Whether an array of that name is in the file.
  bool has(const std::string& name) const { return arrays_.contains(name); }
  /// The names of the arrays that nobody has taken.
  std::vector<std::string> others() const;
  /// Throws InputError where something was noted, or an array is left. whom: what they were given
  /// to, such as "cell gru at input 3, hidden 5".
  void expect_fitting(const std::string& whom);

 private:
  void note(const std::string& name, const std::string& expected, const std::string& got);

  std::string file_;
  NamedArrays arrays_;
  std::set<std::string> taken_;
  std::vector<std::string> lines_;
};

}  // namespace carousel
