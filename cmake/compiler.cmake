# Warnings and sanitizers for our own targets.
add_library(carousel_options INTERFACE)
target_compile_options(carousel_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wold-style-cast;-Woverloaded-virtual>"
  $<$<BOOL:${CAROUSEL_WERROR}>:-Werror>)
# GCC 12 sees overlaps and overflows inside its own string and vector that are none (its bugs
# 105651 and 107852).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(carousel_options INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
# Apart from the warnings, since plug-ins and programs that use the package need them too.
add_library(carousel_sanitizers INTERFACE)
if(CAROUSEL_SANITIZE)
  target_compile_options(carousel_sanitizers INTERFACE
    -fsanitize=${CAROUSEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(carousel_sanitizers INTERFACE -fsanitize=${CAROUSEL_SANITIZE})
  # The extra code of a sanitizer makes GCC see values that are not set where there are none.
  target_compile_options(carousel_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(CAROUSEL_SANITIZE MATCHES thread)
    # Boost.Asio's fences are not seen by the thread sanitizer; only `carousel bench` uses it.
    target_compile_options(carousel_options INTERFACE -Wno-tsan)
  endif()
endif()
target_link_libraries(carousel_options INTERFACE carousel_sanitizers)
