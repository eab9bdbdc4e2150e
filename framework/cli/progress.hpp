#pragma once

#include <chrono>

#include "cli/common_options.hpp"

namespace carousel {

/// Shows a running study on standard error: one line that renews itself on a terminal, a plain
/// line now and then elsewhere.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(const CommonOptions& common);
  ~ProgressDisplay();
  /// The listener that feeds this display, which must outlive it, and obeys signals when the work
  /// begins.
  StudyListener listener();

 private:
  void show(const std::function<StudyProgress()>& ask, const TrialRecord& record,
            const Progress& progress);
  void line(const std::string& text);
  void clear_line();

  bool quiet_;
  std::function<void()> obey_signals_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// "1:02:03", "2:03" or "0:03".
std::string clock_text(double seconds);

}  // namespace carousel
