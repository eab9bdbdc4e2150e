"""Cells as layers of PyTorch, on the CPU.

    import carousel.torch as ct
    rnn = ct.RNN("lstm", 88, 60, num_layers=2)       # in the place of nn.LSTM(88, 60, 2)
    y, state = rnn(x)                                # x: [steps, batch, 88]

The cell is a name of the catalogue, the path of a .cell file, or the text of one. Gradients are
compiled; second ones (create_graph=True) too. Threads: those of torch.get_num_threads().
"""

from __future__ import annotations

import os
from typing import Mapping, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from . import _carousel
from ._autograd import scan
from ._carousel import InputError
from .cell import Cell, Hyper, whole_numbers

__all__ = ["RNN", "RNNCell"]

States = Union[Tensor, Sequence[Tensor], None]


class _CellModule(nn.Module):
    """What holds the parameters of cells, by layer and direction."""

    def __init__(self, cells: list[Cell], directions: int, seed: Optional[int]):
        super().__init__()
        self.cells = cells
        self._directions = directions
        # By layer and direction: the biases of from_native() whose sums ours are, in doubles.
        self._summands: dict[tuple[int, bool], dict[str, np.ndarray]] = {}
        self._places = {
            (layer, reverse): self._places_of(cell, layer, reverse)
            for cell, layer, reverse in self._scans()
        }
        self.reset_parameters(seed)

    @property
    def state_names(self) -> list[str]:
        """Names of the cell's states, in the order of `state`."""
        return list(self.cells[0].states)

    def reset_parameters(self, seed: Optional[int] = None) -> None:
        """Draws first values by the cell's own rules: those of a study with this seed, or with one
        that PyTorch's generator draws."""
        if seed is None:
            seed = int(torch.randint(2**31, ()))
        for cell, layer, reverse in self._scans():
            direction = "backward" if reverse else "forward"
            drawn = cell._program.first_values(seed, layer, direction)
            for (name, value), place in zip(drawn.items(), self._places[layer, reverse]):
                self._put(place, torch.from_numpy(value), name in cell.fixed)

    def _put(self, name: str, value: Tensor, is_fixed: bool) -> None:
        old = getattr(self, name, None)
        if old is not None:
            with torch.no_grad():
                old.copy_(value)
        elif is_fixed:
            self.register_buffer(name, value)
        else:
            self.register_parameter(name, nn.Parameter(value))

    def _scans(self):
        for layer, cell in enumerate(self.cells):
            for reverse in (False, True)[: self._directions]:
                yield cell, layer, reverse

    # Names of the cell's parameters here; those of a cell that it uses have a dot, which a module
    # does not allow.
    def _places_of(self, cell: Cell, layer: int, reverse: bool) -> list[str]:
        suffix = self._suffix(layer, reverse)
        places = [name.replace(".", "_") + suffix for name in cell.parameters]
        twice = [place for place in places if places.count(place) > 1]
        if twice:
            raise InputError(f"cell {cell.name}: two parameters would be called {twice[0]}")
        return places

    def _suffix(self, layer: int, reverse: bool) -> str:
        return f"_l{layer}" + ("_reverse" if reverse else "")

    def _scan(self, layer, reverse, x, first, lengths, further, probes):
        cell, suffix = self.cells[layer], self._suffix(layer, reverse)
        parameters = [getattr(self, place) for place in self._places[layer, reverse]]
        y, final, recorded = scan(
            cell._program,
            parameters,
            self._inputs(cell, x, dict(further or {})),
            first,
            reverse=reverse,
            lengths=lengths or (),
            probes=probes,
        )
        return y, final, {name + suffix: value for name, value in recorded.items()}

    def _inputs(self, cell: Cell, x: Tensor, further: dict) -> list[Optional[Tensor]]:
        inputs = [x]
        for name, size, _, supply in cell._inputs[1:]:
            if supply is not None:
                inputs.append(_supplied(supply, x, size) if self.training else None)
            else:
                inputs.append(further.pop(name, None))
        if further:
            known = ", ".join(cell.further_inputs) or "none"
            raise InputError(f"further: the cell has no input {', '.join(further)}; it has {known}")
        return inputs

    def _check(self, x: Tensor, rank: int) -> None:
        own = next(iter(self.parameters()), x)
        size = self.cells[0].input
        if x.device.type != "cpu" or own.device.type != "cpu":
            raise InputError(f"x is on {x.device}, the parameters on {own.device}; expected both on the CPU")
        if x.dtype not in (torch.float32, torch.float64) or x.dtype != own.dtype:
            raise InputError(f"x is {x.dtype}, the parameters {own.dtype}; expected float32 or float64, both the same")
        if x.dim() != rank or x.shape[-1] != size:
            raise InputError(f"x: got shape {list(x.shape)}, expected {size} elements at a step")

    def _listed(self, state: States, of: str) -> list[Tensor]:
        if state is None:
            return []
        states = [state] if isinstance(state, Tensor) else list(state)
        if len(states) != len(self.state_names):
            raise InputError(f"state: got {len(states)} tensors, expected {', '.join(self.state_names)}, {of}")
        return states

    @staticmethod
    def _as_given(states: list[Tensor]):
        return states[0] if len(states) == 1 else tuple(states)


