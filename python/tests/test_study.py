"""Studies from Python: the same as by the command."""

import csv
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import numpy as np

import carousel

STUDY = {
    "name": "small",
    "task": {"name": "adding", "lag": 12},
    "cells": [{"name": "lstm", "hidden": 6}, {"name": "rnn_tanh", "hidden": 6}],
    "seeds": [1, 2],
    "train": {"epochs": 2, "batch": 20, "examples": 200},
}


class StudyTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.heard = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def listener(self, kind, text):
        self.heard.append((kind, text))

    def run_study(self, name, **keys):
        return carousel.Study(STUDY, keys).run(self.path(name), listener=self.listener)

    def test_runs_and_gives_results(self):
        results = self.run_study("run")
        trials = results.trials()
        self.assertEqual([t["cell"] for t in trials], ["lstm", "lstm", "rnn_tanh", "rnn_tanh"])
        self.assertTrue(all(t["status"] == "done" for t in trials))
        self.assertIn("rnn_tanh", str(results))
        self.assertTrue(os.path.exists(results.path("report.html")))
        self.assertEqual(sum(kind == "trial" for kind, _ in self.heard), 4)
        try:
            import pandas  # noqa: F401
        except ImportError:
            return
        frame = results.frame()
        self.assertEqual(sorted(set(frame["seed"])), [1, 2])
        self.assertEqual(carousel.Results(self.path("run")).trials(), trials)

    def test_epochs_are_heard(self):
        heard = []
        results = carousel.Study(STUDY).run(self.path("run"), listener=None, epoch_ended=heard.append)
        with open(results.path("curves.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        column = next(name for name in rows[0] if name.startswith("valid_"))
        self.assertEqual(
            sorted((e.cell, e.seed, e.number, f"valid_{e.metric}", e.valid) for e in heard),
            sorted((r["cell"], int(r["seed"]), int(r["epoch"]), column, float(r[column])) for r in rows),
        )

    def test_who_hears_of_an_epoch_can_stop_the_study(self):
        class Enough(Exception):
            pass

        def judge(epoch):
            raise Enough

        with self.assertRaises(Enough):
            carousel.Study(STUDY, {"train.epochs": 1000}).run(
                self.path("run"), listener=None, epoch_ended=judge
            )
        trained = [int(trial["epochs"]) for trial in carousel.Results(self.path("run")).trials()]
        self.assertTrue(0 < max(trained) < 1000, trained)

    # Two libraries that hold different versions of protobuf, in one process.
    def test_pieces_of_words_go_with_event_files(self):
        for split in ("train", "valid", "test"):
            for language, lines in {"en": "cab dab\neab\n", "fr": "abc\nabd abe\n"}.items():
                with open(self.path(f"{split}.{language}"), "w", encoding="utf-8") as file:
                    file.write(lines)
        task = {"name": "translation", "data": self.folder, "source": "en", "target": "fr", "pieces": 8}
        cells = [{"name": "gru_reset_before", "hidden": 4}]
        train = {"epochs": 2, "batch": 2}
        study = dict(STUDY, task=task, cells=cells, seeds=[1], train=train, log="tensorboard")
        results = carousel.Study(study).run(self.path("run"), listener=None)
        self.assertEqual([trial["status"] for trial in results.trials()], ["done"])
        files = [name for _, _, names in os.walk(self.path("run")) for name in names]
        self.assertTrue(any(name.startswith("events.out.tfevents") for name in files), files)

    def test_goes_on_to_the_same_figures(self):
        whole = self.run_study("whole", **{"train.epochs": 4})
        self.run_study("parts")
        parts = carousel.resume(self.path("parts"), {"train.epochs": 4}, listener=None)
        figures = [[t["test_error"] for t in r.trials()] for r in (whole, parts)]
        self.assertEqual(figures[0], figures[1])

    def test_opens_a_model(self):
        results = self.run_study("run")
        model = carousel.open_model(results, cell="lstm")
        self.assertEqual(model.trial["cell"], "lstm")
        self.assertEqual(model.parameters["layers/0/forward/U_i"].shape, (6, 6))
        self.assertIn("sigmoid", model.equations)
        x = np.zeros((5, 3, 2), np.float32)
        self.assertEqual(model.predict(x).shape[1], 3)
        (i,) = model.probe(x, "i")
        self.assertEqual(i.shape, (5, 3, 6))
        bias = model.parameters["layers/0/forward/b_i"]
        np.testing.assert_allclose(i[0, 0], 1 / (1 + np.exp(-bias)), atol=1e-5)

    def test_an_error_of_the_listener_stops_it(self):
        def listener(kind, text):
            if kind == "trial":
                raise LookupError("enough")

        with self.assertRaisesRegex(LookupError, "enough"):
            carousel.Study(STUDY).run(self.path("run"), listener=listener)
        results = carousel.resume(self.path("run"), listener=None)
        self.assertTrue(all(t["status"] == "done" for t in results.trials()))

    def test_ctrl_c_saves_what_was_reached(self):
        script = f"""
            import carousel
            study = carousel.Study({STUDY!r}, {{"train.epochs": 10000, "train.patience": 0}})
            try:
                study.run({self.path("run")!r}, listener=lambda kind, text: print(kind, flush=True))
            except KeyboardInterrupt:
                print("interrupted", flush=True)
        """
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
        )
        for line in child.stdout:
            if line.strip() == "progress":
                break
        time.sleep(0.3)
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=30)
        self.assertIn("interrupted", rest)
        self.assertEqual(child.returncode, 0)
        self.assertLess(time.monotonic() - begun, 5)
        statuses = [t["status"] for t in carousel.Results(self.path("run")).trials()]
        self.assertIn("running", statuses)

    def test_says_what_is_wrong(self):
        cases = [
            ("did you mean 'train.epochs'", lambda: carousel.Study({**STUDY, "train": {"epoch": 2}})),
            ("did you mean 'lstm'", lambda: carousel.Study(STUDY, {"cells": [{"name": "lstn", "hidden": 4}]}).run(self.path("a"))),
            ("can't read this file", lambda: carousel.Study("missing.yaml")),
            ("is no run", lambda: carousel.open_model(self.folder)),
        ]
        for expected, work in cases:
            with self.subTest(expected=expected), self.assertRaises(carousel.InputError) as caught:
                work()
            self.assertIn(expected, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
