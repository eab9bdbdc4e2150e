// What a run's results depend on, and what happens where it has changed.

#include "study/provenance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "io/files.hpp"
#include "music_file.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Provenance, DifferencesNameBothValues) {
  const Facts then = {{"isa", "avx2"}, {"study a", "1"}, {"data x", "d"}, {"cell c", "t"}};
  EXPECT_THAT(differences(then, then), IsEmpty());
  EXPECT_THAT(
      differences(then, {{"isa", "avx512"}, {"study a", "2"}, {"cell c", "t"}}),
      ElementsAre("isa: 'avx2' in the run, 'avx512' now", "study a: '1' in the run, '2' now"));
  EXPECT_THAT(
      differences(then, {{"study b", "1"}}),
      ElementsAre("study b: nothing in the run, '1' now", "study a: '1' in the run, nothing now",
                  "cell c: 't' in the run, nothing now"));
}

TEST(Provenance, EveryLeafOfAStudyIsAFact) {
  EXPECT_THAT(facts_of_yaml("a: 1\nb: {c: x, d: [2, {e: ''}]}\n"),
              ElementsAre(std::pair("study a", "1"), std::pair("study b.c", "x"),
                          std::pair("study b.d[0]", "2"), std::pair("study b.d[1].e", "")));
}

class Changed : public testing::Test {
 protected:
  Changed() {
    std::filesystem::create_directories(folder_ / "sets/music");
    wandering_notes().write(set_);
    write_text(folder_ / "mine.cell", cell_text("tanh"));
    TaskOptions on(find_task("next_frame").options);
    on.set("data", "jsb_chorales");
    options_.tasks = {{"next_frame", on}};
    options_.cells = {{(folder_ / "mine.cell").string(), 5}};
    options_.description = "as it was";
    options_.published = {{"a paper", "jsb_chorales", "mine", {}}};
    options_.published[0].figures["nll"][Split::test] = 8.5;
    options_.train.epochs = 2;
    options_.train.patience = 0;
    options_.train.batch = 5;
  }

  static std::string cell_text(const std::string& function) {
    return "cell mine\nparam W_h : [hidden, input]\nparam U_h : [hidden, hidden]\nh = " + function +
           "(W_h @ x + U_h @ h[t-1])\noutput h\n";
  }

  StudyRun run(const std::string& name) const {
    return {folder_ / name, folder_.path() / "sets", 2, "", false};
  }
  void start(const std::string& name) {
    CellRegistry registry = catalogue();
    start_study(options_, registry, run(name), stop_, {});
  }
  StudyResults resume(const std::string& name, const std::vector<std::string>& overrides = {},
                      bool accept = false) {
    CellRegistry registry = catalogue();
    StudyRun how = run(name);
    how.accept_changes = accept;
    return resume_study(registry, how, overrides, stop_, {});
  }
  std::string refusal(const std::string& name) {
    return error_of<InputError>([&] { resume(name); });
  }
  // Study.yaml with one key changed, as an editor would.
  void edit(const std::string& key, const std::string& value) {
    write_text(folder_ / "run/study.yaml",
               to_yaml(read_study(folder_ / "run/study.yaml", {key + "=" + value})));
  }

