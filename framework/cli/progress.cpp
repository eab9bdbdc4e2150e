#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t columns = 79;

std::string figure(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

// "[3/42] gru 46 seed 2, jsb_chorales"; a draw of a search has its number and rate in place of the
// seed. What tells trials apart comes first, since the end may be cut off.
std::string trial_name(int ended, int trials, const TrialRecord& r) {
  const std::string which = r.draw > 0 && !r.selected
                                ? fmt::format("draw {} rate {:.2g}", r.draw, r.learning_rate)
                                : fmt::format("seed {}", r.seed);
  return fmt::format("[{}/{}] {} {} {}{}{}, {}", ended, trials, r.name(), r.hidden, which,
                     r.setting.empty() ? "" : " ", r.setting, r.dataset);
}

}  // namespace

std::string clock_text(double seconds) {
  const long long s = std::llround(std::max(0.0, seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

StatusLine::StatusLine() : terminal_(isatty(STDERR_FILENO)) {}

StatusLine::~StatusLine() { clear(); }

void StatusLine::wait() { last_ = Clock::now(); }

bool StatusLine::is_due() const {
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  return Clock::now() - last_ >= interval;
}

void StatusLine::show(const std::string& text) {
  wait();
  if (!terminal_) {
    print(text);
    return;
  }
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void StatusLine::print(const std::string& text) {
  clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void StatusLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

ProgressDisplay::ProgressDisplay(const CommonOptions& common)
    : quiet_(common.quiet), obey_signals_(common.obey_signals) {}

void ProgressDisplay::show(const std::function<StudyProgress()>& ask, const TrialRecord& record,
                           const Progress& p) {
  if (!status_.is_due() || (!status_.is_terminal() && !p.epoch_ended)) return;
  const StudyProgress study = ask();
  const std::string left = std::isnan(study.seconds_left) ? "-" : clock_text(study.seconds_left);
  const std::string name = trial_name(study.ended, study.trials, record);
  if (!status_.is_terminal()) {
    status_.show(fmt::format("{} epoch {}/{} train {} valid {} best {} {} left", name, p.epoch,
                             p.epochs, figure(p.train), figure(p.valid), figure(p.best_valid),
                             left));
    return;
  }
  const auto brief = [](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.2f}", value);
  };
  const std::string figures = fmt::format(" {}/{} valid {} best {} {} left", p.epoch, p.epochs,
                                          brief(p.valid), brief(p.best_valid), left);
  // One line of 79 columns: the name gives way, the figures stay.
  const std::size_t room = columns - std::min(columns, figures.size());
  status_.show(name.substr(0, room) + figures);
}

StudyListener ProgressDisplay::listener() {
  StudyListener listener;
  listener.begins = obey_signals_;
  listener.warn = [this](const std::string& text) { status_.print("warning: " + text); };
  if (quiet_) return listener;
  listener.note = [this](const std::string& text) { status_.print(text); };
  listener.progress = [this](const std::function<StudyProgress()>& study, const TrialRecord& r,
                             const Progress& p) { show(study, r, p); };
  listener.trial_ended = [this](int ended, int trials, const TrialRecord& r) {
    const std::string name = trial_name(ended, trials, r);
    if (r.status != "done") {
      status_.print(fmt::format("{}: {}", name, r.status));
      return;
    }
    status_.print(fmt::format(
        "{}: valid {} at epoch {}/{}{}, {}", name, figure(r.chosen_by()), r.best_epoch, r.epochs,
        r.selected ? ", test " + figure(r.figure(r.metrics.front(), Split::test)) : "",
        clock_text(r.seconds)));
  };
  return listener;
}

}  // namespace carousel
