#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/array_bytes.hpp"

namespace carousel {

/// What a pickle of PyTorch says of a tensor; the numbers are in a file beside it.
struct PickledTensor {
  std::string storage;               ///< name of that file
  std::string type;                  ///< of the numbers, "Float"
  std::optional<NumberForm> form;    ///< of the numbers; none: not one that we read
  std::uint64_t stored = 0;          ///< numbers in the file
  std::uint64_t offset = 0;          ///< the first one of the tensor
  std::vector<std::uint64_t> sizes,  ///< of the tensor, outermost first
      strides;                       ///< numbers from one element to the next, along each axis
};

/// The tensors in a pickle that torch.save has written: a state_dict, or dicts and lists of them
/// and of numbers, one inside the other. Names are the keys that lead to a tensor, with dots
/// between them: "model.rnn.weight_ih_l0". Runs no code: an instruction or a class that such a file
/// does not need is an InputError with its place. Memory and time are in proportion to the bytes.
/// place: for messages.
std::vector<std::pair<std::string, PickledTensor>> pickled_tensors(std::string_view bytes,
                                                                   const std::string& place);

}  // namespace carousel
