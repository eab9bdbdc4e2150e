# The chart library of the HTML report is put into the binary, so that a page needs no network.
find_file(CAROUSEL_CHART_JS NAMES chart.min.js Chart.min.js
  PATHS /usr/share/javascript/chart.js NO_DEFAULT_PATH REQUIRED)

# Writes a C file that defines `const unsigned char NAME[]` and `NAME_size` with the text of
# one file, or of several one behind the other.
function(carousel_embed_text inputs output name)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DINPUT=${inputs}" -DOUTPUT=${output} -DNAME=${name}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    VERBATIM)
endfunction()
