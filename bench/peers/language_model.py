#!/usr/bin/env python3
"""The study experiments/language_model/tinyshakespeare.yaml in PyTorch: the same model, streams and updates.

language_model.py TEXT [--cell lstm|gru] [--epochs N] [--threads N]

Prints, for each epoch, the seconds of its whole loop (updates and validation), and the NLL of
both. Needs Debian's python3-torch (scripts/setup --peers). Initial weights are drawn as the study's
cells draw them: W Glorot uniform, U orthogonal, forget bias 1; vectors of symbols normal.
"""

import math
import time

from peer import arguments_of
import torch
from torch import nn

STREAMS, STEPS, VECTOR, UNITS = 64, 100, 64, 512


class CharModel(nn.Module):
    def __init__(self, cell, symbols):
        super().__init__()
        self.vectors = nn.Embedding(symbols, VECTOR)
        self.stack = (nn.LSTM if cell == "lstm" else nn.GRU)(VECTOR, UNITS)
        self.drop = nn.Dropout(0.5)
        self.output = nn.Linear(UNITS, symbols)
        gates = self.stack.weight_ih_l0.shape[0] // UNITS
        for gate in range(gates):
            rows = slice(gate * UNITS, (gate + 1) * UNITS)
            nn.init.xavier_uniform_(self.stack.weight_ih_l0.data[rows])
            nn.init.orthogonal_(self.stack.weight_hh_l0.data[rows])
        nn.init.zeros_(self.stack.bias_ih_l0)
        nn.init.zeros_(self.stack.bias_hh_l0)
        if cell == "lstm":
            self.stack.bias_ih_l0.data[UNITS : 2 * UNITS] = 1
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x, states):
        outputs, states = self.stack(self.vectors(x), states)
        return self.output(self.drop(outputs)), states


def detached(states):
    return tuple(s.detach() for s in states) if isinstance(states, tuple) else states.detach()


def pieces(part, streams):
    """The part as `streams` columns side by side, in pieces of STEPS symbols and the next ones."""
    length = (len(part) - 1) // streams
    x = part[: length * streams].view(streams, length).t()
    next_symbols = part[1 : length * streams + 1].view(streams, length).t()
    for begin in range(0, length, STEPS):
        yield x[begin : begin + STEPS], next_symbols[begin : begin + STEPS]


def mean_nll(model, part):
    model.eval()
    states, nll, count = None, 0.0, 0
    with torch.no_grad():
        for x, next_symbols in pieces(part, 16):
            logits, states = model(x, states)
            nll += nn.functional.cross_entropy(logits.flatten(0, 1), next_symbols.flatten(), reduction="sum").item()
            count += next_symbols.numel()
    model.train()
    return nll / count


def main():
    arguments = arguments_of("text", "cell", ["lstm", "gru"])
    text = open(arguments.text, encoding="utf-8").read()
    train_end, valid_end = int(0.9 * len(text)), int(0.95 * len(text))
    numbers = {symbol: k for k, symbol in enumerate(sorted(set(text[:train_end])))}
    symbols = torch.tensor([numbers.get(symbol, 0) for symbol in text])
    train, valid = symbols[:train_end], symbols[train_end:valid_end]
    model = CharModel(arguments.cell, len(numbers))
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(1, arguments.epochs + 1):
        begun = time.monotonic()
        states, total, count = None, 0.0, 0
        for x, next_symbols in pieces(train, STREAMS):
            logits, states = model(x, states)
            states = detached(states)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), next_symbols.flatten())
            adam.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            total += loss.item() * next_symbols.numel()
            count += next_symbols.numel()
        nll = mean_nll(model, valid)
        assert math.isfinite(nll)
        print(f"epoch {epoch}: {time.monotonic() - begun:.1f} s, train {total / count:.4f}, valid {nll:.4f}", flush=True)


main()
