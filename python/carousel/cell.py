"""A cell over NumPy arrays."""

from __future__ import annotations

import ctypes
import os
from typing import Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _carousel, threads
from ._carousel import InputError

Hyper = Mapping[str, Union[float, str]]
State = Union[Mapping[str, np.ndarray], Sequence[np.ndarray], np.ndarray]


class CellInfo(NamedTuple):
    """A cell of the catalogue."""

    name: str
    title: str
    group: str


def cells() -> list[CellInfo]:
    """The cells of the catalogue."""
    return [CellInfo(*entry) for entry in _carousel.cells()]


def load_plugin(path: Union[str, os.PathLike], *, check_gradients: bool = False) -> None:
    """Adds the cells and ops of a plug-in (docs/plugins.md), for as long as the process lives.

    check_gradients: compare the derivatives of its ops with differences. Raises InputError where
    it is none, or was built for another version.
    """
    # Python keeps the symbols of a module to itself; a plug-in needs those of ours.
    ctypes.CDLL(_carousel.__file__, mode=os.RTLD_NOW | os.RTLD_NOLOAD | os.RTLD_GLOBAL)
    _carousel.load_plugin(os.fspath(path), check_gradients)


class Gradients(NamedTuple):
    """Gradients of a loss, in the shapes of what they are by."""

    parameters: dict[str, np.ndarray]
    x: np.ndarray
    further: dict[str, np.ndarray]
    state: tuple[np.ndarray, ...]
    """By the first states; empty where the cell's own were taken."""


class Scanned:
    """What a scan gave. It unpacks as `outputs, state`."""

    outputs: np.ndarray
    """[steps, batch, output], zero beyond the end of a sequence."""
    state: tuple[np.ndarray, ...]
    """[batch, ..] each, in the order of Cell.states: after each sequence's own last step."""
    probes: dict[str, np.ndarray]
    """[steps, batch, ..] each, by name."""

    def __init__(self, cell: Cell, run, probes: Sequence[str], further: Sequence[str], dtype):
        self._cell, self._run, self._further, self._dtype = cell, run, further, dtype
        self.outputs = run.outputs()
        self.state = tuple(run.states())
        self.probes = dict(zip(probes, run.probes()))

    def __iter__(self) -> Iterator:
        return iter((self.outputs, self.state))

    def gradients(
        self, outputs: Optional[np.ndarray] = None, state: Optional[State] = None
    ) -> Gradients:
        """Gradients of sum(self.outputs * outputs) + the same of the final states.

        outputs, state: in the shapes of those of the scan; one that is left out counts as zero.
        The scan must have been made with gradients=True.
        """
        states = [None] * len(self._cell.states)
        if state is not None:
            states = self._cell._in_order(state, self._cell.states, "state", self._dtype)
        given = None if outputs is None else _array(outputs, "outputs", self._dtype)
        parameters, inputs, first = self._run.gradients(given, states)
        return Gradients(
            dict(zip(self._cell.parameters, parameters)),
            inputs[0],
            {name: g for name, g in zip(self._further, inputs[1:]) if g is not None},
            tuple(first),
        )


