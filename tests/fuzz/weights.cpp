// Any bytes give arrays or an InputError: those of a .pt file (the first byte is t), or of its
// pickle alone (p), beside numbers that are there. What was read is written as .safetensors and
// reads back, and the layouts take it or refuse it.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "cell/cell.hpp"
#include "exchange/layout_arrays.hpp"
#include "exchange/torch_file.hpp"
#include "io/safetensors.hpp"
#include "io/zip_file.hpp"
#include "target.hpp"

namespace carousel {
namespace {

NamedArrays read(char kind, std::string_view bytes) {
  const auto path = fuzz_folder() / "m.pt";
  if (kind == 't') {
    write_bytes(path, bytes);
  } else {
    write_bytes(path, zip_bytes({{"m/data.pkl", std::string(bytes)},
                                 {"m/data/0", std::string(72, '\x3e')},
                                 {"m/data/1", std::string(24, '\x3e')}}));
  }
  return read_torch_file(path);
}

void expect_that_they_come_back(const NamedArrays& arrays) {
  const auto path = fuzz_folder() / "again.safetensors";
  write_safetensors(path, arrays, {{"note", "a"}});
  const NamedArrays again = read_safetensors(path);
  must_hold(again.size() == arrays.size(), "there are as many arrays");
  for (const auto& [name, array] : arrays) {
    must_hold(again.contains(name) && again.at(name).shape() == array.shape(),
              "a shape comes back");
    // A NaN may lose its payload on its way through float.
    const bool numbers = std::ranges::none_of(array.values(), [](double v) { return v != v; });
    must_hold(!numbers || bytes_of(again.at(name)) == bytes_of(array), "an array comes back");
  }
}

// The texts of the cells that layouts name.
const CellRegistry& cells() {
  static const CellRegistry registry = [] {
    CellRegistry all;
    for (const char* name : {"gru_reset_after", "rnn_relu"}) {
      const auto file =
          std::filesystem::path(CAROUSEL_SOURCE_DIR) / "cells" / (std::string(name) + ".cell");
      all.add_text(file_text(file), file.string());
    }
    return all;
  }();
  return registry;
}

void try_layouts(const NamedArrays& arrays) {
  for (const char* kind : {"pytorch-gru", "pytorch-rnn-relu"}) {
    const Layout& layout = find_layout(kind);
    const Cell& cell = cells().find(layout.cell);
    StackArrays ours;
    try {
      ours = ours_of(layout, cell, arrays, "m.pt");
    } catch (const InputError&) {
      continue;
    }
    must_be_accepted([&] {
      const NamedArrays back = theirs_of(layout, cell, ours, "ours");
      must_hold(back.size() == arrays.size() || lacks_biases(layout, arrays),
                "a layout has as many arrays");
      for (const auto& [name, array] : arrays) {
        must_hold(back.contains(name) && bytes_of(back.at(name)) == bytes_of(array),
                  "a layout gives the same bits back");
      }
    });
  }
}

bool is_text(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

void write_seeds(const std::filesystem::path& folder) {
  const auto golden = std::filesystem::path(CAROUSEL_SOURCE_DIR) / "tests/golden/exchange";
  for (const char* name : {"gru_2_bi_packed", "relu_1_uni_full", "checkpoint"}) {
    const auto file = golden / (std::string(name) + ".pt");
    write_bytes(folder / name, "t" + file_text(file));
    const ZipFile zip(file, "", "");
    for (std::size_t k = 0; k < zip.entries().size(); ++k) {
      if (!zip.entries()[k].name.ends_with("/data.pkl")) continue;
      write_bytes(folder / (std::string(name) + "_pickle"), "p" + zip.unpacked(k, 1 << 20));
    }
  }
}

}  // namespace

void run(std::string_view input) {
  if (input.empty() || (input[0] != 't' && input[0] != 'p')) return;
  const NamedArrays arrays = read(input[0], input.substr(1));
  const bool can_be_named = std::ranges::all_of(arrays, [](const auto& entry) {
    return is_text(entry.first) && entry.first != "__metadata__";
  });
  if (can_be_named) must_be_accepted([&] { expect_that_they_come_back(arrays); });
  try_layouts(arrays);
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
