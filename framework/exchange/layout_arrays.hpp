#pragma once
// Parameters of ours in the layout of another library, and the other way round.

#include <string>

#include "cell/cell.hpp"
#include "exchange/layouts.hpp"
#include "exchange/stack_arrays.hpp"

namespace carousel {

/// The arrays of another library as ours. theirs: named as in one module of PyTorch
/// ("weight_ih_l0_reverse"), as those of a layer of Keras ("kernel", behind "forward_layer/" or
/// "backward_layer/" where it is bidirectional) or of a node of ONNX ("W"); the latter two behind
/// "0/", "1/" where there are several layers. reference: the cell that the layout names. file: for
/// messages. Where two biases are added, ours is their sum in double, and both stand beside it
/// (summand_names); where one of them is zero, ours is the other bit by bit. Of a layer without
/// biases ours are zeros. Throws InputError, which lists both sides, where an array is missing,
/// left over, of another shape or not finite.
StackArrays ours_of(const Layout& layout, const Cell& reference, const NamedArrays& theirs,
                    const std::string& file);

/// Whether the layout has biases and `theirs`, named as above, none of them.
bool lacks_biases(const Layout& layout, const NamedArrays& theirs);

/// Ours, by the names of `reference`, as the arrays of another library, bit by bit, named as above.
/// Where it adds two biases, they are those beside ours as long as ours is their sum, in double or
/// rounded to float, element by element; else the first is ours and the second is zero. whose: for
/// messages. Throws InputError as ours_of() does.
NamedArrays theirs_of(const Layout& layout, const Cell& reference, const StackArrays& ours,
                      const std::string& whose);

/// The sizes of the first layer. whose: for messages. Throws InputError where its parameters are
/// not those of the layout's cell.
CellSizes first_sizes(const Layout& layout, const StackArrays& ours, const std::string& whose);

/// What `reference` calls the parameters of a cell, by their own names.
using ReferenceNames = std::map<std::string, std::string>;

/// Those of a cell that computes what `reference` does, whatever its names are, in whichever order
/// it has the terms of its sums, and whatever its first values are. whose: for messages. Throws
/// InputError where it computes something else.
ReferenceNames reference_names(const Layout& layout, const Cell& reference,
                               const StepProgram& program, const std::string& whose);

/// A stack by the names of the reference.
StackArrays renamed(const StackArrays& stack, const ReferenceNames& names);

/// A whole model of ours in the layout of another library: its stacks as theirs_of(), each behind
/// its name and a separator, "layers.weight_ih_l0" or "layers/kernel", and its layers without
/// recurrence as that library has them: NAME.weight and NAME.bias of PyTorch, NAME/kernel
/// (transposed), NAME/bias and NAME/embeddings of Keras; those of ONNX, which has no names for
/// them, stay as they are. names: of the stacks' cell. Throws InputError as theirs_of() does, and
/// where a stack has layer norm.
NamedArrays model_in_layout(const Layout& layout, const Cell& reference,
                            const NamedArrays& parameters, const ReferenceNames& names,
                            const std::string& whose);

}  // namespace carousel