# What a layer gives a cell that asks for it in its text, in training.
def _supplied(supply, x: Tensor, size: int) -> Optional[Tensor]:
    kind, rate, is_once = supply
    shape = [1 if is_once else x.shape[0], x.shape[1], size]
    if kind == "normal":
        value = torch.randn(shape, dtype=x.dtype)
    elif kind == "uniform":
        value = torch.rand(shape, dtype=x.dtype)
    elif kind == "keep":
        value = (torch.rand(shape) < rate).to(x.dtype)
    elif kind == "drop":
        value = (torch.rand(shape) >= rate).to(x.dtype) / (1.0 - rate)
    elif kind == "training":
        value = torch.ones(shape, dtype=x.dtype)
    else:  # a length, or the last value of a schedule, which the scan itself knows
        return None
    return value.expand(x.shape[0], -1, -1)


class RNN(_CellModule):
    """Layers of a cell through time, with the arguments and shapes of nn.LSTM.

    Arguments:
        cell: a name of the catalogue, the path of a .cell file, or the text of one.
        input_size, hidden_size: elements of x, and of a state unless the cell says otherwise.
        num_layers, batch_first, dropout, bidirectional: as of nn.LSTM.
        hyper: hyperparameters of the cell that differ from their defaults.
        variant: a change of the cell, one of Cell.ablations().
        seed: of the first values, see reset_parameters().

    Input: x [steps, batch, input_size] (batch first where that is asked for), or without the batch,
    or a PackedSequence. float32 or float64, as the parameters.

    Output: (output, state), and behind them a dict of what `probes` names. output: [steps, batch,
    directions * output of the cell]; a PackedSequence where x is one. state: of a cell with one
    state a tensor [num_layers * directions, batch, ..], as nn.GRU's; of one with several a tuple in
    the order of `state_names`, as nn.LSTM's.

    Parameters are named as in the cell, with layer and direction as in nn.LSTM: W_z_l0,
    W_z_l0_reverse; a dot, of a cell that the cell uses, becomes _. One that the cell does not train
    is a buffer.
    """

    def __init__(
        self,
        cell: Union[str, os.PathLike],
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        hyper: Optional[Hyper] = None,
        variant: str = "",
        seed: Optional[int] = None,
    ):
        if num_layers < 1:
            raise InputError(f"num_layers: got {num_layers}, expected 1 or more")
        if not 0.0 <= dropout < 1.0:
            raise InputError(f"dropout: got {dropout}, expected a probability from 0 to below 1")
        directions = 2 if bidirectional else 1
        cells: list[Cell] = []
        below = input_size
        for _ in range(num_layers):
            same = [c for c in cells if c.input == below]  # compiled once
            made = same[0] if same else Cell(cell, below, hidden_size, hyper=hyper, variant=variant)
            cells.append(made)
            if len(made.output_shape) != 1:
                raise InputError(f"cell {made.name}: its output has shape {list(made.output_shape)}, expected a vector")
            below = made.output_shape[0] * directions
        super().__init__(cells, directions, seed)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional

    def forward(
        self,
        x: Union[Tensor, PackedSequence],
        state: States = None,
        *,
        lengths: Union[Tensor, Sequence[int], None] = None,
        further: Optional[Mapping[str, Tensor]] = None,
        probes: Sequence[str] = (),
    ):
        """Runs the layers. See the class.

        state: first states, in the shapes that a run gives; else the cell's own.
        lengths: steps of each sequence where x is padded; outputs beyond them are zero.
        further: the cell's inputs besides x by name, [steps, batch, size], for every layer.
        probes: names of values of a step to record; keys of the dict are `z_l0`, `z_l0_reverse`.
            No gradient flows to them.
        """
        if isinstance(x, PackedSequence):
            padded, of_each = pad_packed_sequence(x)
            y, states, recorded = self._run(padded, state, of_each.tolist(), further, probes)
            result = _packed_as(x, y, of_each), states
            return (*result, recorded) if probes else result
        if x.dim() == 2:
            if state is not None:
                state = self._as_given([s.unsqueeze(1) for s in self._listed(state, "each [layers, ..]")])
            further = {name: value.unsqueeze(1) for name, value in (further or {}).items()}
            y, states, recorded = self._run(x.unsqueeze(1), state, lengths, further, probes)
            y, recorded = y.squeeze(1), {name: value.squeeze(1) for name, value in recorded.items()}
            states = self._as_given([s.squeeze(1) for s in self._listed(states, "")])
        elif self.batch_first:
            further = {name: _turned(value) for name, value in (further or {}).items()}
            y, states, recorded = self._run(_turned(x), state, lengths, further, probes)
            y, recorded = _turned(y), {name: _turned(value) for name, value in recorded.items()}
        else:
            y, states, recorded = self._run(x, state, lengths, further, probes)
        return (y, states, recorded) if probes else (y, states)

    def _run(self, x, state, lengths, further, probes):
        self._check(x, 3)
        lengths = whole_numbers(lengths)
        given = self._listed(state, "each [layers * directions, batch, ..]")
        finals, recorded = [], {}
        for layer in range(self.num_layers):
            outputs = []
            for reverse in (False, True)[: self._directions]:
                first = [s[len(finals)] for s in given]
                y, final, values = self._scan(layer, reverse, x, first, lengths, further, probes)
                outputs.append(y)
                finals.append(final)
                recorded.update(values)
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)
            if self.dropout > 0.0 and layer + 1 < self.num_layers:
                x = nn.functional.dropout(x, self.dropout, self.training)
        return x, self._as_given([torch.stack(of_layers) for of_layers in zip(*finals)]), recorded

    def flatten_parameters(self) -> None:
        """Does nothing: for programs that call it on an nn.LSTM."""

    def from_native(self, native: nn.Module) -> RNN:
        """Takes the weights of an nn.LSTM, nn.GRU or nn.RNN of the same sizes, and returns self.

        Of two biases that are added ours is the sum; to_native() gives both back as they were, as
        long as ours is that sum. Raises InputError where it computes something else than the cell,
        or has other sizes.
        """
        kind = _kind_of(native)
        names = _carousel.names_in(kind, self.cells[0]._program)
        if names is None:
            raise InputError(
                f"cell {self.cells[0].name} is not what {type(native).__name__} computes ({kind})"
            )
        own = (self.input_size, self.hidden_size, self.num_layers, self._directions == 2)
        theirs = (native.input_size, native.hidden_size, native.num_layers, native.bidirectional)
        if own != theirs:
            raise InputError(f"input, hidden, layers, bidirectional: got {theirs}, expected {own}")
        layers = _carousel.to_ours(kind, {name: _doubles(value) for name, value in native.named_parameters()})
        for cell, layer, reverse in self._scans():
            values = layers[layer][reverse]
            for name, place in zip(cell.parameters, self._places[layer, reverse]):
                self._put(place, torch.from_numpy(values.pop(names[name])), False)
            self._summands[layer, reverse] = values
        return self

    def to_native(self) -> nn.Module:
        """An nn.LSTM, nn.GRU or nn.RNN with these weights, where the cell is what one computes.

        Where it adds two biases, they are those of from_native(), element by element, while ours is
        still their sum; else ours is the first one and the second is zero.
        """
        first = self.cells[0]
        found = ((kind, _carousel.names_in(kind, first._program)) for kind in _KINDS)
        kind, names = next((one for one in found if one[1] is not None), (None, {}))
        if kind is None:
            known = ", ".join(_KINDS)
            raise InputError(f"cell {first.name} is none that a layer of PyTorch computes: {known}")
        native_class, options = _KINDS[kind]
        native = native_class(
            self.input_size,
            self.hidden_size,
            self.num_layers,
            batch_first=self.batch_first,
            dropout=self.dropout,
            bidirectional=self.bidirectional,
            **options,
        ).to(next(self.parameters()).dtype)
        ours: list[list[dict]] = [[] for _ in self.cells]
        for cell, layer, reverse in self._scans():
            values = [_doubles(getattr(self, place)) for place in self._places[layer, reverse]]
            by_name = {names[name]: value for name, value in zip(cell.parameters, values)}
            ours[layer].append(by_name | self._summands.get((layer, reverse), {}))
        with torch.no_grad():
            for name, value in _carousel.to_theirs(kind, ours, first.name).items():
                getattr(native, name).copy_(torch.from_numpy(value))
        return native

    def extra_repr(self) -> str:
        options = [self.cells[0].name, str(self.input_size), str(self.hidden_size)]
        if self.num_layers != 1:
            options.append(f"num_layers={self.num_layers}")
        options += [f"{name}=True" for name in ("batch_first", "bidirectional") if getattr(self, name)]
        if self.dropout:
            options.append(f"dropout={self.dropout}")
        return ", ".join(options)


