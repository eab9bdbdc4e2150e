#pragma once

#include <filesystem>

#include "io/array_bytes.hpp"

namespace carousel {

/// The tensors of a .pt file that torch.save has written (PyTorch 1.6 and newer), in double: those
/// of a state_dict by their names, those of a checkpoint of several dicts by all keys that lead to
/// them, with dots: "model.rnn.weight_ih_l0". Only those whose names begin with `front` are read.
/// Numbers may be float16, bfloat16, float32, float64, int32, int64 or bool. No code of the file
/// runs, and memory is in proportion to its size. Throws InputError when it is missing, of another
/// form or damaged, holds no such tensor, asks for a class or an instruction that a state_dict does
/// not need, when a tensor reaches beyond its numbers, and as array_of() does.
NamedArrays read_torch_file(const std::filesystem::path& path, const std::string& front = "");

}  // namespace carousel
