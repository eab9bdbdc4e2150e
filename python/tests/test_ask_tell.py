"""Trials that another program asks for, and the examples as a user runs them."""

import math
import os
import subprocess
import sys
import tempfile
import unittest

import carousel
from test_study import STUDY

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class AskTellTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = os.path.join(temporary.name, "asked")
        self.study = carousel.Study(STUDY, {"seeds": [1]})

    def test_runs_what_it_is_asked_for(self):
        ours = carousel.AskTell(self.study, self.folder)
        values = {}
        for rate in (1e-7, 0.01):
            asked = ours.ask({"train.learning_rate": rate})
            values[rate] = asked.run()
            ours.tell(asked, values[rate])
        self.assertLess(values[0.01], values[1e-7])
        self.assertEqual(ours.results(1).valid(), values[0.01])
        self.assertEqual(asked.run(), values[0.01])  # it goes on with what has ended
        again = carousel.AskTell(self.study, self.folder)
        self.assertEqual([float(t["value"]) for t in again.trials()], list(values.values()))
        self.assertEqual(again.trials()[1]["train.learning_rate"], "0.01")
        self.assertEqual(again.ask({}).number, 2)

    def test_the_last_value_told_counts(self):
        ours = carousel.AskTell(self.study, self.folder)
        first, second = ours.ask({"train.epochs": 1}), ours.ask({"train.clip_norm": 2.0})
        ours.tell(second, 2.0)
        ours.tell(first, 1.0)
        ours.tell(second, math.nan)
        self.assertEqual([t["value"] for t in ours.trials()], ["1.0", "nan"])

    def test_a_key_that_is_none_is_an_error_at_once(self):
        ours = carousel.AskTell(self.study, self.folder)
        with self.assertRaisesRegex(carousel.InputError, "did you mean 'train.epochs'"):
            ours.ask({"train.epoch": 2})
        self.assertEqual(ours.ask({}).number, 0)


class Examples(unittest.TestCase):
    def run_example(self, name, *arguments):
        environment = {k: v for k, v in os.environ.items() if k != "CAROUSEL_DATA"}  # generated chords
        ended = subprocess.run(
            [sys.executable, os.path.join(ROOT, "python/examples", name), *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_a_search_by_optuna(self):
        try:
            import optuna  # noqa: F401
        except ImportError:
            self.skipTest("python3-optuna is not there")
        with tempfile.TemporaryDirectory() as folder:
            printed = self.run_example("optuna_search.py", os.path.join(folder, "run"), "2")
            self.assertIn("'learning_rate'", printed)
            self.assertEqual(len(carousel.AskTell(carousel.Study(STUDY), os.path.join(folder, "run")).trials()), 2)

    def test_curves_of_a_run(self):
        try:
            import matplotlib  # noqa: F401
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("python3-matplotlib or python3-pandas is not there")
        with tempfile.TemporaryDirectory() as folder:
            run = os.path.join(folder, "run")
            carousel.Study(STUDY).run(run, listener=None)
            printed = self.run_example("curves.py", run)
            self.assertIn("rnn_tanh", printed)
            with open(os.path.join(run, "curves.png"), "rb") as file:
                self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")


if __name__ == "__main__":
    unittest.main()
