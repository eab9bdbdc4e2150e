#!/usr/bin/env python3
"""The study experiments/cho2014/quick.yaml in PyTorch: the same models, batches of like length and updates.

translation.py FOLDER [--form cho|bahdanau] [--epochs N] [--threads N]

Prints, for each epoch, the seconds of its updates with target words a second, and the perplexity on
validation. Needs Debian's python3-torch (scripts/setup --peers). nn.GRU resets after the matrix;
the study's cell for a comparison is gru_reset_after. The output layer reads the words that are scored alone.
"""

import collections
import math
import random
import time

from peer import arguments_of
import torch
from torch import nn

BATCH, VECTOR, UNITS, READOUT, DROPOUT = 64, 128, 256, 128, 0.3
UNKNOWN, BEGIN, END = 0, 1, 2


def read(folder, part, language):
    with open(f"{folder}/{part}.lc.norm.tok.{language}", encoding="utf-8") as file:
        return [line.split() for line in file]


def numbers_of(lines):
    counts = collections.Counter(word for line in lines for word in line)
    frequent = sorted((word for word, count in counts.items() if count >= 2), key=lambda word: (-counts[word], word))
    return {word: number + 3 for number, word in enumerate(frequent)}


class EncoderDecoder(nn.Module):
    def __init__(self, attention, source_words, target_words):
        super().__init__()
        self.source, self.target = nn.Embedding(source_words, VECTOR), nn.Embedding(target_words, VECTOR)
        self.encoder, self.start = nn.GRU(VECTOR, UNITS), nn.Linear(UNITS, UNITS)
        self.attention = attention
        if attention:
            self.decoder = nn.GRUCell(VECTOR + UNITS, UNITS)
            self.keys, self.query = nn.Linear(UNITS, UNITS), nn.Linear(UNITS, UNITS, bias=False)
            self.score = nn.Linear(UNITS, 1, bias=False)
        else:
            self.decoder, self.context = nn.GRU(VECTOR + UNITS, UNITS), nn.Linear(UNITS, UNITS)
        self.readout = nn.Linear(2 * UNITS + VECTOR, 2 * READOUT)
        self.output = nn.Linear(READOUT, target_words)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, source, lengths, before, inside):
        packed = nn.utils.rnn.pack_padded_sequence(self.drop(self.source(source)), lengths)
        outputs, last = self.encoder(packed)
        words = self.target(before)
        if self.attention:
            memory, _ = nn.utils.rnn.pad_packed_sequence(outputs)
            seen = self.attend(self.drop(memory), lengths, self.drop(last[0]), self.drop(words))
        else:
            context = torch.tanh(self.context(self.drop(last[0]))).expand(len(words), -1, -1)
            start = torch.tanh(self.start(context[0]))
            h, _ = self.decoder(self.drop(torch.cat([words, context], -1)), start[None])
            seen = torch.cat([self.drop(h), context], -1)
        pairs = self.readout(torch.cat([seen, words], -1)[inside])
        return self.output(torch.maximum(pairs[:, :READOUT], pairs[:, READOUT:]))

    def attend(self, memory, lengths, last, words):
        keys = self.keys(memory)
        beyond = torch.arange(len(memory))[:, None] >= lengths[None]
        h, steps = torch.tanh(self.start(last)), []
        for word in words:
            scores = self.score(torch.tanh(keys + self.query(h)))[..., 0].masked_fill(beyond, -1e9)
            context = torch.einsum("sb,sbm->bm", torch.softmax(scores, 0), memory)
            h = self.decoder(torch.cat([word, context], -1), h)
            steps.append(torch.cat([h, context], -1))
        return self.drop(torch.stack(steps))


def batch_of(pairs):
    pairs = sorted(pairs, key=lambda pair: -len(pair[0]))
    lengths = torch.tensor([len(source) for source, _ in pairs])
    pad = nn.utils.rnn.pad_sequence
    source = pad([torch.tensor(source) for source, _ in pairs])
    before = pad([torch.tensor([BEGIN, *target]) for _, target in pairs])
    following = pad([torch.tensor([*target, END]) for _, target in pairs])
    inside = torch.arange(len(before))[:, None] < torch.tensor([len(target) + 1 for _, target in pairs])[None]
    return source, lengths, before, inside, following[inside]


def batches(pairs, shuffle):
    if shuffle:
        pairs = random.sample(pairs, len(pairs))
    pool = 8 * BATCH
    pairs = [pair for k in range(0, len(pairs), pool) for pair in sorted(pairs[k : k + pool], key=lambda p: len(p[0]))]
    order = list(range(0, len(pairs), BATCH))
    if shuffle:
        random.shuffle(order)
    for k in order:
        yield batch_of(pairs[k : k + BATCH])


def main():
    arguments = arguments_of("folder", "form", ["cho", "bahdanau"])
    random.seed(1)
    texts = {key: read(arguments.folder, *key) for key in [("train", "en"), ("train", "fr"), ("val", "en"), ("val", "fr")]}
    vocabulary = {language: numbers_of(texts["train", language]) for language in ("en", "fr")}
    encoded = {
        (part, language): [[vocabulary[language].get(word, UNKNOWN) for word in line] for line in lines]
        for (part, language), lines in texts.items()
    }
    train, valid = (list(zip(encoded[part, "en"], encoded[part, "fr"])) for part in ("train", "val"))
    model = EncoderDecoder(arguments.form == "bahdanau", len(vocabulary["en"]) + 3, len(vocabulary["fr"]) + 3)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, arguments.epochs + 1):
        begun, words = time.monotonic(), 0
        for *batch, following in batches(train, True):
            loss = nn.functional.cross_entropy(model(*batch), following)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            words += len(following)
        seconds = time.monotonic() - begun
        model.eval()
        with torch.no_grad():
            nll = [
                nn.functional.cross_entropy(model(*batch), following, reduction="sum").item()
                for *batch, following in batches(valid, False)
            ]
        model.train()
        perplexity = math.exp(sum(nll) / sum(len(target) + 1 for _, target in valid))
        print(f"epoch {epoch}: {seconds:.1f} s, {words / seconds:.0f} words a second, valid {perplexity:.3f}", flush=True)


main()
