cmake_minimum_required(VERSION 3.25)
# Writes a C++ file with the names and the texts of all cells of a folder.
file(GLOB files ${FOLDER}/*.cell)
list(SORT files)
set(entries "")
foreach(path IN LISTS files)
  get_filename_component(file ${path} NAME)
  file(READ ${path} text)
  string(APPEND entries "      {\"${file}\", R\"_____(${text})_____\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"cells/catalogue.hpp\"

namespace carousel {
const std::vector<CellText>& catalogue_texts() {
  static const std::vector<CellText> texts = {
${entries}  };
  return texts;
}
}  // namespace carousel
")
