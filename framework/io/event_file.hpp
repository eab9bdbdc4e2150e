#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <variant>

#include "tensor/tensor.hpp"

namespace carousel {

/// What a hyperparameter of a run is: a number or a text.
using LoggedValue = std::variant<double, std::string>;

/// A file that TensorBoard reads: one event behind the other, each a message of Protocol Buffers
/// between its length and checksums (TFRecord). Steps are those of the caller, and may begin
/// anywhere. What a file holds up to the last flush() stays readable whatever happens. One thread
/// uses it at a time. All functions throw EnvironmentError.
class EventFile {
 public:
  /// Begins a new file events.out.tfevents.TIME.HOST.N in a folder that is there. step: where its
  /// events begin; what earlier files of the folder have from that step on counts no more.
  EventFile(const std::filesystem::path& folder, std::int64_t step);

  /// A number of a curve.
  void scalar(const std::string& tag, std::int64_t step, double value);
  /// A text in Markdown.
  void text(const std::string& tag, std::int64_t step, const std::string& markdown);
  /// Shades from 0 (black) to 1 (white), [rows, columns], the first row on top.
  void image(const std::string& tag, std::int64_t step, const Tensor<float>& shades);
  /// The hyperparameters of the run that the folder is of.
  void hyperparameters(const std::map<std::string, LoggedValue>& values);
  /// How a run ended.
  enum class End { success, failure };
  /// That the run has ended.
  void end(End how);
  /// Hands all that was written on to the system.
  void flush();

  /// Where it is.
  const std::filesystem::path& path() const { return path_; }

 private:
  void write(const std::string& event);
  void expect_good();

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace carousel
