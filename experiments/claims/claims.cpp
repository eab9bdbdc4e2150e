// The verdicts of this study out of the results of its parts: claims RESULTS [--page FILE] [--csv
// FILE].

#include <CLI/CLI.hpp>
#include <cstdio>

#include "claim.hpp"
#include "io/files.hpp"
#include "program.hpp"

namespace {

int run(int argc, char** argv) {
  CLI::App app("Verdicts on claims about recurrent networks, as a table of Markdown");
  std::string results, page, csv;
  app.add_option("RESULTS", results, "A folder with one of results for each study of this one")
      ->required();
  app.add_option("--page", page, "File for the same as a page with pictures");
  app.add_option("--csv", csv, "File for the effects by task");
  app.callback([&] {
    const auto claims = carousel::claims::claims_from(results);
    std::fputs(carousel::claims::verdicts_markdown(claims).c_str(), stdout);
    if (!page.empty()) carousel::write_text(page, carousel::claims::verdicts_page(claims));
    if (!csv.empty()) carousel::write_text(csv, carousel::claims::contrasts_csv(claims));
  });
  return carousel::run_app(app, argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return carousel::exit_code_of([&] { return run(argc, argv); });
}