class RNNCell(_CellModule):
    """One step of a cell, with the shapes of nn.LSTMCell.

    Arguments: as of RNN. Input: x [batch, input_size]; state as a step gives it, or None for the
    cell's own. Output: (output [batch, ..], state): a tensor [batch, ..] of a cell with one state,
    else a tuple in the order of `state_names`.
    """

    def __init__(
        self,
        cell: Union[str, os.PathLike],
        input_size: int,
        hidden_size: int,
        *,
        hyper: Optional[Hyper] = None,
        variant: str = "",
        seed: Optional[int] = None,
    ):
        super().__init__([Cell(cell, input_size, hidden_size, hyper=hyper, variant=variant)], 1, seed)
        self.input_size, self.hidden_size = input_size, hidden_size

    def _suffix(self, layer: int, reverse: bool) -> str:
        return ""

    def forward(self, x: Tensor, state: States = None, *, further: Optional[Mapping[str, Tensor]] = None):
        """One step. See the class."""
        self._check(x, 2)
        further = {name: value.unsqueeze(0) for name, value in (further or {}).items()}
        first = self._listed(state, "each [batch, ..]")
        y, final, _ = self._scan(0, False, x.unsqueeze(0), first, None, further, ())
        return y.squeeze(0), self._as_given(final)

    def extra_repr(self) -> str:
        return f"{self.cells[0].name}, {self.input_size}, {self.hidden_size}"


