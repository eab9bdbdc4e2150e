#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace carousel {

/// The log of a run folder: lines with date and time, appended to run.log and flushed at once.
class RunLog {
 public:
  /// Throws EnvironmentError when the file can't be written.
  explicit RunLog(const std::filesystem::path& folder);
  /// Adds a line of the level "info".
  void info(const std::string& text);
  /// Adds a line of the level "warning".
  void warn(const std::string& text);

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace carousel
