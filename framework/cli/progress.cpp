#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t columns = 79;

std::string nll(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

std::string trial_name(int trial, int trials, const TrialRecord& record) {
  return fmt::format("[{}/{}] {} {} seed {}", trial, trials, record.name(), record.hidden,
                     record.seed);
}

}  // namespace

std::string clock_text(double seconds) {
  const long long s = std::llround(std::max(0.0, seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

ProgressDisplay::ProgressDisplay(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO)) {}

ProgressDisplay::~ProgressDisplay() { clear_line(); }

void ProgressDisplay::clear_line() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

void ProgressDisplay::line(const std::string& text) {
  clear_line();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void ProgressDisplay::show(int trial, int trials, const TrialRecord& record, const Progress& p) {
  const auto now = Clock::now();
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  if (now - last_ < interval || (!terminal_ && !p.epoch_ended)) return;
  last_ = now;
  const double left = p.done > 0.0 ? p.seconds / p.done * (1.0 - p.done) : 0.0;
  if (!terminal_) {
    line(fmt::format("{} epoch {}/{} train {} valid {} best {} {} left",
                     trial_name(trial, trials, record), p.epoch, p.epochs, nll(p.train_nll),
                     nll(p.valid_nll), nll(p.best_valid_nll), clock_text(left)));
    return;
  }
  const auto brief = [](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.2f}", value);
  };
  const std::string figures = fmt::format(
      " s{} {}/{} train {} valid {} best {} {} left", record.seed, p.epoch, p.epochs,
      brief(p.train_nll), brief(p.valid_nll), brief(p.best_valid_nll), clock_text(left));
  const std::string name =
      fmt::format("[{}/{}] {} {}", trial, trials, record.name(), record.hidden);
  // One line of 79 columns: the name gives way, the figures stay.
  const std::size_t room = columns - std::min(columns, figures.size());
  std::fprintf(stderr, "\r\033[K%s%s", name.substr(0, room).c_str(), figures.c_str());
  std::fflush(stderr);
  shown_ = true;
}

StudyListener ProgressDisplay::listener() {
  StudyListener listener;
  listener.warn = [this](const std::string& text) { line("warning: " + text); };
  if (quiet_) return listener;
  listener.note = [this](const std::string& text) { line(text); };
  listener.progress = [this](int trial, int trials, const TrialRecord& r, const Progress& p) {
    show(trial, trials, r, p);
  };
  listener.trial_ended = [this](int trial, int trials, const TrialRecord& r) {
    const std::string name = trial_name(trial, trials, r);
    if (r.status != "done") {
      line(fmt::format("{}: {}", name, r.status));
      return;
    }
    line(fmt::format("{}: valid {} at epoch {}/{}, test {}, {}", name, nll(r.valid_nll),
                     r.best_epoch, r.epochs, nll(r.test_nll), clock_text(r.seconds)));
  };
  return listener;
}

}  // namespace carousel
