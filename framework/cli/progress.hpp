#pragma once

#include <chrono>

#include "cli/common_options.hpp"

namespace carousel {

/// A line on standard error that renews itself on a terminal; elsewhere plain lines, a few seconds
/// apart.
class StatusLine {
 public:
  /// The first text is due at once.
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Whether standard error is a terminal.
  bool is_terminal() const { return terminal_; }
  /// Lets the time to the next text begin now.
  void wait();
  /// Whether it is time for another text.
  bool is_due() const;
  /// Shows a text of at most 79 columns, which stays until the next one on a terminal.
  void show(const std::string& text);
  /// Prints a line that stays.
  void print(const std::string& text);
  /// Takes away what is shown.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// Shows a running study on standard error: one line that renews itself on a terminal, a plain
/// line now and then elsewhere.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(const CommonOptions& common);
  /// The listener that feeds this display, which must outlive it, and obeys signals when the work
  /// begins.
  StudyListener listener();

 private:
  void show(const std::function<StudyProgress()>& ask, const TrialRecord& record,
            const Progress& progress);

  bool quiet_;
  std::function<void()> obey_signals_;
  StatusLine status_;
};

/// "1:02:03", "2:03" or "0:03".
std::string clock_text(double seconds);

}  // namespace carousel
