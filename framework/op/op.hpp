#pragma once
// The op table: each primitive op is written down once, with its shape rule, its kernel and its
// derivative in ops of the same table. The tape runs the kernels, a step program records the
// ops, and both differentiate by the same rules.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/tile.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

struct Op;
class Graph;

/// What an op needs besides its inputs. Each op says which fields it reads.
struct Attributes {
  Shape shape;               ///< target of reshape, broadcast_to, sum_to
  double value = 0.0;        ///< constant
  Index axis = -1;           ///< concat, slice, pad, ...: counted from the end, so a leading batch
                             ///< dimension does not move it
  Index begin = 0;           ///< slice, pad
  Index size = 0;            ///< slice: elements taken; pad, scatter_rows, unpick, arange: size of
                             ///< the result
  bool transpose_a = false;  ///< matmul
  bool transpose_b = false;  ///< matmul
  bool reverse = false;      ///< cumsum: from the last element to the first

  /// True when all fields agree, also those that an op does not read.
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

/// A value in a graph: on a tape (eager, it has numbers) or in a step program (it has a shape).
/// Small and cheap to copy; valid until its tape is cleared.
struct Var {
  Graph* graph = nullptr;        ///< the tape or program that holds the value; null: empty
  std::int32_t id = -1;          ///< place in the graph
  std::uint32_t generation = 0;  ///< of the tape, which counts how often it was cleared

  /// False for an empty handle, which stands for no value, or a zero gradient.
  bool defined() const { return graph != nullptr; }
  /// Shape of the value; in a step program the batch dimension is batch_dim.
  Shape shape() const;
};

/// Where ops are applied: the tape or the builder of a step program.
class Graph {
 public:
  virtual ~Graph() = default;
  /// Applies an op. Throws InputError when the shapes or attributes do not fit.
  virtual Var apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) = 0;
  /// Shape of a var of this graph.
  virtual Shape shape_of(Var var) const = 0;
  /// Says that a loss judges the var as a prediction, such as logits: where Gauss-Newton products
  /// cut the loss from the model. The losses of layer/losses.hpp say it.
  virtual void note_prediction(Var) {}
};

/// What a shape rule sees.
struct ShapeCall {
  std::span<const Shape* const> in;  ///< shapes of the inputs; batch_dim may lead in a step program
  const Attributes& attributes;      ///< of this use of the op
};

/// What a kernel sees: evaluated inputs, and an output of the shape that the shape rule gave.
template <class T>
struct KernelCall {
  std::span<const Tensor<T>* const> in;  ///< values of the inputs
  const Attributes& attributes;          ///< of this use of the op
  Tensor<T>& out;                        ///< not initialised; the kernel writes every element
};

/// What a derivative rule sees. It returns the cotangent of input `wrt`; where that input was
/// broadcast, the caller sums the result to its shape.
struct DerivativeCall {
  std::span<const Var> in;       ///< the inputs of the op
  Var out;                       ///< its value
  Var grad;                      ///< cotangent of `out`, in its shape
  const Attributes& attributes;  ///< of this use of the op
  int wrt;                       ///< which input the cotangent is asked for
};

/// What a tangent rule sees. It returns how the value moves where the inputs move by `tangents`:
/// the derivative along a direction, as the derivative rule returns it against one.
struct TangentCall {
  const Op& op;                   ///< the op itself
  std::span<const Var> in;        ///< its inputs
  Var out;                        ///< its value
  std::span<const Var> tangents;  ///< of each input, in its shape; empty: it does not move
  const Attributes& attributes;   ///< of this use of the op
};

/// Inputs on which the gradient check (and the reference page) tries an op.
struct Example {
  std::vector<Shape> shapes;                    ///< of the inputs
  Attributes attributes = {};                   ///< of the op
  std::vector<std::vector<double>> fixed = {};  ///< given values for the inputs from the last on
};

/// One entry of the table.
struct Op {
  std::string_view name;  ///< letters, digits and '_', as in find_op() and the cell language
  std::string_view doc;   ///< one line: the formula
  int arity;              ///< number of inputs; -1: one or more
  /// Shape of the result. Throws InputError where the inputs or attributes do not fit.
  Shape (*shape)(const ShapeCall&);
  void (*kernel_float)(const KernelCall<float>&);    ///< the kernel in single precision
  void (*kernel_double)(const KernelCall<double>&);  ///< and in double; the reference for float
  Var (*derivative)(const DerivativeCall&);          ///< null: no gradient flows through
  /// For the tests, which walk the table; the first and second derivative are checked.
  std::vector<Example> examples;
  std::optional<Tile> tile = {};        ///< set: elementwise, with this tile kernel
  double low = -2.0,                    ///< where the gradient check draws the inputs from
      high = 2.0;                       ///< and up to where
  int differentiable_inputs = 1 << 16;  ///< inputs from this one on are labels or conditions
  /// Of what is not elementwise; linear_tangent() where the value is linear in all inputs that can
  /// be differentiated. Null: the op is elementwise, or has no forward derivative.
  Var (*tangent)(const TangentCall&) = nullptr;
};

/// The op of the tangents, zeros where an input has none.
Var linear_tangent(const TangentCall& call);

/// How the value of an op moves where its inputs do; empty where it does not. Of an elementwise op
/// that is what its derivative rule gives for tangents in the place of cotangents. Throws
/// InputError where the op has a derivative and no tangent rule.
Var tangent_of(const TangentCall& call);

/// Every op, in the order of the reference page; registered ones come last. An op never moves.
const std::deque<Op>& op_table();

/// Adds an op to the table, for a plug-in or a program with ops of its own. Its name and doc must
/// live as long as the program. Call it when the program starts: not while another thread uses the
/// table. Throws InputError when the name is taken or no name, or when a part is missing.
const Op& register_op(Op op);

/// The op of that name. Throws InputError with a suggestion when there is none.
const Op& find_op(std::string_view name);

/// Applies an op in the graph of its inputs. Throws InputError when there are no inputs, or when
/// they are of different graphs.
Var apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes = {});

}  // namespace carousel
