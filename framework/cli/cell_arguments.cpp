#include "cli/cell_arguments.hpp"

#include <charconv>

namespace carousel {
namespace {

std::map<std::string, double> hypers_of(const std::vector<std::string>& texts) {
  std::map<std::string, double> hypers;
  for (const std::string& text : texts) {
    const std::size_t sign = text.find('=');
    const char* const end = text.data() + text.size();
    double value = 0.0;
    const char* const begin = sign == std::string::npos ? end : text.data() + sign + 1;
    const std::from_chars_result read = std::from_chars(begin, end, value);
    if (sign == 0 || read.ec != std::errc() || read.ptr != end) {
      fail_input("--set {}: expected name=number, such as --set depth=3", text);
    }
    expect_within(fmt::format("--set {}", text).c_str(), value, -most_hyper, most_hyper);
    hypers[text.substr(0, sign)] = value;
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
