#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/machine.hpp"
#include "program/step_program.hpp"

namespace carousel {

/// Bounds of what a cell is built with, so that sizes multiply without overflow.
inline constexpr Index most_units = 65536;  ///< of an input or hidden size
/// The same, of a hyperparameter, up and down.
inline constexpr double most_hyper = 1e30;

/// What a hyperparameter stands for: a number, or a word of the cell language, which is the name of
/// a function ("tanh") or of a rule for first values ("orthogonal").
using HyperValue = std::variant<double, std::string>;
/// Hyperparameters by name.
using HyperValues = std::map<std::string, HyperValue>;
/// As studies write it: "0.5", "tanh".
std::string hyper_text(const HyperValue& value);
/// Whether a text is one that a word can be: letters, digits and _, no digit first.
bool is_hyper_word(std::string_view text);

/// The sizes that a cell is built for.
struct CellSizes {
  Index input = 0;         ///< elements of x
  Index hidden = 0;        ///< elements of a state, unless the cell says otherwise
  HyperValues hyper = {};  ///< hyperparameters that differ from their defaults
};

/// What a study can change of a cell.
struct CellHyper {
  std::string name;  ///< "leak"
  HyperValue value;  ///< the default
};

/// A recurrent cell: one time step as a program, for any sizes.
struct Cell {
  std::string name;       ///< "lstm", as studies write it
  std::string title;      ///< a line for lists
  std::string reference;  ///< paper, year, arXiv number
  /// What implementations differ on in silence, as this cell has it: place of the reset gate,
  /// direction of the update gate, number of biases, forget bias, peepholes, initialisers.
  std::string conventions;
  /// The program of one step at these sizes. Throws InputError where they do not fit the cell.
  std::function<StepProgram(const CellSizes&)> build;
  std::string group = {};                  ///< its family, such as gru; see cells/README.md
  std::vector<CellHyper> hypers = {};      ///< in the order of the file
  std::vector<std::string> warnings = {};  ///< what is odd in the file, ready to print
  std::string text = {};                   ///< of a cell of text: the file
  bool from_file = false;                  ///< it was loaded at run time
};

class TextCells;

/// Cells by name. Filled by explicit calls, never by static constructors.
class CellRegistry {
 public:
  CellRegistry() = default;
  /// A registry of its own: what is added to one of the two does not concern the other.
  CellRegistry(const CellRegistry& other);
  /// Takes the cells of the other one.
  CellRegistry(CellRegistry&& other) = default;
  /// Has the cells of the other one in the place of its own.
  CellRegistry& operator=(CellRegistry other) noexcept;
  ~CellRegistry() = default;

  /// Throws InputError when the name is taken.
  void add(Cell cell);
  /// Adds a cell of text (docs/language.md), and returns its name. `file` stands for it in
  /// messages. The cells that it extends and uses may be added later; build() tells what is missing
  /// then. from_file: see Cell. Throws LanguageError when the text is wrong, InputError when the
  /// name is taken.
  std::string add_text(std::string_view text, const std::string& file, bool from_file = false);
  /// The cell of that name, or null. Valid until a cell is added.
  const Cell* look_up(const std::string& name) const;
  /// The same; throws InputError with a suggestion when there is none.
  const Cell& find(const std::string& name) const;
  /// All cells, in the order in which they were added.
  const std::vector<Cell>& cells() const { return cells_; }
  /// The plug-ins that were loaded into it, in order: name and SHA-256 of the file.
  const Facts& plugins() const { return plugins_; }
  /// Called by load_plugin() when all that the file adds is in.
  void note_plugin(const std::string& file_name, const std::string& digest) {
    plugins_.emplace_back(file_name, digest);
  }

 private:
  void check_new_name(const std::string& name) const;
  std::function<StepProgram(const CellSizes&)> builder_of_text(const std::string& name) const;
  Facts plugins_;
  std::vector<Cell> cells_;
  std::shared_ptr<TextCells> texts_;
};

}  // namespace carousel