  TemporaryFolder folder_;
  std::filesystem::path set_ = folder_ / "sets/music/jsb_chorales.h5";
  StudyOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_F(Changed, NothingIsNoReasonToRefuse) {
  start("run");
  resume("run");
  const Provenance provenance = RunFolder(folder_ / "run").known().provenance;
  EXPECT_THAT(provenance.accepted, IsEmpty());
  ASSERT_EQ(provenance.sessions.size(), 2u);
  EXPECT_EQ(provenance.sessions[1].back(),
            std::pair(std::string("ended"), std::string("finished")));
}

TEST_F(Changed, OtherDataIsRefused) {
  start("run");
  MusicFile other = wandering_notes();
  other.notes.at(MusicFile::keys * 3) ^= 1;
  other.write(set_);
  EXPECT_THAT(refusal("run"),
              AllOf(HasSubstr("run: what its results depend on has changed"),
                    HasSubstr("data jsb_chorales: 'SHA-256 "), HasSubstr("--accept-changes")));
}

TEST_F(Changed, AnEditedCellIsRefused) {
  start("run");
  write_text(folder_ / "run/cells/mine.cell", cell_text("sigmoid"));
  EXPECT_THAT(refusal("run"), HasSubstr("cell mine: 'SHA-256 "));
}

// Every key that study.yaml has, one after the other.
TEST_F(Changed, EveryKeyOfTheStudyIsKept) {
  const std::map<std::string, std::string> texts = {{"name", "other"},
                                                    {"description", "as it is"},
                                                    {"log", "tensorboard"},
                                                    {"train.optimiser", "sgd"},
                                                    {"train.loss", "sequence"},
                                                    {"train.precision", "double"},
                                                    {"train.nesterov", "true"},
                                                    {"train.final_rate", "0.5"},
                                                    {"train.schedule", "cosine"},
                                                    {"train.warmup", "0.5"},
                                                    {"train.curvature", "hessian"},
                                                    {"model.layer_norm", "true"},
                                                    {"model.learned_states", "true"},
                                                    {"model.dropout_mask", "sequence"},
                                                    {"model.dropout_input", "0.5"},
                                                    {"model.dropout_between", "0.5"},
                                                    {"model.dropout_output", "0.5"},
                                                    {"model.recurrent_dropout", "0.5"},
                                                    {"model.zoneout", "{h: 0.5}"},
                                                    {"train.beta1", "0.5"},
                                                    {"train.beta2", "0.5"},
                                                    {"train.decay", "0.5"},
                                                    {"train.momentum", "0.5"},
                                                    {"search.exponent_max", "-5"},
                                                    {"search.exponent_min", "-13"}};
  start("run");
  const std::string yaml = read_text(folder_ / "run/study.yaml");
  std::size_t walked = 0;
  for (const auto& [fact, value] : facts_of_yaml(yaml)) {
    const std::string key = fact.substr(std::string("study ").size());
    if (key.find('[') != std::string::npos) continue;  // lists: below
    if (key == "model.direction") continue;            // this task has no other
    if (key == "search.halving.first") continue;       // there is no search
    const auto text = texts.find(key);
    edit(key, text != texts.end() ? text->second : std::to_string(std::stoi(value) + 1));
    EXPECT_THAT(refusal("run"), HasSubstr(fact + ": '" + value + "' in the run")) << key;
    write_text(folder_ / "run/study.yaml", yaml);
    ++walked;
  }
  EXPECT_GT(walked, 25u);
  const std::pair<const char*, const char*> lists[] = {
      {"task", "[{name: next_frame, data: jsb_chorales, roll_steps: 7}]"},
      {"cells", "[{name: cells/mine.cell, hidden: 6}]"},
      {"seeds", "[1, 2]"},
      {"published", "[{source: a paper, dataset: jsb_chorales, cell: mine, test_nll: 8.4}]"}};
  for (const auto& [key, value] : lists) {
    edit(key, value);
    EXPECT_THAT(refusal("run"), HasSubstr(std::string("study ") + key)) << key;
    write_text(folder_ / "run/study.yaml", yaml);
  }
  resume("run");
}

TEST_F(Changed, WhatIsAcceptedIsNamedFromThenOn) {
  start("run");
  write_text(folder_ / "run/cells/mine.cell", cell_text("sigmoid"));
  resume("run", {}, true);
  const auto accepted = RunFolder(folder_ / "run").known().provenance.accepted;
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_THAT(accepted[0], HasSubstr("cell mine: "));
  EXPECT_THAT(read_text(folder_ / "run/run.json"), HasSubstr(accepted[0]));
  EXPECT_THAT(machine_lines(RunFolder(folder_ / "run").known().provenance),
              testing::Contains(std::pair(std::string("change"), accepted[0])));
  resume("run");  // it is part of the run now
}

// A trial that runs as a process of its own writes into its own folder alone.
TEST_F(Changed, WhatATrialLetPassIsKeptWithIt) {
  CellRegistry registry = catalogue();
  plan_study(options_, registry, run("run"), {});
  MusicFile other = wandering_notes();
  other.notes.at(MusicFile::keys * 3) ^= 1;
  other.write(set_);
  const std::string id = RunFolder(folder_ / "run").planned()[0].id;
  const auto trial = [&](bool accept) {
    CellRegistry cells = catalogue();
    StudyRun how = run("run");
    how.accept_changes = accept;
    return run_planned_trial(cells, how, id, stop_, {});
  };
  EXPECT_THAT(error_of<InputError>([&] { trial(false); }), HasSubstr("data jsb_chorales: "));
  EXPECT_EQ(trial(true).status, "done");
  EXPECT_THAT(collect_study(folder_ / "run").provenance.accepted,
              ElementsAre(HasSubstr(id + ": data jsb_chorales: ")));
}

TEST_F(Changed, OtherTrialsAreNeverAccepted) {
  start("run");
  edit("seeds", "[1, 2]");
  EXPECT_THAT(error_of<InputError>([&] { resume("run", {}, true); }),
              AllOf(HasSubstr("make other trials"), HasSubstr("1 in the run, 2 now")));
  edit("seeds", "[1]");
  EXPECT_THAT(
      error_of<InputError>([&] { resume("run", {"cells=[{name: cells/mine.cell, hidden: 6}]"}); }),
      HasSubstr("other trials"));
}

TEST_F(Changed, MoreEpochsEndInTheBitsOfARunThatHadThemFromTheStart) {
  options_.train.weight_noise = 0.05;
  start("run");
  const StudyResults extended = resume("run", {"train.epochs=5"});
  EXPECT_EQ(extended.trials.at(0).epochs, 5);
  EXPECT_THAT(RunFolder(folder_ / "run").known().provenance.accepted,
              ElementsAre("study train.epochs: '2' in the run, '5' now"));
  options_.train.epochs = 5;
  start("whole");
  EXPECT_EQ(checkpoint_difference(folder_ / "run", folder_ / "whole"), "");
  EXPECT_THAT(error_of<InputError>([&] { resume("run", {"train.epochs=3"}); }),
              HasSubstr("can only grow: 5 in the run, 3 now"));
}

TEST_F(Changed, AfterASearchOrWithAFallingRateEpochsCannotGrow) {
  options_.train.schedule.final_rate = 0.5;
  start("falling");
  EXPECT_THAT(error_of<InputError>([&] { resume("falling", {"train.epochs=5"}); }),
              HasSubstr("train.final_rate"));
  options_.train.schedule.final_rate = 1.0;
  options_.search.draws = 2;
  start("search");
  EXPECT_THAT(error_of<InputError>([&] { resume("search", {"train.epochs=5"}); }),
              HasSubstr("after a search"));
}

// A checkpoint that another trial or run wrote, or that was edited, is not taken for this trial's.
TEST_F(Changed, ACheckpointIsOfItsTrialAndRun) {
  options_.seeds = {1, 2};
  start("run");
  start("other");
  const RunFolder run(folder_ / "run");
  const std::string first = run.planned()[0].id, second = run.planned()[1].id;
  const auto file = [&](const std::string& name, const std::string& id) {
    return folder_ / name / "trials" / id / "checkpoint.h5";
  };
  const std::string whole = read_text(file("run", first));
  write_text(file("run", first), read_text(file("run", second)));
  EXPECT_THAT(refusal("run"), AllOf(HasSubstr("no group '" + first), HasSubstr("Remove the file")));
  write_text(file("run", first), read_text(file("other", first)));
  EXPECT_THAT(refusal("run"), HasSubstr("it is of the run "));
  write_text(file("run", first), whole);

  const auto edited = [&](const std::function<void(Archive&)>& change) {
    Archive archive = run.saved(run.planned()[0])->archive;
    change(archive);
    run.write_trial(first, archive);
    std::string message = refusal("run");
    EXPECT_EQ(message, error_of<InputError>([&] { RunFolder(folder_ / "run").results(); }));
    write_text(file("run", first), whole);
    return message;
  };
  EXPECT_THAT(edited([](Archive& a) { a.counters["seed"] = 2; }),
              HasSubstr("another trial: seed is 2, expected 1"));
  EXPECT_THAT(edited([](Archive& a) { a.texts["cell"] = "lstm"; }), HasSubstr("cell is lstm"));
  EXPECT_THAT(edited([](Archive& a) { a.numbers["learning_rate"] = 0.5; }),
              HasSubstr("learning_rate is 0.5"));
  EXPECT_THAT(edited([](Archive& a) { a.counters["epochs"] = -5; }), HasSubstr("epochs is -5"));
  EXPECT_THAT(edited([](Archive& a) { a.counters["epochs"] = (std::int64_t{1} << 31) + 1; }),
              HasSubstr("epochs is 2147483649, expected 0 to 2147483647"));
  EXPECT_THAT(edited([](Archive& a) { a.counters["epochs"] = 7; }), HasSubstr("7 epochs, but 2"));
  EXPECT_THAT(edited([](Archive& a) { a.counters["best_epoch"] = 3; }), HasSubstr("is 3, of 2"));
  EXPECT_THAT(edited([](Archive& a) { a.texts["status"] = "nearly"; }), HasSubstr("'nearly'"));
  EXPECT_THAT(edited([](Archive& a) { a.counters["metrics"] = -1; }), HasSubstr("-1 metrics"));
  resume("run");
}

// The counters of a trial that goes on: where it stands must be a place that there is.
TEST_F(Changed, ATrialGoesOnFromAPlaceThatThereIs) {
  options_.train.checkpoint_seconds = 0.0;
  StudyListener listener;
  listener.progress = [&](const auto&, const TrialRecord&, const Progress& p) {
    stop_ = p.epoch_ended && p.epoch == 1;
  };
  CellRegistry registry = catalogue();
  start_study(options_, registry, run("run"), stop_, listener);
  stop_ = false;
  const RunFolder folder(folder_ / "run");
  const PlannedTrial& trial = folder.planned()[0];
  const Archive whole = folder.saved(trial)->archive;
  ASSERT_EQ(whole.text("status"), "running");
  for (const auto& [name, value] :
       {std::pair("next_batch", -1), std::pair("next_batch", 1000), std::pair("updates", 12345)}) {
    Archive archive = whole;
    archive.counters[name] = value;
    folder.write_trial(trial.id, archive);
    EXPECT_THAT(refusal("run"),
                AllOf(HasSubstr("it stands at epoch 2"), HasSubstr(std::to_string(value))))
        << name;
  }
  folder.write_trial(trial.id, whole);
  resume("run");
}

// Under the same name, which does not hold it.
TEST_F(Changed, AnotherRateIsAnotherTrial) {
  start("run");
  EXPECT_THAT(error_of<InputError>([&] { resume("run", {"train.learning_rate=0.5"}); }),
              AllOf(HasSubstr("run: it is of another trial: learning_rate is 0.5, expected ")));
  EXPECT_EQ(RunFolder(folder_ / "run").known().provenance.accepted.size(), 0u);
}

// What the user changes openly does not let another change pass.
TEST_F(Changed, AnOverrideLetsOnlyItsOwnKeyPass) {
  start("run");
  const std::string yaml = read_text(folder_ / "run/study.yaml");
  edit("train.epochs", "3");
  edit("description", "as it is");
  const auto refused = [&](const std::vector<std::string>& overrides) {
    return error_of<InputError>([&] { resume("run", overrides); });
  };
  EXPECT_THAT(refused({"train.epochs=4"}),
              AllOf(HasSubstr("study description: "), testing::Not(HasSubstr("train.epochs:"))));
  EXPECT_THAT(refused({"description=x"}),
              AllOf(HasSubstr("study train.epochs: "), testing::Not(HasSubstr("description:"))));
  EXPECT_THAT(refused({"train.epoch=4"}), HasSubstr("did you mean 'train.epochs'"));
  write_text(folder_ / "run/study.yaml", yaml);
  EXPECT_EQ(resume("run", {"description=as it is", "train.epochs=3"}).trials.at(0).epochs, 3);
  EXPECT_EQ(RunFolder(folder_ / "run").results().description, "as it is");
}

TEST_F(Changed, WhereTheRateWarmsUpEpochsCannotGrow) {
  options_.train.schedule.warmup = 0.5;
  start("run");
  EXPECT_THAT(error_of<InputError>([&] { resume("run", {"train.epochs=5"}); }),
              HasSubstr("where the rate falls over all epochs"));
}

// One of each kind of entry.
TEST(Provenance, IsAJsonOfItsParts) {
  const Provenance provenance{
      "a1",
      {{"version", "0.1"}, {"commit", "ab"}, {"isa", "avx2"}, {"study name", "it's \"x\""}},
      {{{"started", "now"}, {"threads", "2"}}, {{"started", "later"}}},
      {"study a: '1' in the run, '2' now"}};
  EXPECT_EQ(to_json(provenance), R"({
  "run": "a1",
  "sessions": {
    "1": {
      "started": "now",
      "threads": "2"
    },
    "2": {
      "started": "later"
    }
  },
  "accepted changes": ["study a: '1' in the run, '2' now"],
  "cite": "The Carousel authors: Carousel, recurrent cells as equations, version 0.1, commit ab",
  "depends on": {
    "version": "0.1",
    "commit": "ab",
    "isa": "avx2",
    "study name": "it's \"x\""
  }
}
)");
  EXPECT_THAT(
      machine_lines(provenance),
      ElementsAre(std::pair("cite",
                            "The Carousel authors: Carousel, recurrent cells as equations, version "
                            "0.1, commit ab"),
                  std::pair("version", "0.1"), std::pair("commit", "ab"), std::pair("isa", "avx2"),
                  std::pair("session", "started: now; threads: 2"),
                  std::pair("session", "started: later"),
                  std::pair("change", "study a: '1' in the run, '2' now")));
}

