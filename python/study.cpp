#include "study.hpp"

#include <pybind11/stl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "arrays.hpp"
#include "cell.hpp"
#include "report/report_files.hpp"
#include "report/table.hpp"
#include "study/open_model.hpp"
#include "study/study.hpp"
#include "tensor/convert.hpp"
#include "work_scope.hpp"

namespace carousel::python {
namespace {

namespace fs = std::filesystem;

// As Epoch in study.py.
struct EpochEnded {
  std::string cell, dataset, setting;
  std::uint64_t seed;
  int draw, number;
  std::string metric;
  double valid;
};

// What a study says while it runs, from its threads to the one that waits for it.
class Mailbox {
 public:
  struct Letter {
    std::string kind, text;           // "note", "warning", "trial", "progress"
    std::optional<EpochEnded> epoch;  // then there is no text
  };
  void post(Letter letter) {
    const std::lock_guard lock(mutex_);
    letters_.push_back(std::move(letter));
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    changed_.notify_one();
  }
  // Waits a moment; false once there will be no more.
  bool take(std::deque<Letter>& letters) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(50),
                      [&] { return has_ended_ || !letters_.empty(); });
    letters.swap(letters_);
    return !has_ended_ || !letters.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Letter> letters_;
  bool has_ended_ = false;
};

StudyListener listener_to(Mailbox& mailbox) {
  StudyListener listener;
  listener.note = [&](const std::string& text) { mailbox.post({"note", text, {}}); };
  listener.warn = [&](const std::string& text) { mailbox.post({"warning", text, {}}); };
  listener.trial_ended = [&](int ended, int trials, const TrialRecord& trial) {
    mailbox.post({"trial",
                  fmt::format("[{}/{}] {} {} seed {}: {}", ended, trials, trial.dataset,
                              trial.name(), trial.seed, trial.status),
                  {}});
  };
  listener.progress = [&, last = std::chrono::steady_clock::time_point()](
                          const std::function<StudyProgress()>& study, const TrialRecord& trial,
                          const Progress& progress) mutable {
    if (progress.epoch_ended) {
      const CurvePoint& point = trial.curve.back();
      mailbox.post({{},
                    {},
                    EpochEnded{trial.name(), trial.dataset, trial.setting, trial.seed, trial.draw,
                               point.epoch, trial.metrics.front(), point.valid.front()}});
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::seconds(1)) return;
    last = now;
    const StudyProgress at = study();
    mailbox.post(
        {"progress",
         fmt::format("{} of {} trials, {} seed {}, epoch {}, {:.0f} s left", at.ended, at.trials,
                     trial.name(), trial.seed, trial.epochs + 1, at.seconds_left),
         {}});
  };
  return listener;
}

// What Python hears of a study: what it says, and figures by epoch.
struct Ears {
  py::object text,
      epoch;  // called with (kind, text), and with the fields of an EpochEnded; or None

