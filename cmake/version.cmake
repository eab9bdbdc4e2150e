cmake_minimum_required(VERSION 3.25)
# Run at each build: writes the commit into a source file, which changes only when it does.
execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=*
  WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#include \"io/version.hpp\"

namespace carousel {
const char* version() { return \"@VERSION@\"; }
const char* commit() { return \"@commit@\"; }
}  // namespace carousel
" @ONLY)