class Cell:
    """A recurrent cell: the equations of one time step, at their sizes.

    source: a name of the catalogue, the path of a .cell file, or the text of one.
    input, hidden: elements of x, and of a state unless the cell says otherwise.
    hyper: hyperparameters that differ from their defaults, numbers or words.
    variant: one of ablations(), such as "i=1", or several joined by "+".

    Raises InputError with the place in the text, as `carousel check` prints it.
    """

    def __init__(
        self,
        source: Union[str, os.PathLike],
        input: int,
        hidden: int,
        *,
        hyper: Optional[Hyper] = None,
        variant: str = "",
    ):
        self._made_of = (os.fspath(source), int(input), int(hidden), dict(hyper or {}), variant)
        self._program = _carousel.Program(*self._made_of)
        self.input, self.hidden = int(input), int(hidden)
        #: Name and shape of each parameter, in the cell's order.
        self.parameters = {name: shape for name, shape, _ in self._program.parameters()}
        #: Names of the parameters that keep their first value.
        self.fixed = {name for name, _, is_trained in self._program.parameters() if not is_trained}
        #: Name and shape of each state, without the batch.
        self.states = dict(self._program.states())
        #: Shape of the output at a step, without the batch.
        self.output_shape = self._program.output()
        self._inputs = self._program.inputs()

    @property
    def name(self) -> str:
        """As it stands in the text; with its change, where it has one."""
        return self._program.name

    @property
    def title(self) -> str:
        """The title in the text."""
        return self._program.title

    @property
    def further_inputs(self) -> dict[str, int]:
        """Inputs besides x that data may hold: name and size."""
        return {name: size for name, size, _, supply in self._inputs[1:] if supply is None}

    @property
    def values(self) -> list[str]:
        """Names that scan() can record, as in the equations."""
        return self._program.values()

    def equations(self) -> str:
        """The equations as they are run; they read back as the text of a cell."""
        return self._program.equations()

    def latex(self) -> str:
        """The same as a LaTeX block `aligned`."""
        return self._program.latex()

    def ablations(self) -> list[str]:
        """Every single change of the cell: what variant() takes."""
        return self._program.ablations()

    def variant(self, change: str) -> Cell:
        """The cell with one of its changes."""
        source, input, hidden, hyper, before = self._made_of
        changes = "+".join(filter(None, [before, change]))
        return Cell(source, input, hidden, hyper=hyper, variant=changes)

    def init(self, seed: int = 0, dtype=np.float32) -> dict[str, np.ndarray]:
        """First values of the parameters, drawn as training draws them for this seed."""
        drawn = self._program.first_values(seed, 0, "forward")
        return {name: value.astype(dtype, copy=False) for name, value in drawn.items()}

    def scan(
        self,
        x: np.ndarray,
        parameters: Mapping[str, np.ndarray],
        state: Optional[State] = None,
        *,
        further: Optional[Mapping[str, np.ndarray]] = None,
        lengths: Optional[Sequence[int]] = None,
        reverse: bool = False,
        probes: Sequence[str] = (),
        gradients: bool = False,
    ) -> Scanned:
        """Runs the cell through time.

        x: [steps, batch, input], float32 or float64; all other arrays have the same type.
        parameters: by name, see `parameters`.
        state: [batch, ..] each, by name or in order; else the cell's own first states.
        further: `further_inputs` by name, [steps, batch, size]; else their defaults.
        lengths: steps of each sequence; else all.
        reverse: from each sequence's last step to its first.
        probes: names of values to record, see `values`.
        gradients: keep what Scanned.gradients() needs. Arrays in C order are read where they lie,
            so they must not be changed before that.
        """
        x = np.asarray(x)
        if x.dtype not in (np.float32, np.float64):
            raise InputError(f"x: got an array of {x.dtype}, expected float32 or float64")
        x = _array(x, "x", x.dtype)
        values = self._in_order(parameters, self.parameters, "parameters", x.dtype)
        states = []
        if state is not None:
            states = self._in_order(state, self.states, "state", x.dtype)
        names = [name for name, *_ in self._inputs[1:]]
        others = dict(further or {})
        inputs = [x] + [_array(others.pop(n), n, x.dtype) if n in others else None for n in names]
        if others:
            raise InputError(f"further: the cell has no input {_names(others)}; it has {_names(names)}")
        run = _runs[x.dtype](
            self._program,
            values,
            inputs,
            states,
            reverse,
            whole_numbers(lengths),
            list(probes),
            gradients,
            True,
            threads.get_num_threads(),
        )
        return Scanned(self, run, probes, names, x.dtype)

    def _in_order(self, given, expected: Mapping, what: str, dtype) -> list[np.ndarray]:
        if isinstance(given, np.ndarray):
            given = [given]
        if not isinstance(given, Mapping):
            if len(given) != len(expected):
                raise InputError(f"{what}: got {len(given)} arrays, expected {_names(expected)}")
            given = dict(zip(expected, given))
        missing = [name for name in expected if name not in given]
        left = [name for name in given if name not in expected]
        if missing or left:
            raise InputError(f"{what}: missing {_names(missing)}, not known {_names(left)}")
        return [_array(given[name], name, dtype) for name in expected]

    def __copy__(self) -> Cell:
        return self

    # Nothing changes a cell.
    def __deepcopy__(self, memo) -> Cell:
        return self

    # With the text of a file in the place of its path, where it needs no other file.
    def __reduce__(self):
        source, *sizes = self._made_of
        if source.endswith(".cell"):
            try:
                _carousel.Program(self._program.text, *sizes)
                source = self._program.text
            except InputError:
                pass
        return _made_again, (source, *sizes, self.equations())

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {list(shape)}" for name, shape in self.parameters.items())
        states = ", ".join(f"{name} {list(shape)}" for name, shape in self.states.items())
        return f"Cell({self.name!r}, input={self.input}, hidden={self.hidden})\n  parameters: {shapes}\n  states: {states}"


# Of a pickle: the cell must be the one that was written, even if a file has changed since.
def _made_again(source, input, hidden, hyper, variant, equations) -> Cell:
    cell = Cell(source, input, hidden, hyper=hyper, variant=variant)
    if cell.equations() != equations:
        raise InputError(f"cell {source}: its equations are not those that were saved")
    return cell


_runs = {np.dtype(np.float32): _carousel.Run32, np.dtype(np.float64): _carousel.Run64}


def whole_numbers(lengths: Optional[Iterable]) -> list[int]:
    """Lengths of sequences, of any kind of numbers; none where they are not given."""
    return [int(n) for n in lengths] if lengths is not None else []


def _names(names) -> str:
    return ", ".join(names) or "none"


def _array(given, name: str, dtype) -> np.ndarray:
    array = np.asarray(given)
    if array.dtype != dtype:
        raise InputError(
            f"{name}: got an array of {array.dtype}, expected {dtype} as x; {name}.astype(x.dtype)"
        )
    return np.ascontiguousarray(array)
