#pragma once
// How other libraries lay out the parameters of recurrent layers: a table.

#include <string>
#include <vector>

namespace carousel {

/// What names the tensors of a layer and of a direction.
enum class Library {
  pytorch,  ///< weight_ih_l0, weight_ih_l0_reverse; all layers in one module
  keras,    ///< kernel; forward_layer/kernel and backward_layer/kernel; a layer each
  onnx      ///< W, whose first axis is the direction; a node for each layer
};

/// How the blocks of a tensor lie.
enum class BlockOrder {
  rows,      ///< one below the other, each as ours: [blocks * hidden, ..] or [blocks * hidden]
  columns,   ///< side by side, each transposed: [.., blocks * hidden]
  two_rows,  ///< of vectors, in two rows: [2, blocks / 2 * hidden]
};

/// A tensor of another library, for one layer and direction.
struct LayoutTensor {
  std::string name;  ///< "weight_ih"
  /// The parameters of ours that it is made of, in order and parted by spaces. "-b_z": minus ours.
  /// "+b_i": a second tensor that is added to the one with "b_i"; ours is their sum, and of ours
  /// comes zero. "0": room that the other library does not read; of ours comes zero.
  std::string blocks;
  BlockOrder order = BlockOrder::rows;  ///< how they lie
};

/// What another library stores of a recurrent layer, and which cell of ours computes the same.
struct Layout {
  std::string kind;   ///< what users call it: "pytorch-lstm"
  Library owner;      ///< whose it is
  std::string cell;   ///< of the catalogue
  std::string layer;  ///< what it is called there, for lists: "nn.LSTM"
  /// The first holds the input matrices, the second the recurrent ones.
  std::vector<LayoutTensor> tensors;
};

/// All of them, one a kind.
const std::vector<Layout>& layouts();
/// The one of that kind. Throws InputError with a suggestion when there is none.
const Layout& find_layout(const std::string& kind);

}  // namespace carousel
