// Any bytes give a study or an InputError, and nothing else. A line `---` parts the text of the
// file from overrides, one a line. What is read is written and read again.

#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "study/study_options.hpp"
#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {

void run(std::string_view input) {
  const std::string text(input);
  const std::string border = "\n---\n";
  const std::size_t at = text.find(border);
  std::vector<std::string> overrides;
  if (at != std::string::npos) {
    std::istringstream lines(text.substr(at + border.size()));
    for (std::string line; std::getline(lines, line);) overrides.push_back(line);
  }
  const std::string written = to_yaml(parse_study(text.substr(0, at), "study.yaml", overrides));
  must_be_accepted([&] {
    must_hold(to_yaml(parse_study(written, "written", {})) == written, "a study reads back");
  });
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const auto seeds = carousel::seed_folder();
  if (!seeds.empty()) carousel::copy_seeds("experiments", ".yaml", seeds);
  return 0;
}
