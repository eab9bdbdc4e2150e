#pragma once
// Results that must have the same bits: a failure names the first entry that has not.

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>

#include "io/archive.hpp"
#include "text_difference.hpp"

namespace carousel {

/// The first entry in which two maps differ; compare(name, a, b) says how, or nothing.
template <class Map, class Compare>
std::string first_difference(const Map& a, const Map& b, Compare&& compare) {
  for (const auto& [name, value] : a) {
    const auto other = b.find(name);
    const std::string how =
        other == b.end() ? "only in the first" : compare(name, value, other->second);
    if (!how.empty()) return name + ": " + how;
  }
  for (const auto& [name, value] : b) {
    if (!a.contains(name)) return name + ": only in the second";
  }
  return "";
}

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// The first entry in which two archives do not have the same bits; empty where there is none.
/// Times are left out.
inline std::string first_difference(const Archive& a, const Archive& b) {
  const auto of_values = [](const std::string& name, auto x, auto y) {
    return name == "seconds" || same_bits(x, y) ? "" : fmt::format("{} and {}", x, y);
  };
  const auto of_tensors = []<class T>(const std::string& name, const Tensor<T>& x,
                                      const Tensor<T>& y) -> std::string {
    if (!(x.shape() == y.shape())) {
      return fmt::format("shapes {} and {}", x.shape().to_string(), y.shape().to_string());
    }
    for (Index i = 0; i < x.numel(); ++i) {
      if (name == "curve" && i % x.shape()[1] == 2) continue;  // the column of seconds
      if (!same_bits(x.data()[i], y.data()[i])) {
        return fmt::format("element {} is {} and {}", i, x.data()[i], y.data()[i]);
      }
    }
    return "";
  };
  const auto of_texts = [](const std::string&, const std::string& x, const std::string& y) {
    return first_difference(x, y);
  };
  for (const std::string& how : {first_difference(a.floats, b.floats, of_tensors),
                                 first_difference(a.doubles, b.doubles, of_tensors),
                                 first_difference(a.numbers, b.numbers, of_values),
                                 first_difference(a.counters, b.counters, of_values),
                                 first_difference(a.texts, b.texts, of_texts)}) {
    if (!how.empty()) return how;
  }
  return "";
}

/// The same of the checkpoints of the trials of two runs. How often a study saves may differ.
inline std::string checkpoint_difference(const std::filesystem::path& one,
                                         const std::filesystem::path& two) {
  const auto read = [](const std::filesystem::path& run_folder) {
    std::map<std::string, Archive> all;
    for (const auto& entry : std::filesystem::directory_iterator(run_folder / "trials")) {
      all.merge(read_archives(entry.path() / "checkpoint.h5"));
    }
    for (auto& [key, archive] : all) {
      archive.texts.erase("study");
      archive.texts.erase("run");  // no two runs have one name
    }
    return all;
  };
  return first_difference(read(one), read(two),
                          [](const std::string&, const Archive& a, const Archive& b) {
                            return first_difference(a, b);
                          });
}

}  // namespace carousel
