"""The task `translation` in PyTorch: models, and batches of like length, of experiments/cho2014/quick.yaml.

nn.GRU resets after the matrix, as our gru_reset_after. The output layer reads the words that are scored alone.
"""

import collections
import random

import torch
from torch import nn

VECTOR, READOUT, DROPOUT = 128, 128, 0.3
POOL = 8  # batches that are sorted by length together
UNKNOWN, BEGIN, END = 0, 1, 2


def read(folder, part, language):
    with open(f"{folder}/{part}.lc.norm.tok.{language}", encoding="utf-8") as file:
        return [line.split() for line in file]


def numbers_of(lines):
    counts = collections.Counter(word for line in lines for word in line)
    frequent = sorted((word for word, count in counts.items() if count >= 2), key=lambda word: (-counts[word], word))
    return {word: number + 3 for number, word in enumerate(frequent)}


class Translation(nn.Module):
    """English to French by an encoder-decoder: form cho or bahdanau."""

    def __init__(self, options):
        super().__init__()
        random.seed(1)
        lines = {language: read(options.file, "train", language) for language in ("en", "fr")}
        numbers = {language: numbers_of(lines[language]) for language in lines}
        source, target = (
            [torch.tensor([numbers[language].get(word, UNKNOWN) for word in line]) for line in lines[language]]
            for language in ("en", "fr")
        )
        begin, end = torch.tensor([BEGIN]), torch.tensor([END])
        self.pairs = [(x, torch.cat([begin, y]), torch.cat([y, end])) for x, y in zip(source, target)]
        self.pairs = random.sample(self.pairs, options.examples or len(self.pairs))
        self.batch, units, self.attention = options.batch, options.hidden, options.form == "bahdanau"
        source_words, target_words = (len(numbers[language]) + 3 for language in ("en", "fr"))
        self.source, self.target = nn.Embedding(source_words, VECTOR), nn.Embedding(target_words, VECTOR)
        nn.init.normal_(self.source.weight, std=0.1)
        nn.init.normal_(self.target.weight, std=0.1)
        self.encoder, self.start = nn.GRU(VECTOR, units), nn.Linear(units, units)
        if self.attention:
            self.decoder = nn.GRUCell(VECTOR + units, units)
            self.keys, self.query = nn.Linear(units, units), nn.Linear(units, units, bias=False)
            self.score = nn.Linear(units, 1, bias=False)
        else:
            self.decoder, self.context = nn.GRU(VECTOR + units, units), nn.Linear(units, units)
        self.readout = nn.Linear(2 * units + VECTOR, 2 * READOUT)
        self.output = nn.Linear(READOUT, target_words)
        self.drop = nn.Dropout(DROPOUT)

    def batches(self):
        pairs = random.sample(self.pairs, len(self.pairs))
        pool = POOL * self.batch
        pairs = [p for k in range(0, len(pairs), pool) for p in sorted(pairs[k : k + pool], key=lambda p: -len(p[0]))]
        begins = list(range(0, len(pairs), self.batch))
        random.shuffle(begins)
        pad = nn.utils.rnn.pad_sequence
        for k in begins:
            source, before, following = zip(*pairs[k : k + self.batch])
            inside = pad([torch.ones(len(y), dtype=torch.bool) for y in following])
            lengths = torch.tensor([len(x) for x in source])
            yield pad(source), lengths, pad(before), inside, pad(following)[inside]

    def loss(self, *batch):
        *read, following = batch
        return nn.functional.cross_entropy(self(*read), following), len(following)

    def forward(self, source, lengths, before, inside):
        # Padded, which is faster than packed; the last state of each sentence stands at its own end.
        memory, _ = self.encoder(self.drop(self.source(source)))
        last = memory[lengths - 1, torch.arange(len(lengths))]
        words = self.target(before)
        if self.attention:
            seen = self.attend(self.drop(memory), lengths, self.drop(last), self.drop(words))
        else:
            context = torch.tanh(self.context(self.drop(last))).expand(len(words), -1, -1)
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
