#include "cell/language/build.hpp"

#include "cell/language/cell_builder.hpp"
#include "cell/language/warnings.hpp"

namespace carousel {

StepProgram build_program(const CellSyntax& syntax, const CellSizes& sizes, const FindSyntax& find,
                          std::vector<std::string>* warnings) {
  ProgramInWork program{StepBuilder(syntax.name), find};
  CellBuilder(program, syntax, sizes).run();
  if (warnings) {
    for (std::string& warning : warnings_of(syntax)) warnings->push_back(std::move(warning));
  }
  return program.builder.finish();
}

}  // namespace carousel
