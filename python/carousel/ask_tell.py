"""Trials whose keys another program chooses, such as Optuna."""

from __future__ import annotations

import csv
import os
from typing import Any, Mapping, NamedTuple, Optional, Union

from ._carousel import InputError
from .study import EpochListener, Listener, Results, Study, resume


class Asked(NamedTuple):
    """A trial that was asked for: the study with its keys, in a folder of its own."""

    number: int
    keys: dict[str, Any]
    study: Study
    folder: str

    def run(
        self,
        *,
        data: str = "",
        listener: Optional[Listener] = None,
        epoch_ended: Optional[EpochListener] = None,
    ) -> float:
        """Runs it, or goes on with it, and returns the validation figure by which a study chooses:
        the mean over its cells, tasks and seeds; NaN where one of them diverged.

        epoch_ended: hears of each epoch; what it raises ends the trial early, and goes on to the
        caller.
        """
        heard = {"data": data, "listener": listener, "epoch_ended": epoch_ended}
        if os.path.exists(os.path.join(self.folder, "study.yaml")):
            return resume(self.folder, **heard).valid()
        return self.study.run(self.folder, **heard).valid()


class AskTell:
    """Hands out trials and takes down what came of them.

    study: what all trials have in common. folder: a run folder for each trial (0000, 0001, ..) and
    asked.csv, a row for each that was told. With a folder that is there already it goes on.
    """

    def __init__(self, study: Study, folder: Union[str, os.PathLike]):
        self.study, self.folder = study, os.fspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        self._rows = self._read()
        self._next = max([int(row["number"]) for row in self._rows], default=-1) + 1

    def ask(self, keys: Mapping[str, Any]) -> Asked:
        """A trial with these keys changed, as on the command line: {"train.learning_rate": 0.01}.

        Raises InputError where a key or its value is not one of a study.
        """
        study = self.study.with_keys(keys)
        number, self._next = self._next, self._next + 1
        return Asked(number, dict(keys), study, os.path.join(self.folder, f"{number:04}"))

    def tell(self, asked: Asked, value: float) -> None:
        """Takes down what came of a trial. Told twice, the last value counts."""
        row = {"number": str(asked.number), "value": repr(float(value))}
        row.update((name, str(of)) for name, of in asked.keys.items())
        self._rows = [r for r in self._rows if int(r["number"]) != asked.number] + [row]
        self._rows.sort(key=lambda r: int(r["number"]))
        self._write()

    def trials(self) -> list[dict[str, str]]:
        """Rows of asked.csv: number, value, and each key that a trial has."""
        return [dict(row) for row in self._rows]

    def results(self, number: int) -> Results:
        """The results of a trial that was run."""
        return Results(os.path.join(self.folder, f"{number:04}"))

    def _path(self) -> str:
        return os.path.join(self.folder, "asked.csv")

    def _read(self) -> list[dict[str, str]]:
        if not os.path.exists(self._path()):
            return []
        with open(self._path(), newline="", encoding="utf-8") as file:
            rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
        if any(not row.get("number", "").isdigit() for row in rows):
            raise InputError(f"{self._path()}: expected a number in each row; delete it to begin anew")
        return rows

    def _write(self) -> None:
        names = ["number", "value"]
        for row in self._rows:
            names += [name for name in row if name not in names]
        part = self._path() + ".part"
        with open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._rows)
        os.replace(part, self._path())
