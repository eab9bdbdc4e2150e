#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::phrases {

/// A UTF-8 text file that is read line by line, and whose errors say in which line: `FILE:LINE: got
/// 'TEXT', expected ..`.
class LineReader {
 public:
  /// Reads the file. Throws InputError where that can't be done, and where it has no line.
  explicit LineReader(const std::filesystem::path& path);
  // The lines are views of the text beside them.
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Goes to the next line, at first to the first one. False behind the last one.
  bool next();
  /// Goes to the next line. Throws InputError where there is none; lines_of: the file that has more
  /// lines.
  void next_beside(const LineReader& lines_of);
  /// Throws InputError where a line is left; lines_of: the file that has no more.
  void expect_end(const LineReader& lines_of);

  /// The line without its end.
  std::string_view text() const { return lines_[at_ - 1]; }
  /// The name of the file.
  const std::string& file() const { return file_; }
  /// What ` ||| ` parts in the line. Throws InputError where that are not `count` fields; form: how
  /// such a line looks.
  std::vector<std::string_view> fields(std::size_t count, std::string_view form) const;
  /// A finite number that stands in the line. Throws InputError where `text` is none.
  double number(std::string_view text) const;
  /// Throws InputError for this line. got: the part of it that is at fault.
  [[noreturn]] void fail(std::string_view got, std::string_view expected) const;

 private:
  std::string file_, whole_;
  std::vector<std::string_view> lines_;  // of whole_
  std::size_t at_ = 0;                   // lines that were read
};

/// What blanks part.
std::vector<std::string_view> words_of(std::string_view text);

}  // namespace carousel::phrases
