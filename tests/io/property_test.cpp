// What holds for every content: archives and CSV files read back as they were.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "archive_difference.hpp"
#include "csv.hpp"
#include "io/archive.hpp"
#include "io/csv.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

// Without zeros, which end a text in HDF5, and '/', '.', which make groups of a name.
std::string name() {
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')));
}
std::string text() { return *rc::gen::container<std::string>(rc::gen::nonZero<char>()); }

template <class T>
Tensor<T> tensor() {
  Shape shape;
  const int rank = *rc::gen::inRange(0, 4);
  for (int axis = 0; axis < rank; ++axis) shape.push_back(*rc::gen::inRange(0, 5));
  Tensor<T> values = Tensor<T>::zeros(shape);
  for (Index i = 0; i < values.numel(); ++i) values.data()[i] = *rc::gen::arbitrary<T>();
  return values;
}

RC_GTEST_PROP(ArchiveProperty, ReadsBackBitByBit, ()) {
  Archive archive;
  for (int k = *rc::gen::inRange(0, 6); k > 0; --k) {
    const std::string own = name();
    archive.texts["t" + own] = text();
    archive.counters["c" + own] = *rc::gen::arbitrary<std::int64_t>();
    archive.numbers["n" + own] = *rc::gen::arbitrary<double>();
    archive.floats["f" + own + "/" + name()] = tensor<float>();
    archive.doubles["d" + own] = tensor<double>();
  }
  static const TemporaryFolder folder;
  write_archives(folder / "a.h5", {{"trial", archive}});
  RC_ASSERT(first_difference(archive, read_archives(folder / "a.h5").at("trial")) == "");
}

RC_GTEST_PROP(CsvProperty, AnyTextIsAField, ()) {
  const int columns = *rc::gen::inRange(1, 5);
  const auto line = [&] {
    std::vector<std::string> fields;
    for (int k = 0; k < columns; ++k) {
      fields.push_back(*rc::gen::container<std::string>(
          rc::gen::element('a', ',', '"', '\n', ';', ' ', '\t', '|')));
    }
    // A line of one empty field is an empty line, which no reader counts.
    if (columns == 1 && fields[0].empty()) fields[0] = "a";
    return fields;
  };
  std::vector<std::vector<std::string>> lines = {line()};
  CsvText csv(lines[0]);
  for (int k = *rc::gen::inRange(0, 5); k > 0; --k) {
    lines.push_back(line());
    csv.add(lines.back());
  }
  RC_ASSERT(csv_fields(csv.text()) == lines);
}

}  // namespace
}  // namespace carousel