# Layers of PyTorch by the names of their layouts (docs/exchange.md).
_KINDS = {
    "pytorch-lstm": (nn.LSTM, {}),
    "pytorch-gru": (nn.GRU, {}),
    "pytorch-rnn-tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "pytorch-rnn-relu": (nn.RNN, {"nonlinearity": "relu"}),
}


def _kind_of(native: nn.Module) -> str:
    for kind, (native_class, options) in _KINDS.items():
        is_same = all(getattr(native, name, None) == value for name, value in options.items())
        if isinstance(native, native_class) and is_same:
            return kind
    raise InputError(f"got a {type(native).__name__}, expected an nn.LSTM, nn.GRU or nn.RNN")


def _doubles(value: Tensor) -> np.ndarray:
    return value.detach().double().numpy()


def _turned(x: Tensor) -> Tensor:
    return x.transpose(0, 1)


# y, padded and in the order of the batch, in the layout of x.
def _packed_as(x: PackedSequence, y: Tensor, lengths: Tensor) -> PackedSequence:
    if x.sorted_indices is not None:
        y, lengths = y.index_select(1, x.sorted_indices), lengths[x.sorted_indices]
    data = pack_padded_sequence(y, lengths).data
    return PackedSequence(data, x.batch_sizes, x.sorted_indices, x.unsorted_indices)
