#pragma once
// Cells and ops from a shared library. The library includes this header and says what it adds:
//   CAROUSEL_PLUGIN(registry) {
//     registry.add(my_op());
//     registry.add(my_cell());
//   }
// docs/plugins.md shows how to build one.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// What a plug-in adds. The ops are in the table before the cells are built.
class PluginRegistry {
 public:
  /// Adds a cell, which is built and run once when the plug-in is loaded.
  void add(Cell cell) { cells_.push_back(std::move(cell)); }
  /// Adds an op to the table, by register_op().
  void add(Op op) { ops_.push_back(std::move(op)); }
  /// The cells added, in order.
  const std::vector<Cell>& cells() const { return cells_; }
  /// The ops added, in order.
  const std::vector<Op>& ops() const { return ops_; }

 private:
  std::vector<Cell> cells_;
  std::vector<Op> ops_;
};

/// How a plug-in is loaded.
struct PluginOptions {
  bool check_gradients = false;  ///< compare the derivatives of new ops with differences
};

/// Loads a plug-in: adds its ops to the op table and its cells to `registry`. The library stays
/// loaded as long as the program, since cells hold its code. Call it when the program starts, as
/// register_op. Every cell is built for small sizes and runs two steps. The program must export
/// its symbols (ENABLE_EXPORTS in CMake). Throws InputError, which names the file, when it is no
/// plug-in, was built for something else (the ABI tag differs), throws, adds a name that is taken,
/// or adds a cell or op that fails its check; ops may stay in the table then.
void load_plugin(const std::filesystem::path& path, CellRegistry& registry,
                 const PluginOptions& options = {});

/// What must be the same in a program and its plug-ins, as text that begins with plugin_tag_start.
/// It is read from the file before any code of the plug-in runs.
using PluginTag = std::array<char, 256>;
/// How every PluginTag begins: by it the tag is found in a file.
inline constexpr std::string_view plugin_tag_start = "carousel plug-in, version ";

/// The tag of whatever is compiled with the current compiler and headers.
consteval PluginTag plugin_tag(std::string_view version) {
  PluginTag tag{};
  std::size_t end = 0;
  const auto text = [&](std::string_view part) {
    for (const char c : part) tag.at(end++) = c;
  };
  const auto number = [&](std::uint64_t value) {
    std::uint64_t unit = 1;
    while (value / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10) tag.at(end++) = static_cast<char>('0' + value / unit % 10);
  };
  text(plugin_tag_start);
  text(version);
#ifdef __clang__
  text(", clang ");
  number(__clang_major__);
#else
  text(", g++ ");
  number(__GNUC__);
#endif
  text(", C++ ABI ");
  number(__GXX_ABI_VERSION);
#if defined(_GLIBCXX_USE_CXX11_ABI) && !_GLIBCXX_USE_CXX11_ABI
  text(", old strings");
#endif
#ifdef _GLIBCXX_DEBUG
  text(", debug containers");
#endif
#ifdef __SANITIZE_ADDRESS__
  text(", address sanitizer");
#endif
#ifdef __SANITIZE_THREAD__
  text(", thread sanitizer");
#endif
  text(", sizes");
  for (const std::size_t size :
       {sizeof(Shape), sizeof(Tensor<float>), sizeof(Attributes), sizeof(Op), sizeof(StepProgram),
        sizeof(StepBuilder), sizeof(ProgramNode), sizeof(CellSizes), sizeof(Cell)}) {
    text(" ");
    number(size);
  }
  tag.at(end) = '\0';
  return tag;
}

}  // namespace carousel

/// Begins the function of a plug-in that fills a PluginRegistry, and exports the ABI tag. Once in
/// a plug-in. CAROUSEL_VERSION comes from linking to Carousel::plugin.
#define CAROUSEL_PLUGIN(registry)                                                          \
  extern "C" [[gnu::visibility("default")]] const carousel::PluginTag carousel_plugin_tag; \
  constinit const carousel::PluginTag carousel_plugin_tag =                                \
      carousel::plugin_tag(CAROUSEL_VERSION);                                              \
  extern "C" [[gnu::visibility("default")]] void register_cells(                           \
      carousel::PluginRegistry& registry);                                                 \
  void register_cells(carousel::PluginRegistry& registry)
