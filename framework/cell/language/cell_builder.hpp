#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cell/language/build.hpp"
#include "cell/language/expressions.hpp"

namespace carousel {

/// What the cells of one program share: a cell, and those that it uses.
struct ProgramInWork {
  StepBuilder builder;           ///< the program so far
  const FindSyntax& find;        ///< gives the cells that are used, by name
  Budget budget = {};            ///< what all of them may ask for together
  std::optional<Var> step = {},  ///< the number of the step, where a cell reads it
      training = {},             ///< 1 in training, likewise
      length = {};               ///< the steps of the sequence, likewise
};

/// Builds one cell of text into a program: its lines in turn, and all names that they speak of.
class CellBuilder final : public Expressions {
 public:
  /// The cell itself.
  CellBuilder(ProgramInWork& program, const CellSyntax& syntax, const CellSizes& sizes);

  /// Runs all lines of the cell itself, and sets the program's output.
  void run();

 private:
  /// A value as it was set.
  struct Setting {
    Value value;
    SourcePlace place;
  };
  using Names = std::map<std::string, Setting>;
  /// A state: its values at the steps before, the latest first.
  struct State {
    std::string name;
    SourcePlace first_read;
    Shape shape;
    std::optional<Value> initial;
    std::vector<Var> previous;
  };
  /// Where in a list of lines the work is.
  struct Frame {
    const std::vector<Statement>* lines;
    bool last_round;
    std::string round;  // ".1" in braces
    std::size_t at = 0;
  };

  /// A cell used in another one.
  CellBuilder(CellBuilder& user, const Statement& line, const std::string& name,
              const CellSyntax& syntax);

  // cell_builder.cpp: lines
  void declare(const std::vector<Statement>& lines, bool on_top);
  void declare(const Statement& line);
  void set_size(const std::string& name, Index size);
  HyperValue hyper_option(const Expression& e);
  void set_hypers(const HyperValues& given);
  void set_hyper(const std::string& name, const HyperValue& value);
  void expect_like_default(const std::string& name, const HyperValue& value) const;
  Value run_lines();
  void run_line(const Statement& line);
  void assign(const Statement& line);
  void repeat(const Statement& line);
  void join_collected(const Statement& line);
  void use(const Statement& line);
  void loss(const Statement& line);
  bool is_last_setting(const std::string& name) const;
  std::string numbered(const std::string& name);
  Value let(std::string name, const Value& value);
  void name_carried();
  std::string shape_in_words(const Shape& shape) const;
  void finish_state(const State& state);
  Value finish_output();

  // names.cpp: what names stand for
  Value read(const Expression& e) override;
  Value read_delay(const Expression& e) override;
  bool defines(const std::string& name) const override;
  Value call(const Expression& e) override;
  std::optional<Value> read_family(const Expression& e) override;
  Value value_of(const std::string& name, const SourcePlace& place);
  std::optional<Value> value_of_all_cells(const std::string& name);
  Value delay_of(const std::string& name, Index steps, const SourcePlace& place);
  Value parameter(const Statement& line, std::optional<Index> index, const SourcePlace& place);
  const Statement* complex_state(const std::string& name) const;
  static Value part_of(const Value& value, const std::string& name);
  State& state(const std::string& name, const SourcePlace& place);
  void add_delay(State& state);
  Shape state_shape(const std::string& name, const SourcePlace& place);
  Value call_word(const std::string& word, const Expression& e);
  Value call_definition(const Statement& definition, const Expression& e);
  Value call_cell(CellBuilder& cell, const Expression& e);
  CellBuilder& member_of(const Statement& family, const Expression& call);
  void begin_call(const SourcePlace& place);
  void take_input(const Value& value, const SourcePlace& place);
  void take_argument(const std::string& name, const Value& value, const SourcePlace& place);
  CellBuilder* cell_of(const std::string& name, std::string& rest);
  std::string old_value_of(const std::string& name) const;
  [[noreturn]] void fail_unknown(const std::string& name, const SourcePlace& place);
  template <class Work>
  auto on_top(Work&& work);

  // draws.cpp: what is drawn
  Initialiser initialiser(const Statement& line, const Shape& shape, const std::string& part);
  Value noise(const Statement& line);
  Value scheduled(const Statement& line);

  ProgramInWork& program_;
  const CellSyntax& syntax_;
  const CellBuilder* user_ = nullptr;
  std::string prefix_;            // of names in the program: "fast.", "fast.2." in a second call
  std::string parameter_prefix_;  // of its parameters, which all calls share: "fast."
  int nesting_ = 1;

  std::map<std::string, const Statement*> parameters_, inputs_, shapes_, initials_, definitions_,
      noises_, families_;  // families_: of cells
  const Statement* output_ = nullptr;
  std::set<std::string> assigned_;  // all names that a line sets
  std::set<std::string> losses_;
  std::set<std::string> set_in_braces_;       // those that a line in braces sets
  std::map<std::string, double> constants_;   // sizes and hyperparameters
  std::map<std::string, std::string> words_;  // hyperparameters that are no numbers

  Names values_;               // set on top, and those of finished rounds (u.1)
  std::vector<Names> locals_;  // of the rounds, or of the definition in work
  std::vector<Frame> frames_;
  std::map<const Statement*, std::vector<Value>> collected_;  // by the line: of the rounds so far
  std::map<std::string, Value> input_values_;
  std::map<std::string, Value> made_parameters_;
  std::set<std::string> open_parameters_;
  std::vector<const Statement*> open_definitions_;
  std::map<std::string, std::unique_ptr<CellBuilder>> cells_;
  std::vector<State> states_;
  std::map<std::string, Value> given_;  // states that the call gives
  std::set<std::string> given_unread_;
  std::map<std::string, int> settings_;  // how often a name carried by a repeat was set
  std::set<std::string> used_names_;
  int calls_ = 0;
  SourcePlace call_place_;  // the last one
};

}  // namespace carousel
