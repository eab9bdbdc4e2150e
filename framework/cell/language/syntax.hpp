#pragma once
// What the parser makes of a cell file, before shapes are known.

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carousel {

/// Most axes of a value of one sequence.
inline constexpr int most_rank = 4;

/// A cell file. It lives as long as a place in it.
struct SourceText {
  std::string file;  ///< for messages
  std::string text;  ///< the whole file
};

/// A piece of a source text. Lines and columns count from 1; columns count bytes. It knows its
/// file, since a variant has lines of two files.
struct SourcePlace {
  std::shared_ptr<const SourceText> source = nullptr;  ///< the file
  int line = 0,                                        ///< of its first byte
      column = 0;                                      ///< of its first byte
  int length = 1;                                      ///< bytes
};

/// An expression.
struct Expression {
  /// What an expression is; behind each kind, the fields that it uses.
  enum class Kind {
    number,    ///< value
    name,      ///< text; may have dots (fast.c)
    unary,     ///< text "-", parts {a}
    binary,    ///< text "+", "@", "<=", ..; parts {a, b}
    call,      ///< text: function; parts: arguments; names: of named arguments. Of one of many
               ///< cells, f[k](..): the first part is k, and `indexed`
    delay,     ///< text: what; parts {k}: text[t - k]
    index,     ///< parts {what, subscript, ..}
    subrange,  ///< in an index: parts {first, last}; either may be `absent`
    list,      ///< parts: [a, b, ..]
    absent
  };
  Kind kind = Kind::absent;  ///< which it is
  SourcePlace place;         ///< of the whole expression
  std::string text;          ///< a name, operator or function
  double value = 0.0;        ///< of a number
  bool indexed = false;      ///< of a call
  int height = 1;  ///< of the tree; the parser takes 200 at most, so recursion over it is safe
  std::vector<Expression> parts;   ///< operands, in order
  std::vector<std::string> names;  ///< of call arguments: empty where none is given
};

/// One statement. What of it is used depends on the kind.
struct Statement {
  /// What a statement does; behind each kind, how it is written and the fields that it uses.
  enum class Kind {
    hyper,      ///< name = value
    input,      ///< name : shape, value: the default or absent
    parameter,  ///< name, index and range (of a family), shape, initialiser, fixed
    state,      ///< name : shape
    initial,    ///< name = value
    function,   ///< name(arguments) = value
    noise,      ///< name : shape, initialiser: the distribution, text: "step" or "sequence"
    schedule,   ///< name, options {first, last, updates}
    loss,       ///< name weight options = value
    use,        ///< text (a cell) as name, index and range (of a family) (arguments = options)
    assign,     ///< name = value
    collect,    ///< name = value, in a repeat: behind it the values of all rounds, side by side
    repeat,     ///< name in range { body }
    output      ///< name
  };
  Kind kind = Kind::assign;               ///< which it is
  SourcePlace place;                      ///< of the whole
  SourcePlace name_place;                 ///< of the name
  std::string name;                       ///< what it defines
  std::string text;                       ///< of a use: the cell; of noise: how often it is drawn
  std::vector<std::string> arguments;     ///< of a function; names of the options of a use
  std::vector<Expression> options;        ///< of a use, a schedule; of a loss: its weight, or none
  std::vector<Expression> shape;          ///< sizes of a parameter, state, input or noise
  std::string index;                      ///< of a family: a name for the number of a member
  std::vector<Expression> range;          ///< {first, last}; empty: none
  std::optional<Expression> initialiser;  ///< a name or a call; of noise: what is drawn
  bool fixed = false;                     ///< of a parameter: it is not trained
  bool is_complex = false;                ///< of a parameter or state: it has two parts
  Expression value;                       ///< the right side
  std::vector<Statement> body;            ///< of a repeat
};

/// A file as parsed: `param A, B : ..` is two statements.
struct CellSyntax {
  std::shared_ptr<const SourceText> source;  ///< the file
  std::string name,                          ///< of the cell
      title,                                 ///< a line for lists
      base;                                  ///< the cell that it extends; empty: none
  std::string reference,                     ///< see Cell
      group,                                 ///< see Cell
      conventions;                           ///< see Cell
  SourcePlace name_place,                    ///< where the name stands
      base_place;                            ///< where the base stands
  std::vector<Statement> statements;         ///< in the order of the file
};

/// What a name with dots belongs to: fast of fast.c, u of u.2, h of h.re.
inline std::string owner_of(const std::string& name) { return name.substr(0, name.find('.')); }

/// The cells that one extends and uses.
inline std::vector<std::string> needed_cells(const CellSyntax& syntax) {
  std::vector<std::string> names;
  if (!syntax.base.empty()) names.push_back(syntax.base);
  for (const Statement& statement : syntax.statements) {
    if (statement.kind == Statement::Kind::use) names.push_back(statement.text);
  }
  return names;
}

}  // namespace carousel
