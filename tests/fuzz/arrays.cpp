// Any bytes give arrays or an InputError: those of an .npy file (the first byte is n), of an .npz
// file (z) or of a .safetensors file (s). What was read and is written as .npz reads back.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "numpy_file.hpp"
#include "target.hpp"

namespace carousel {
namespace {

bool same(const Tensor<double>& one, const Tensor<double>& other) {
  return one.shape() == other.shape() && bytes_of(one) == bytes_of(other);
}

NamedArrays read(char kind, std::string_view bytes) {
  if (kind == 'n') return {{"a", npy_array(bytes, "a.npy")}};
  const auto path = fuzz_folder() / "arrays";
  write_bytes(path, bytes);
  return kind == 'z' ? read_npz(path) : read_safetensors(path);
}

void expect_that_they_come_back(const NamedArrays& arrays) {
  const auto path = fuzz_folder() / "again.npz";
  write_npz(path, arrays);
  const NamedArrays again = read_npz(path);
  must_hold(again.size() == arrays.size(), "there are as many arrays");
  for (const auto& [name, array] : arrays) {
    must_hold(again.contains(name) && same(array, again.at(name)), "an array comes back");
  }
}

void write_seeds(const std::filesystem::path& folder) {
  const auto a = Tensor<double>::from({2, 1}, {0.5, -2.0}), b = Tensor<double>::from({}, {7.0});
  write_npz(folder / "two.npz", {{"a", a}, {"b", b}});
  write_bytes(folder / "npz", "z" + file_text(folder / "two.npz"));
  std::filesystem::remove(folder / "two.npz");
  write_bytes(folder / "npy", "n" + npy_bytes(a));
  write_bytes(folder / "fortran",
              "n" + npy_file("{'descr': '<i4', 'fortran_order': True, 'shape': (1, 2), }",
                             std::string(8, '\1')));
  write_bytes(folder / "safetensors",
              "s" + safetensors_file(R"({"__metadata__":{"a":"b"},"a":{"dtype":"F32","shape":[2],)"
                                     R"("data_offsets":[0,8]}})",
                                     std::string(8, '\1')));
}

}  // namespace

void run(std::string_view input) {
  constexpr std::string_view kinds = "nzs";
  if (input.empty() || kinds.find(input[0]) == kinds.npos) return;
  const NamedArrays arrays = read(input[0], input.substr(1));
  // A name that no file of an archive can have is not written.
  const bool can_be_named = std::ranges::all_of(arrays, [](const auto& entry) {
    return entry.first.size() < 100 &&
           std::ranges::all_of(entry.first, [](char c) { return c >= ' ' && c <= '~'; });
  });
  if (!arrays.empty() && can_be_named) {
    must_be_accepted([&] { expect_that_they_come_back(arrays); });
  }
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
