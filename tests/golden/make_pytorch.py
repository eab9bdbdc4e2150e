"""Writes pytorch.h5 beside this file: what PyTorch's recurrent layers give, in float64.

One group a case, with PyTorch's own names and layouts: x, lengths, h_0 (c_0), the weights, the
results y (zero beyond a sequence's length), h_n (c_n) and loss, and grad/ with the gradient of
the loss for x, the initial states and every weight. With the fixed random weight_y, weight_h_n
(weight_c_n) of the same group,

    loss = sum(weight_y * y) + 0.5 * sum(y**2) + sum(weight_h_n * h_n) [+ sum(weight_c_n * c_n)]

Cases with `packed` = 1 run by lengths; the others run every sequence to the end.
"""

import functools
import itertools
import pathlib

import h5py
import numpy
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

STEPS, BATCH, INPUT, HIDDEN, PROJECTION = 6, 4, 2, 3, 2
LENGTHS = torch.tensor([3, 5, 1, 4])  # not sorted; no sequence runs at the last step
MODULES = {
    "rnn": torch.nn.RNN,
    "lstm": torch.nn.LSTM,
    "gru": torch.nn.GRU,
    "relu": functools.partial(torch.nn.RNN, nonlinearity="relu"),
    "lstmp": functools.partial(torch.nn.LSTM, proj_size=PROJECTION),
}
FIRST = ("rnn", "lstm", "gru")  # their cases come first, which keeps the seeds


def all_cases():
    """(cell, layers, bidirectional, packed) for each case."""
    for cells in (FIRST, [cell for cell in MODULES if cell not in FIRST]):
        yield from itertools.product(cells, (1, 2), (False, True), (True,))
        yield from itertools.product(cells, (1,), (False,), (False,))


def name_of(cell, layers, bidirectional, packed):
    direction = "bi" if bidirectional else "uni"
    return f"{cell}_{layers}_{direction}_{'packed' if packed else 'full'}"


def draw(*shape):
    # The padding of x is random too: its gradient must come out as zero.
    return torch.randn(shape, dtype=torch.float64)


def run(module, x, states, packed):
    """Outputs [T, batch, size] and the final states as a list."""
    initial = tuple(states) if len(states) == 2 else states[0]
    if packed:
        x = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    y, final = module(x, initial)
    if packed:
        y, _ = pad_packed_sequence(y, total_length=STEPS)
    return y, list(final) if len(states) == 2 else [final]


def compute(cell, layers, bidirectional, packed):
    """Every array of a case by its name."""
    directions = 2 if bidirectional else 1
    module = MODULES[cell](INPUT, HIDDEN, layers, bidirectional=bidirectional, dtype=torch.float64)
    names = ["h", "c"] if cell in ("lstm", "lstmp") else ["h"]
    inputs = {"x": draw(STEPS, BATCH, INPUT)}
    for s in names:
        size = PROJECTION if cell == "lstmp" and s == "h" else HIDDEN
        inputs[f"{s}_0"] = draw(layers * directions, BATCH, size)
    for value in inputs.values():
        value.requires_grad_()
    y, final = run(module, inputs["x"], [inputs[f"{s}_0"] for s in names], packed)
    results = {"y": y, **{f"{s}_n": value for s, value in zip(names, final)}}
    weights = {f"weight_{name}": draw(*value.shape) for name, value in results.items()}
    loss = 0.5 * (y**2).sum()
    loss = loss + sum((weights[f"weight_{name}"] * value).sum() for name, value in results.items())
    inputs.update(module.named_parameters())
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    arrays = {**inputs, **weights, **results, "loss": loss}
    if packed:
        arrays["lengths"] = LENGTHS
    arrays.update({f"grad/{name}": g for name, g in zip(inputs, gradients)})
    return arrays


def main():
    torch.set_num_threads(1)
    with h5py.File(pathlib.Path(__file__).with_name("pytorch.h5"), "w") as file:
        file.attrs["torch"] = numpy.bytes_(torch.__version__)
        for seed, case in enumerate(all_cases(), start=1):
            torch.manual_seed(seed)
            cell, layers, bidirectional, packed = case
            arrays = compute(*case)
            group = file.create_group(name_of(*case))
            group.attrs["cell"] = numpy.bytes_(cell)
            group.attrs["layers"] = layers
            group.attrs["bidirectional"] = int(bidirectional)
            group.attrs["packed"] = int(packed)
            for name, value in arrays.items():
                group.create_dataset(name, data=value.detach().double().numpy(), track_times=False)
            print(f"{group.name[1:]}: {len(arrays)} arrays, loss {arrays['loss'].item():.6f}")


if __name__ == "__main__":
    main()
