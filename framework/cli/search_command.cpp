#include "cli/search_command.hpp"

#include <cstdio>

#include "cli/new_folder.hpp"
#include "cli/progress.hpp"
#include "io/files.hpp"
#include "search/search_files.hpp"

namespace carousel {
namespace {

int end(const SearchResults& results, const StudyRun& run) {
  if (!results.finished) {
    std::fprintf(stderr, "interrupted; go on with: carousel resume %s\n",
                 run.folder.string().c_str());
    return exit_interrupted;
  }
  std::printf("%s\nequations of the best: %s\n", population_table(results).c_str(),
              (run.folder / "best.md").string().c_str());
  return 0;
}

}  // namespace

int search_command(CellRegistry& registry, const SearchArguments& arguments,
                   const CommonOptions& common, const std::atomic<bool>& stop) {
  std::vector<std::string> cells, changes;
  for (const std::string& word : arguments.words) {
    (word.find('=') == std::string::npos ? cells : changes).push_back(word);
  }
  const CellSearchOptions options = read_search(arguments.search, cells, changes);
  const NewFolder folder(common.out, options.name);
  const StudyRun run = run_in(folder.path(), common);
  ProgressDisplay display(common);
  return end(start_search(options, registry, run, stop, display.listener()), run);
}

int resume_search_command(CellRegistry& registry, const std::string& folder,
                          const std::vector<std::string>& overrides, const CommonOptions& common,
                          const std::atomic<bool>& stop) {
  const StudyRun run = run_in(folder, common);
  ProgressDisplay display(common);
  return end(resume_search(registry, run, overrides, stop, display.listener()), run);
}

int search_report_command(const std::string& folder) {
  std::printf("%s", read_text(std::filesystem::path(folder) / "best.md").c_str());
  return 0;
}

}  // namespace carousel
