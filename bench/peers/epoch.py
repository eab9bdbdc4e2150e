#!/usr/bin/env python3
"""Training epochs in PyTorch, of models that are those of our tasks: the other half of bench/epoch.

epoch.py TASK FILE --cell lstm|gru --hidden N --batch N [--width N] [--form cho|bahdanau] [--examples N]
    [--threads N] [--epochs N]

TASK is next_frame (FILE: music as HDF5), image_sequence (FILE: the folder of MNIST), language_model
(FILE: a text) or translation (FILE: the folder of Multi30k's tokens). Prints a line for each epoch: epoch SECONDS LOSS UPDATES. Reading is outside the seconds,
making batches is inside. Adam with the rate 0.001, gradients clipped to a norm of 1. Needs Debian's
python3-torch and python3-h5py (scripts/setup --peers).
"""

import argparse
import gzip
import time

import peer  # noqa: F401
import numpy
import torch
from torch import nn
from translation import Translation

POOL = 8  # batches that are sorted by length together


def recurrent_layer(cell, inputs, units):
    """nn.LSTM or nn.GRU that begins as our cells do: W Glorot uniform, U orthogonal, forget bias 1."""
    layer = (nn.LSTM if cell == "lstm" else nn.GRU)(inputs, units)
    for gate in range(layer.weight_ih_l0.shape[0] // units):
        rows = slice(gate * units, (gate + 1) * units)
        nn.init.xavier_uniform_(layer.weight_ih_l0.data[rows])
        nn.init.orthogonal_(layer.weight_hh_l0.data[rows])
    nn.init.zeros_(layer.bias_ih_l0)
    nn.init.zeros_(layer.bias_hh_l0)
    if cell == "lstm":
        layer.bias_ih_l0.data[units : 2 * units] = 1
    return layer


def linear_layer(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class NextFrame(nn.Module):
    """Each next frame of music; sequences of like length in a batch, padded, which is faster than packed."""

    def __init__(self, options):
        super().__init__()
        import h5py

        lowest = 21  # the MIDI pitch of the file's first column
        with h5py.File(options.file) as file:
            notes, lengths = file["train/notes"][:], file["train/lengths"][:]
        width = options.width or notes.shape[1]
        frames = numpy.zeros((len(notes), width), numpy.float32)
        if width == notes.shape[1]:
            frames[:] = notes
        else:  # by MIDI pitch from 1, as the authors of Chung et al. 2014 have it
            frames[:, lowest - 1 :] = notes[:, : width - lowest + 1]
        self.sequences = list(torch.from_numpy(frames).split(lengths.tolist()))
        self.batch = options.batch
        self.layer = recurrent_layer(options.cell, width, options.hidden)
        self.output = linear_layer(options.hidden, width)

    def batches(self):
        order = torch.randperm(len(self.sequences)).tolist()
        pool = POOL * self.batch
        order = [
            k
            for begin in range(0, len(order), pool)
            for k in sorted(order[begin : begin + pool], key=lambda k: -len(self.sequences[k]))
        ]
        begins = range(0, len(order), self.batch)
        for place in torch.randperm(len(begins)).tolist():
            chosen = [self.sequences[k] for k in order[begins[place] : begins[place] + self.batch]]
            steps = torch.tensor([len(frames) - 1 for frames in chosen])
            x = nn.utils.rnn.pad_sequence([frames[:-1] for frames in chosen])
            inside = torch.arange(len(x))[:, None] < steps
            yield x, inside, nn.utils.rnn.pad_sequence([frames[1:] for frames in chosen])[inside]

    def loss(self, x, inside, target):
        logits = self.output(self.layer(x)[0][inside])
        nll = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
        return nll / len(target), len(target)


def read_idx(path, header):
    with gzip.open(path) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


class ImageSequence(nn.Module):
    """The class of a picture that is read row by row; the last 5000 pictures are held out."""

    def __init__(self, options):
        super().__init__()
        pixels = read_idx(f"{options.file}/train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:-5000]
        labels = read_idx(f"{options.file}/train-labels-idx1-ubyte.gz", 8)[:-5000]
        chosen = torch.randperm(len(labels))[: options.examples or len(labels)]
        pictures = torch.from_numpy(pixels.astype(numpy.float32) / 255)[chosen]
        self.rows = pictures.transpose(0, 1).contiguous()  # [28, pictures, 28]
        self.labels = torch.from_numpy(labels.astype(numpy.int64))[chosen]
        self.batch = options.batch
        self.layer = recurrent_layer(options.cell, 28, options.hidden)
        self.output = linear_layer(options.hidden, 10)

    def batches(self):
        for chosen in torch.randperm(len(self.labels)).split(self.batch):
            yield self.rows[:, chosen], self.labels[chosen]

    def loss(self, x, labels):
        logits = self.output(self.layer(x)[0][-1])
        return nn.functional.cross_entropy(logits, labels), len(labels)


class LanguageModel(nn.Module):
    """Each next character of a text, streams side by side, 100 characters a piece."""

    STEPS, VECTOR = 100, 64

    def __init__(self, options):
        super().__init__()
        with open(options.file, encoding="utf-8") as file:
            text = file.read()
        text = text[: int(0.9 * len(text))]
        numbers = {symbol: k for k, symbol in enumerate(sorted(set(text)))}
        symbols = torch.tensor([numbers[symbol] for symbol in text])
        pieces = (options.examples or (len(symbols) - 1) // self.STEPS) // options.batch
        length = pieces * self.STEPS
        self.x = symbols[: options.batch * length].view(options.batch, length).t().contiguous()
        self.next = symbols[1 : options.batch * length + 1].view(options.batch, length).t().contiguous()
        self.states = None
        self.vectors = nn.Embedding(len(numbers), self.VECTOR)
        self.layer = recurrent_layer(options.cell, self.VECTOR, options.hidden)
        self.drop = nn.Dropout(0.5)
        self.output = linear_layer(options.hidden, len(numbers))

    def batches(self):
        self.states = None
        yield from zip(self.x.split(self.STEPS), self.next.split(self.STEPS))

    def loss(self, x, following):
        outputs, states = self.layer(self.vectors(x), self.states)
        self.states = tuple(s.detach() for s in states) if isinstance(states, tuple) else states.detach()
        logits = self.output(self.drop(outputs))
        return nn.functional.cross_entropy(logits.flatten(0, 1), following.flatten()), following.numel()


TASKS = {"next_frame": NextFrame, "image_sequence": ImageSequence, "language_model": LanguageModel,
         "translation": Translation}


def train(model, epochs):
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    updates = 0
    for _ in range(epochs):
        begun, total, count = time.monotonic(), 0.0, 0
        for batch in model.batches():
            loss, terms = model.loss(*batch)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            total += loss.item() * terms
            count += terms
            updates += 1
        print(f"epoch {time.monotonic() - begun:.6f} {total / count:.6f} {updates}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("file")
    parser.add_argument("--cell", choices=["lstm", "gru"], required=True)
    parser.add_argument("--form", choices=["cho", "bahdanau"])
    for name, default in [("hidden", None), ("batch", None), ("width", 0), ("examples", 0), ("threads", 1), ("epochs", 1)]:
        parser.add_argument("--" + name, type=int, default=default, required=default is None)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    train(TASKS[options.task](options), options.epochs)


main()
