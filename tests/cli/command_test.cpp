// The command as a user runs it: messages, exit codes, interruption and return.

#include <gmock/gmock.h>

#include <iterator>
#include <sstream>

#include "command_fixture.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(Command, ComparesAndLeavesAWholeRunFolder) {
  const Finished done = compare("run");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("rnn_tanh"), HasSubstr("gru_reset_after"),
                              HasSubstr("run/report.html")));
  // Which of the trials is the last depends on the threads.
  EXPECT_THAT(done.err,
              AllOf(HasSubstr("\n[4/4] "), Not(HasSubstr("[5/4]")), Not(HasSubstr("\r"))));
  for (const char* trial : {"rnn_tanh 6 seed 3", "rnn_tanh 6 seed 4", "gru_reset_after 4 seed 3",
                            "gru_reset_after 4 seed 4"}) {
    EXPECT_TRUE(holds(done.err, "/4] " + std::string(trial) + ", jsb_chorales: valid ")) << trial;
  }
  for (const char* name : {"study.yaml", "run.json", "results.csv", "curves.csv", "study.h5",
                           "report.html", "run.log"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / name)) << name;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run" / (std::string(name) + ".tmp"))) << name;
  }
  const std::string csv = file_text(folder_ / "run/results.csv");
  EXPECT_THAT(
      csv, HasSubstr("study,cell,variant,task,dataset,hidden,setting,seed,draw,drawn,learning_rate,"
                     "parameters,cell_parameters,selected,status,epochs,best_epoch,"));
  EXPECT_THAT(csv, HasSubstr("small,rnn_tanh,,next_frame,jsb_chorales,6,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  const Archive trial = trials("run").at("rnn_tanh-h6-s3");
  EXPECT_THAT(trial.text("cell_text"), HasSubstr("h = tanh(W_h @ x + U_h @ h[t-1] + b_h)"));
  EXPECT_EQ(trial.tensor<float>("parameters/layers/0/forward/W_h").shape(), (Shape{6, 88}));
}

TEST_F(Command, ReportReadsARunAgain) {
  compare("run");
  const std::string before = file_text(folder_ / "run/report.html");
  std::filesystem::remove(folder_ / "run/report.html");
  const Finished done = run({"report", "run"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("gru_reset_after"));
  EXPECT_EQ(first_difference(file_text(folder_ / "run/report.html"), before), "");
}

TEST_F(Command, DoesNotOverwriteARun) {
  compare("run");
  const std::string before = file_text(folder_ / "run/results.csv");
  const Finished again = compare("run");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, AllOf(HasSubstr("holds a run already"), HasSubstr("carousel resume run")));
  EXPECT_EQ(file_text(folder_ / "run/results.csv"), before);
}

TEST_F(Command, StoppedByASignalAndResumedEndsInTheSameBits) {
  ASSERT_EQ(compare("whole", {"train.epochs=6"}).code, 0);
  // A checkpoint after each epoch: the first of them is far from the end.
  const std::vector<std::string> long_study = {"train.epochs=6", "train.checkpoint_seconds=0"};
  const Finished interrupted = stop("interrupted", long_study, SIGINT, "running");
  EXPECT_EQ(interrupted.code, 130) << interrupted.err;
  EXPECT_THAT(interrupted.err, HasSubstr("carousel resume interrupted"));
  EXPECT_EQ(stop("killed", long_study, SIGKILL, "done").code, -SIGKILL);
  for (const std::string name : {"interrupted", "killed"}) {
    const Finished resumed = resume(name);
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(difference(name, "whole"), "");
  }
}

// As a user would with GNU parallel: a trial is killed and run again, and the end is that of
// compare.
TEST_F(Command, TrialsAsProcessesOfTheirOwnEndInTheSameBits) {
  ASSERT_EQ(compare("whole", {"train.epochs=6"}).code, 0);
  const Finished plan = run({"plan", "study.yaml", "train.epochs=6", "train.checkpoint_seconds=0",
                             "--out", "parts", "--quiet"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_EQ(plan.out, "parts\n");
  std::istringstream ready(run({"trial", "parts", "--ready"}).out);
  const std::vector<std::string> ids{std::istream_iterator<std::string>(ready), {}};
  ASSERT_EQ(ids.size(), 4u);
  const pid_t killed = start({"trial", "parts", ids[0], "--quiet"});
  while (trials("parts").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  kill(killed, SIGKILL);
  wait(killed);
  std::vector<pid_t> children;
  for (const std::string& id : ids) children.push_back(start({"trial", "parts", id, "--quiet"}));
  for (const pid_t child : children) EXPECT_EQ(wait(child).code, 0) << file_text(folder_ / "err");
  EXPECT_EQ(run({"trial", "parts", "--ready"}).out, "");
  EXPECT_THAT(run({"trial", "parts"}).out, HasSubstr(ids[0] + "\tdone\n"));
  const Finished collected = run({"collect", "parts"});
  EXPECT_EQ(collected.code, 0) << collected.err;
  EXPECT_THAT(collected.out, HasSubstr("parts/report.html"));
  EXPECT_EQ(difference("parts", "whole"), "");
  const Finished unknown = run({"trial", "parts", "none"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no trial 'none'"));
}

TEST_F(Command, TasksAreListedWithTheirOptions) {
  EXPECT_THAT(run({"tasks", "--json"}).out,
              AllOf(HasSubstr("[{\"name\":\"next_frame\",\"title\":"),
                    HasSubstr("{\"name\":\"width\",\"default\":0,\"least\":0")));
  EXPECT_THAT(run({"tasks"}).out, AllOf(HasSubstr("next_frame  "), HasSubstr("    width ")));
}

TEST_F(Command, TwoProcessesDoNotShareARunFolder) {
  const pid_t child = start(
      {"compare", "study.yaml", "train.epochs=5000", "train.checkpoint_seconds=0", "--out", "run"});
  while (trials("run").empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const Finished second = run({"resume", "run"});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, HasSubstr("another process is working in this run folder"));
  kill(child, SIGTERM);
  EXPECT_EQ(wait(child).code, 130);
}

TEST_F(Command, BadInputIsOneClearMessageAndCode2) {
  const auto fails = [&](const std::vector<std::string>& arguments, const std::string& part) {
    const Finished done = run(arguments);
    EXPECT_EQ(done.code, 2) << part << "\n" << done.err;
    EXPECT_THAT(done.err, HasSubstr(part));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run")) << part;
  };
  fails({"compare", "study.yaml", "train.epoch=3", "--out", "run"}, "did you mean 'train.epochs'");
  fails({"compare", "study.yaml", "cells=[{name: lstn, hidden: 3}]", "--out", "run"},
        "did you mean 'lstm'");
  fails({"compare", "study.yaml", "dataset=nottinghan", "--out", "run"},
        "did you mean 'nottingham'");
  fails({"compare", "study.yaml", "dataset=musedata", "dataset.fallback=''", "--data", "nowhere",
         "--out", "run"},
        "--data nowhere: there is no such folder");
  fails({"compare", "study.yaml", "dataset=musedata", "dataset.fallback=''", "--out", "run"},
        "sets/music/musedata.h5");
  fails({"compare", "no.yaml", "--out", "run"}, "no.yaml");
  fails({"resume", "nothing-here"}, "no run folder");
  fails({"compare"}, "STUDY.yaml");
  fails({"compar"}, "did you mean 'compare'");
  fails({"compare", "study.yaml", "--threads", "0"}, "--threads");
}

TEST_F(Command, ATruncatedSetIsNeverReplacedBySomethingElse) {
  std::filesystem::create_directories(folder_ / "data/music");
  std::ofstream(folder_ / "data/music/musedata.h5") << "\x89HDF\r\n";
  const Finished done = run({"compare", "study.yaml", "dataset.name=musedata",
                             "dataset.fallback=chords", "--data", "data", "--out", "run"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, AllOf(HasSubstr("musedata.h5"), HasSubstr("damaged")));
}

TEST_F(Command, AMissingSetFallsBackAndSaysSo) {
  const Finished done = run({"compare", "study.yaml", "dataset.name=musedata", "train.epochs=1",
                             "seeds=1", "cells=[{name: rnn_tanh, hidden: 2}]", "--out", "run"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, AllOf(HasSubstr("warning"), HasSubstr("docs/data.md"),
                              HasSubstr("Going on with 'chords'")));
  EXPECT_THAT(file_text(folder_ / "run/results.csv"), HasSubstr("rnn_tanh,,next_frame,chords,"));
}

TEST_F(Command, ADamagedCheckpointIsNotResumed) {
  compare("run");
  std::filesystem::resize_file(folder_ / "run/trials/rnn_tanh-h6-s3/checkpoint.h5", 3000);
  const Finished done = run({"resume", "run"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, AllOf(HasSubstr("checkpoint.h5"), HasSubstr("damaged")));
}

TEST_F(Command, ADivergedTrialIsNamedCountedAndCode1) {
  const Finished done = compare("run", {"train.learning_rate=1e38", "seeds=[3]"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, AllOf(HasSubstr("cell rnn_tanh"), HasSubstr("layers/0/forward"),
                              HasSubstr("step "), HasSubstr("Parameter ")));
  EXPECT_THAT(file_text(folder_ / "run/results.csv"), HasSubstr(",1,diverged,"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/report.html"));
}

TEST_F(Command, AnUnwritableFolderIsCode3) {
  std::ofstream(folder_ / "file") << "in the way";
  const Finished done = compare("file/run");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err, HasSubstr("file/run"));
}

TEST_F(Command, ShowsACellAndItsSchedule) {
  const Finished done = run({"show", "lstm", "--input", "20", "--hidden", "10"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("c = f * c[t-1] + i * g"), HasSubstr("1240 parameters"),
                              HasSubstr("[rows, 20] @ [20, 40] (4 matrices as one)"),
                              HasSubstr("[rows, 10] @ [10, 40] (4 matrices as one)"),
                              HasSubstr("[rows, 40] @ [40, 10] (4 matrices as one)")));
  EXPECT_EQ(run({"show", "lstn"}).code, 2);
  EXPECT_EQ(run({"show", "lstm", "--hidden", "0"}).code, 2);
}

TEST_F(Command, ListsTheCells) {
  EXPECT_THAT(run({"cells"}).out, HasSubstr("lstm_peephole"));
  EXPECT_THAT(run({"cells", "--json"}).out, HasSubstr("\"name\":\"gru_reset_before\""));
}

}  // namespace
}  // namespace carousel
