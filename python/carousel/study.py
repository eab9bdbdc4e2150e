"""Studies: cells compared on tasks, as `carousel compare` runs them (docs/studies.md)."""

from __future__ import annotations

import csv
import math
import os
import sys
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _carousel, threads
from .cell import whole_numbers

Listener = Callable[[str, str], None]
"""Hears (kind, text): kind is "note", "warning", "trial" or "progress". An exception that it raises
stops the study, as Ctrl-C does."""


class Epoch(NamedTuple):
    """An epoch that a trial has ended."""

    cell: str
    """With its variant, as "lstm+no_i"."""
    dataset: str
    setting: str
    """The point of the study's grid; empty: there is none."""
    seed: int
    draw: int
    """Of the search; 0: there is none."""
    number: int
    """From 1."""
    metric: str
    """The one by which a study chooses."""
    valid: float
    """Its validation figure after this epoch."""


EpochListener = Callable[[Epoch], None]
"""Hears of each epoch, soon after it. An exception that it raises stops the study, as Ctrl-C does."""


def _print(kind: str, text: str) -> None:
    if kind != "progress":
        print(text, file=sys.stderr if kind == "warning" else sys.stdout, flush=True)


def _silent(kind: str, text: str) -> None:
    pass


def _named(epoch_ended: Optional[EpochListener]):
    return epoch_ended and (lambda *fields: epoch_ended(Epoch(*fields)))


def _changes(keys: Optional[Mapping[str, Any]]) -> list[str]:
    return [f"{name}={_text(value)}" for name, value in (keys or {}).items()]


# As YAML writes it in one line.
def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(of)}" for key, of in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


class Study:
    """What a study file says.

    source: the path of a study file, its text, or a dict of its keys.
    keys: changes by name, as on the command line: {"train.epochs": 20}.
    """

    def __init__(
        self,
        source: Union[str, os.PathLike, Mapping[str, Any]],
        keys: Optional[Mapping[str, Any]] = None,
    ):
        if isinstance(source, Mapping):
            text = "".join(f"{name}: {_text(value)}\n" for name, value in source.items())
            self._options = _carousel.StudyOptions.parse(text, "study", _changes(keys))
        elif isinstance(source, str) and "\n" in source:
            self._options = _carousel.StudyOptions.parse(source, "study", _changes(keys))
        else:
            self._options = _carousel.StudyOptions.read(os.fspath(source), _changes(keys))

    def yaml(self) -> str:
        """Every key with its value."""
        return self._options.yaml()

    def with_keys(self, keys: Mapping[str, Any]) -> Study:
        """The same study with some keys changed."""
        return Study(self.yaml(), keys)

    def run(
        self,
        folder: Union[str, os.PathLike],
        *,
        data: str = "",
        listener: Optional[Listener] = _print,
        epoch_ended: Optional[EpochListener] = None,
    ) -> Results:
        """Runs all trials in a new run folder.

        data: the folder of the data sets; else $CAROUSEL_DATA, else data/. Ctrl-C saves what was
        reached and raises KeyboardInterrupt; resume() goes on.
        """
        folder = os.fspath(folder)
        table = _carousel.start(
            self._options, folder, data, threads.get_num_threads(), listener or _silent,
            _named(epoch_ended),
        )  # fmt: skip
        return Results(folder, table)


def resume(
    folder: Union[str, os.PathLike],
    keys: Optional[Mapping[str, Any]] = None,
    *,
    data: str = "",
    accept_changes: bool = False,
    listener: Optional[Listener] = _print,
    epoch_ended: Optional[EpochListener] = None,
) -> Results:
    """Goes on with a run, and ends in the same bits; as `carousel resume`."""
    folder = os.fspath(folder)
    table = _carousel.resume(
        folder, _changes(keys), data, threads.get_num_threads(), accept_changes, listener or _silent,
        _named(epoch_ended),
    )  # fmt: skip
    return Results(folder, table)


class Results:
    """The results of a run folder, as far as it is."""

    def __init__(self, folder: Union[str, os.PathLike], table: Optional[str] = None):
        self.folder = os.fspath(folder)
        self.table = table or _carousel.collect(self.folder)
        """The table that the command prints."""

    def path(self, name: str) -> str:
        """A file of the folder: "results.csv", "curves.csv", "report.html"."""
        return os.path.join(self.folder, name)

    def trials(self) -> list[dict[str, str]]:
        """results.csv: a row for each trial."""
        with open(self.path("results.csv"), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def valid(self) -> float:
        """The validation figure that chooses: the mean over the trials that count; NaN where one of
        them has none."""
        counted = [trial for trial in self.trials() if trial["selected"] == "1"]
        if not counted:
            return math.nan
        name = next(name for name in counted[0] if name.startswith("valid_"))
        return sum(float(trial[name] or "nan") for trial in counted) / len(counted)

    def frame(self, name: str = "results.csv"):
        """A CSV file of the folder as a pandas frame."""
        import pandas

        return pandas.read_csv(self.path(name))

    def __str__(self) -> str:
        return self.table


class Model:
    """A trained model of a run; open_model() makes it."""

    def __init__(self, model: _carousel.Model):
        self._model = model
        #: Id of its trial, the name of its folder.
        self.id: str = model.id
        #: Fields of its trial, as results.csv has them.
        self.trial: dict[str, Any] = model.trial()

    @property
    def equations(self) -> str:
        """Of its cell, as they are run."""
        return self._model.cell_text()

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of all parameters by name, such as "layers/0/forward/W_z"."""
        return self._model.parameters()

    def predict(self, x: np.ndarray, lengths: Optional[Sequence[int]] = None) -> np.ndarray:
        """What its loss is of, such as logits: [steps, batch, outputs]; [1, batch, outputs] of a
        model that answers once. x: [steps, batch, width], or [steps, batch] of symbols' numbers."""
        x = np.ascontiguousarray(x, dtype=np.float32)
        return self._model.predict(x, whole_numbers(lengths))

    def probe(
        self, x: np.ndarray, name: str, lengths: Optional[Sequence[int]] = None
    ) -> list[np.ndarray]:
        """A value of the cell's equations at each step, for each layer and direction."""
        x = np.ascontiguousarray(x, dtype=np.float32)
        return self._model.probe(x, name, whole_numbers(lengths))


def open_model(
    run: Union[str, os.PathLike, Results],
    *,
    trial: str = "",
    cell: str = "",
    dataset: str = "",
    data: str = "",
) -> Model:
    """The trained model of a trial; without its id the best by the validation figure."""
    folder = run.folder if isinstance(run, Results) else os.fspath(run)
    return Model(_carousel.Model(folder, trial, cell, dataset, data))
