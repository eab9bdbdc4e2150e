#pragma once

#include <exception>
#include <map>
#include <optional>
#include <string>

#include "cell/cell.hpp"
#include "cell/language/parser.hpp"

namespace carousel {

/// The cells of text of a registry, which extend and use each other by name. Files may be added in
/// any order.
class TextCells {
 public:
  /// Adds a parsed file. Its name must be new.
  void add(CellSyntax syntax);
  /// The cell with the lines of those that it extends. Throws InputError when there is none of that
  /// name, LanguageError when what it extends is missing or wrong, or the cell itself.
  const CellSyntax& find(const std::string& name) const;
  /// The program of a cell at these sizes. Throws as find(), and LanguageError where shapes do not
  /// fit.
  StepProgram build(const std::string& name, const CellSizes& sizes) const;
  /// Fills in what the file says of a cell, once what it extends is known; other cells are left as
  /// they are.
  void describe(Cell& cell) const;

 private:
  struct Entry {
    CellSyntax own;
    std::optional<CellSyntax> whole;  // with the lines of its bases
    std::exception_ptr problem;       // why they can't be joined
  };
  void join();
  void join(Entry& entry);
  [[noreturn]] void fail_base(const Entry& entry) const;

  std::map<std::string, Entry> entries_;
};

}  // namespace carousel
