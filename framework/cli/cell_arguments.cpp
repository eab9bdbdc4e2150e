#include "cli/cell_arguments.hpp"

#include <algorithm>
#include <charconv>

namespace carousel {
namespace {

HyperValue hyper_of(const std::string& text, const std::string& value) {
  const char* const end = value.data() + value.size();
  double number = 0.0;
  const std::from_chars_result read = std::from_chars(value.data(), end, number);
  if (read.ec == std::errc() && read.ptr == end) {
    expect_within(fmt::format("--set {}", text).c_str(), number, -most_hyper, most_hyper);
    return number;
  }
  if (is_hyper_word(value)) return value;
  fail_input("--set {}: expected name=number, such as --set depth=3, or name=word", text);
}

HyperValues hypers_of(const std::vector<std::string>& texts) {
  HyperValues hypers;
  for (const std::string& text : texts) {
    const std::size_t sign = std::min(text.find('='), text.size());
    const std::size_t value = std::min(sign + 1, text.size());
    hypers[text.substr(0, sign)] = hyper_of(text, sign > 0 ? text.substr(value) : "");
  }
  return hypers;
}

}  // namespace

void expect_within(const char* option, double got, double least, double most) {
  if (!(got >= least && got <= most)) {
    fail_input("{}: got {}, expected {} to {}", option, got, least, most);
  }
}

CellSizes sizes_of(const CellArguments& arguments, const CellSizes& otherwise) {
  CellSizes sizes{arguments.input.value_or(otherwise.input),
                  arguments.hidden.value_or(otherwise.hidden), hypers_of(arguments.hyper)};
  expect_within("--input", double(sizes.input), 1, double(most_units));
  expect_within("--hidden", double(sizes.hidden), 1, double(most_units));
  return sizes;
}

}  // namespace carousel
