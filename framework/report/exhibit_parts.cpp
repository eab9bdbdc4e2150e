#include "report/exhibit_parts.hpp"

#include "tensor/error.hpp"

namespace carousel {
namespace {

template <class Part>
const Part& part_in(const Exhibit& exhibit, const std::map<std::string, Part>& parts,
                    const char* what, const std::string& name) {
  const auto found = parts.find(name);
  if (found == parts.end()) {
    fail_bug("the exhibit '{}' of kind '{}' has no {} '{}'", exhibit.title, exhibit.kind, what,
             name);
  }
  return found->second;
}

}  // namespace

const Tensor<float>& array_in(const Exhibit& exhibit, const std::string& name) {
  return part_in(exhibit, exhibit.arrays, "array", name);
}

double number_in(const Exhibit& exhibit, const std::string& name) {
  return part_in(exhibit, exhibit.numbers, "number", name);
}

const std::string& text_in(const Exhibit& exhibit, const std::string& name) {
  return part_in(exhibit, exhibit.texts, "text", name);
}

std::vector<std::string> lines_in(const Exhibit& exhibit, const std::string& name) {
  std::vector<std::string> lines(1);
  for (const char c : text_in(exhibit, name)) {
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  }
  return lines;
}

}  // namespace carousel