TEST(Provenance, LongValuesAreCutWhereBothAreShown) {
  const std::string fits(80, 'a'), longer(81, 'b');
  EXPECT_THAT(
      differences({{"study a", fits}}, {{"study a", longer}}),
      ElementsAre("study a: '" + fits + "' in the run, '" + std::string(80, 'b') + "..' now"));
}

// What only the machine or the program says, and no longer does, is no change.
TEST(Provenance, AStudyACellOrAPlugInThatIsMissingCounts) {
  const Facts then = {{"isa", "avx2"}, {"data x", "d"}, {"plug-in p", "s"}, {"cell c", "t"}};
  EXPECT_THAT(differences(then, {}), ElementsAre("plug-in p: 's' in the run, nothing now",
                                                 "cell c: 't' in the run, nothing now"));
}

TEST(Provenance, ASessionSaysHowItWasStartedAndEnded) {
  Provenance provenance;
  provenance.sessions = {session_facts("", 3), session_facts("carousel run a.yaml", 4)};
  const auto value = [&](std::size_t session, const std::string& name) -> std::string {
    for (const auto& [key, text] : provenance.sessions.at(session)) {
      if (key == name) return text;
    }
    return "none";
  };
  end_session(provenance, 12.345, "interrupted");
  EXPECT_EQ(value(0, "threads"), "3");
  EXPECT_EQ(value(0, "command"), "none");
  EXPECT_EQ(value(0, "ended"), "none");
  EXPECT_EQ(value(1, "command"), "carousel run a.yaml");
  EXPECT_EQ(value(1, "threads"), "4");
  EXPECT_EQ(value(1, "seconds"), "12.3");
  EXPECT_EQ(value(1, "ended"), "interrupted");
  EXPECT_THAT(value(1, "started"),
              testing::MatchesRegex("2[0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC"));
  EXPECT_THAT(new_run_name(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(new_run_name(), new_run_name());
}

}  // namespace
}  // namespace carousel