  void hear(const Mailbox::Letter& letter) const {
    if (!letter.epoch) {
      text(letter.kind, letter.text);
    } else if (!epoch.is_none()) {
      const EpochEnded& e = *letter.epoch;
      epoch(e.cell, e.dataset, e.setting, e.seed, e.draw, e.number, e.metric, e.valid);
    }
  }
};

// Calls work(stop, listener) on a thread of its own. The calling one hands on what the study says,
// and stops it when Python has a signal, such as Ctrl-C, to raise, or one that hears raises.
template <class Work>
StudyResults run_heard(const Ears& ears, Work&& work) {
  Mailbox mailbox;
  std::atomic<bool> stop{false};
  std::optional<StudyResults> results;
  std::exception_ptr problem, raised;
  std::thread worker([&] {
    try {
      const OneBlasThread one;
      results = work(stop, listener_to(mailbox));
    } catch (...) {
      problem = std::current_exception();
    }
    mailbox.end();
  });
  std::deque<Mailbox::Letter> letters;
  while (true) {
    bool goes_on = false;
    {
      const py::gil_scoped_release release;
      goes_on = mailbox.take(letters);
    }
    if (!raised) {
      try {
        for (const Mailbox::Letter& letter : letters) ears.hear(letter);
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      } catch (const py::error_already_set&) {
        raised = std::current_exception();
        stop = true;
      }
    }
    letters.clear();
    if (!goes_on) break;
  }
  worker.join();
  if (raised) std::rethrow_exception(raised);
  if (problem) std::rethrow_exception(problem);
  return std::move(*results);
}

// What is left in the folder, and for the eye.
std::string finished(const StudyResults& results, const fs::path& folder) {
  const StudyResults shown = with_inspection(results, folder);
  const Report report(shown);
  write_report_files(report, folder);
  return result_table(report);
}

StudyRun run_in(const std::string& folder, const std::string& data, int threads,
                bool accept_changes) {
  return {.folder = folder,
          .data_dir = data,
          .threads = threads,
          .command = "",
          .accept_changes = accept_changes};
}

std::string start(const StudyOptions& options, const std::string& folder, const std::string& data,
                  int threads, const py::object& hear, const py::object& hear_epoch) {
  const StudyRun run = run_in(folder, data, threads, false);
  CellRegistry registry(catalogue());
  const StudyResults results =
      run_heard({hear, hear_epoch}, [&](const auto& stop, const auto& listener) {
        return start_study(options, registry, run, stop, listener);
      });
  return finished(results, folder);
}

std::string resume(const std::string& folder, const std::vector<std::string>& changes,
                   const std::string& data, int threads, bool accept_changes,
                   const py::object& hear, const py::object& hear_epoch) {
  const StudyRun run = run_in(folder, data, threads, accept_changes);
  CellRegistry registry(catalogue());
  const StudyResults results =
      run_heard({hear, hear_epoch}, [&](const auto& stop, const auto& listener) {
        return resume_study(registry, run, changes, stop, listener);
      });
  return finished(results, folder);
}

std::string collect(const std::string& folder) { return finished(collect_study(folder), folder); }

// A trained model of a run, with the cells that it needs.
class Model {
 public:
  Model(const std::string& run, const std::string& trial, const std::string& cell,
        const std::string& dataset, const std::string& data)
      : registry_(catalogue()),
        model_(open_model(
            registry_,
            {.run = run, .trial = trial, .cell = cell, .dataset = dataset, .data_dir = data})) {}

  std::string id() const { return model_.id(); }
  std::string cell_text() const { return model_.cell_text(); }
  py::dict trial() const {
    py::dict all;
    visit_trial_fields(model_.trial(),
                       [&](const char* name, const auto& value) { all[name] = py::cast(value); });
    return all;
  }
  py::dict parameters() const {
    py::dict all;
    const std::vector<ParameterSpec>& specs = model_.model().model().parameters();
    std::visit(
        [&](const auto& values) {
          for (std::size_t k = 0; k < specs.size(); ++k) {
            all[py::str(specs[k].name)] = array_of(values[k].clone());
          }
        },
        model_.model().values());
    return all;
  }
  py::object predict(const py::object& x, const std::vector<Index>& lengths) const {
    const Tensor<float> values = view_of<float>(x);
    return array_of(without_lock([&] { return model_.model().predict(values, lengths); }));
  }
  py::list probe(const py::object& x, const std::string& name,
                 const std::vector<Index>& lengths) const {
    const Tensor<float> values = view_of<float>(x);
    return arrays_of(without_lock([&] { return model_.model().probe(values, name, lengths); }));
  }

 private:
  CellRegistry registry_;
  OpenModel model_;
};

}  // namespace

void add_studies(py::module_& module) {
  using namespace py::literals;
  py::class_<StudyOptions>(module, "StudyOptions")
      .def_static(
          "read",
          [](const std::string& file, const std::vector<std::string>& changes) {
            return read_study(file, changes);
          },
          "file"_a, "changes"_a)
      .def_static("parse", &parse_study, "yaml"_a, "source"_a, "changes"_a)
      .def("yaml", [](const StudyOptions& options) { return to_yaml(options); });
  module.def("start", &start, "options"_a, "folder"_a, "data"_a, "threads"_a, "hear"_a,
             "hear_epoch"_a);
  module.def("resume", &resume, "folder"_a, "changes"_a, "data"_a, "threads"_a, "accept_changes"_a,
             "hear"_a, "hear_epoch"_a);
  module.def("collect", &collect, "folder"_a);
  py::class_<Model>(module, "Model")
      .def(py::init<const std::string&, const std::string&, const std::string&, const std::string&,
                    const std::string&>(),
           "run"_a, "trial"_a, "cell"_a, "dataset"_a, "data"_a)
      .def_property_readonly("id", &Model::id)
      .def("cell_text", &Model::cell_text)
      .def("trial", &Model::trial)
      .def("parameters", &Model::parameters)
      .def("predict", &Model::predict, "x"_a, "lengths"_a)
      .def("probe", &Model::probe, "x"_a, "name"_a, "lengths"_a);
}

}  // namespace carousel::python
