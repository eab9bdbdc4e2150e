"""Scans as functions of PyTorch's autograd, with a way back that has a way back."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from . import _carousel, threads

_runs = {torch.float32: _carousel.Run32, torch.float64: _carousel.Run64}
_seconds = {torch.float32: _carousel.second32, torch.float64: _carousel.second64}


class _Call(NamedTuple):
    """What a scan has besides tensors, and how many of each kind these are."""

    program: _carousel.Program
    counts: tuple[int, int, int]  # of parameters, inputs, states
    reverse: bool
    lengths: list[int]
    probes: list[str]
    needs_inputs: bool
    needs_gradients: bool
    recorded: dict[str, Tensor]  # filled by the run

    def split(self, tensors) -> tuple[list, list, list]:
        a, b = self.counts[0], self.counts[0] + self.counts[1]
        return list(tensors[:a]), list(tensors[a:b]), list(tensors[b:])

    def x(self, tensors) -> Tensor:
        return tensors[self.counts[0]]

    def run(self, tensors, gradients: bool):
        of = _runs[self.x(tensors).dtype]
        lists = self.split([_array(t) for t in tensors])
        return _on_torch_threads(
            lambda count: of(
                self.program, *lists, self.reverse, self.lengths, self.probes, gradients,
                self.needs_inputs, count,
            )
        )  # fmt: skip


def _array(tensor: Optional[Tensor]) -> Optional[np.ndarray]:
    return None if tensor is None else tensor.detach().contiguous().numpy()


def _tensor(array: Optional[np.ndarray]) -> Optional[Tensor]:
    return None if array is None else torch.from_numpy(array)


# OpenBLAS hands the number of its threads on to OpenMP, from where PyTorch takes its own: what is
# set while we run is set back.
def _on_torch_threads(work):
    before = torch.get_num_threads()
    try:
        return work(1 if threads.is_forked else before)
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, call: _Call, *tensors):
        run = call.run(tensors, call.needs_gradients)
        ctx.set_materialize_grads(False)
        ctx.call = call
        if call.needs_gradients:
            ctx.save_for_backward(*tensors)
            ctx.run = run
        call.recorded.update(zip(call.probes, map(_tensor, run.probes())))
        return (_tensor(run.outputs()), *map(_tensor, run.states()))

    @staticmethod
    def backward(ctx, *cotangents):
        tensors = ctx.saved_tensors  # raises where one was changed in place
        call = ctx.call
        if all(c is None for c in cotangents):
            return (None,) * (1 + len(tensors))
        if torch.is_grad_enabled():  # create_graph=True
            return (None, *_ScanGradients.apply(call, len(tensors), *tensors, *cotangents))
        # Its memory is free for the next scan; a second way back runs forward again.
        run, ctx.run = ctx.run or call.run(tensors, True), None
        return (None, *_gradients(run, cotangents))


def _gradients(run, cotangents) -> list[Optional[Tensor]]:
    outputs, *states = map(_array, cotangents)
    lists = _on_torch_threads(lambda _: run.gradients(outputs, states))
    return [_tensor(array) for arrays in lists for array in arrays]


class _ScanGradients(torch.autograd.Function):
    """The way back as a function of its own, with a way back."""

    @staticmethod
    def forward(ctx, call: _Call, count: int, *tensors):
        ctx.set_materialize_grads(False)
        ctx.call, ctx.count = call, count
        ctx.save_for_backward(*tensors)
        return tuple(_gradients(call.run(tensors[:count], True), tensors[count:]))

    @staticmethod
    @once_differentiable
    def backward(ctx, *directions):
        call, tensors = ctx.call, ctx.saved_tensors
        values, cotangents = tensors[: ctx.count], tensors[ctx.count :]
        outputs, *states = map(_array, cotangents)
        arguments = call.split([_array(t) for t in values])
        along = call.split([_array(t) for t in directions])
        second = _seconds[call.x(values).dtype]
        lists, by_outputs, by_states = _on_torch_threads(
            lambda count: second(
                call.program, *arguments, call.reverse, call.lengths, call.needs_inputs, count,
                outputs, states, *along,
            )
        )  # fmt: skip
        first = [_tensor(array) for arrays in lists for array in arrays]
        return (None, None, *first, _tensor(by_outputs), *map(_tensor, by_states))


def scan(
    program: _carousel.Program,
    parameters: Sequence[Tensor],
    inputs: Sequence[Optional[Tensor]],
    states: Sequence[Tensor],
    *,
    reverse: bool = False,
    lengths: Sequence[int] = (),
    probes: Sequence[str] = (),
) -> tuple[Tensor, list[Tensor], dict[str, Tensor]]:
    """Outputs, final states, and probes by name of a cell over time.

    parameters, inputs, states: in the program's order; an input that is None has its default, and
    without states the cell's own hold.
    """
    tensors = [*parameters, *inputs, *states]
    needs = [t is not None and t.requires_grad for t in tensors]
    first = len(parameters)
    call = _Call(
        program=program,
        counts=(first, len(inputs), len(states)),
        reverse=reverse,
        lengths=list(lengths),
        probes=list(probes),
        needs_inputs=any(needs[first : first + len(inputs)]),
        needs_gradients=torch.is_grad_enabled() and any(needs),
        recorded={},
    )
    outputs, *finals = _Scan.apply(call, *tensors)
    return outputs, finals, call.recorded
