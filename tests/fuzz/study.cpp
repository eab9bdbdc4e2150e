// Any bytes give a study or an InputError, and nothing else. A line `---` parts the text of the
// file from overrides, one a line. What is read is written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "study/study_options.hpp"
#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

void run(const std::string& text) {
  const std::string border = "\n---\n";
  const std::size_t at = text.find(border);
  std::vector<std::string> overrides;
  if (at != std::string::npos) {
    std::istringstream lines(text.substr(at + border.size()));
    for (std::string line; std::getline(lines, line);) overrides.push_back(line);
  }
  const std::string written = to_yaml(parse_study(text.substr(0, at), "study.yaml", overrides));
  try {
    if (to_yaml(parse_study(written, "written", {})) != written) std::abort();
  } catch (const InputError&) {  // what was accepted must read back
    std::abort();
  }
}

}  // namespace
}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const auto seeds = carousel::seed_folder();
  if (!seeds.empty()) carousel::copy_seeds("experiments", ".yaml", seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    carousel::run({reinterpret_cast<const char*>(data), size});
  } catch (const carousel::InputError&) {
  }
  return 0;
}
