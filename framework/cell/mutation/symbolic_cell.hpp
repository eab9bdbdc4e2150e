#pragma once
// A step program as a .cell file for all sizes.

#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// The sizes at which a program shows what its lengths are made of: no two simple terms of input
/// and hidden size have the same value there, and the hidden size is divided by 1 to 8.
CellSizes telling_sizes();

/// A length of a program of telling_sizes() in the cell language: "hidden", "input + hidden",
/// "hidden / 2", "4". Throws InputError for one that is no such term.
std::string symbolic_size(Index size);

/// What a .cell file says in front of its equations.
struct CellHead {
  std::string name;   ///< of the cell
  std::string title;  ///< a line; empty: none. Quotation marks become apostrophes
};

/// A program that was built at telling_sizes() as the text of a .cell file that makes it at any
/// sizes. Throws InputError where a length can't be said in input and hidden size.
std::string symbolic_text(const StepProgram& program, const CellHead& head);

/// The program of a cell file's text at some sizes. Throws as CellRegistry::add_text() and
/// Cell::build().
StepProgram program_of_text(const std::string& text, const CellSizes& sizes);

/// A program of telling_sizes(), printed and read back until that changes no node: the text of what
/// is returned reads back to the same program. Throws InputError where there is no such text.
StepProgram settled(const StepProgram& program);

/// A cell's program at telling_sizes(), simplified() and settled(). Throws InputError where
/// symbolic_text() of it does not make the cell at other sizes too.
StepProgram symbolic_program(const Cell& cell);

}  // namespace carousel
