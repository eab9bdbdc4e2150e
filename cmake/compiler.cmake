# Warnings and sanitizers for our own targets.
add_library(carousel_options INTERFACE)
target_compile_options(carousel_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wold-style-cast;-Woverloaded-virtual>"
  $<$<BOOL:${CAROUSEL_WERROR}>:-Werror>)
if(CAROUSEL_SANITIZE)
  target_compile_options(carousel_options INTERFACE
    -fsanitize=${CAROUSEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(carousel_options INTERFACE -fsanitize=${CAROUSEL_SANITIZE})
endif()
