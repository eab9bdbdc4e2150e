"""Writes encoder_decoder.h5 beside this file: loss and gradients of PyTorch's encoder-decoders.

One group a form: "cho" (Cho et al. 2014, appendix A) and "bahdanau" (Bahdanau et al. 2015, appendix A), of
torch.nn.Embedding, Linear and GRU (GRUCell with the attention), in float64. Each has the batch (source, lengths,
before, next, target_lengths), the loss summed over all target words, and parameters and grad under our names, with
'|' in the place of '/'. PyTorch's second biases of the gates are zero: our cell has one.
"""

import pathlib

import h5py
import torch

UNITS, EMBEDDING, READOUT, KEYS = 4, 3, 5, 6
SOURCE_WORDS, TARGET_WORDS = 7, 8
LENGTHS, TARGET_LENGTHS = [5, 3, 2], [4, 2, 5]


def gru(input_size, cell=False):
    module = (torch.nn.GRUCell if cell else torch.nn.GRU)(input_size, UNITS)
    for name, value in module.named_parameters():
        if name.startswith("bias_hh"):
            with torch.no_grad():
                value[: 2 * UNITS] = 0
    return module


def gru_parts(module, of):
    """Our parameters of a GRU; of(tensor): its value or its gradient."""
    weights = {name.removesuffix("_l0"): of(value) for name, value in module.named_parameters()}
    parts = {}
    for k, gate in enumerate("rzn"):
        rows = slice(k * UNITS, (k + 1) * UNITS)
        parts["W_" + gate] = weights["weight_ih"][rows]
        parts["U_" + gate] = weights["weight_hh"][rows]
        parts["b_" + gate] = weights["bias_ih"][rows]
    parts["d_n"] = weights["bias_hh"][2 * UNITS :]
    return parts


class EncoderDecoder(torch.nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.attention = attention
        self.source = torch.nn.Embedding(SOURCE_WORDS, EMBEDDING)
        self.encoder = gru(EMBEDDING)
        self.target = torch.nn.Embedding(TARGET_WORDS, EMBEDDING)
        self.decoder = gru(EMBEDDING + UNITS, cell=attention)
        self.start = torch.nn.Linear(UNITS, UNITS)
        if attention:
            self.keys = torch.nn.Linear(UNITS, KEYS)
            self.query = torch.nn.Linear(UNITS, KEYS, bias=False)
            self.score = torch.nn.Linear(KEYS, 1, bias=False)
        else:
            self.context = torch.nn.Linear(UNITS, UNITS)
        self.readout = torch.nn.Linear(2 * UNITS + EMBEDDING, 2 * READOUT)
        self.output = torch.nn.Linear(READOUT, TARGET_WORDS)

    def forward(self, source, before):
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.source(source), LENGTHS)
        outputs, last = self.encoder(packed)
        words = self.target(before)
        if self.attention:
            memory, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs)
            seen = self.attend(memory, last[0], words)
        else:
            context = torch.tanh(self.context(last[0]))
            repeated = context.expand(len(words), -1, -1)
            start = torch.tanh(self.start(context))
            h, _ = self.decoder(torch.cat([words, repeated], -1), start[None])
            seen = torch.cat([h, repeated], -1)
        pairs = self.readout(torch.cat([seen, words], -1))
        return self.output(torch.maximum(pairs[..., :READOUT], pairs[..., READOUT:]))

    def attend(self, memory, last, words):
        keys = self.keys(memory)
        beyond = torch.arange(len(memory))[:, None] >= torch.tensor(LENGTHS)[None]
        h, steps = torch.tanh(self.start(last)), []
        for word in words:
            scores = self.score(torch.tanh(keys + self.query(h)))[..., 0]
            weights = torch.softmax(scores.masked_fill(beyond, -torch.inf), 0)
            context = (weights[..., None] * memory).sum(0)
            h = self.decoder(torch.cat([word, context], -1), h)
            steps.append(torch.cat([h, context], -1))
        return torch.stack(steps)

    def named(self, of):
        linear = {"start_0_h": self.start, "readout": self.readout, "output": self.output}
        all_ = {"source/table": of(self.source.weight), "target/table": of(self.target.weight)}
        for stack, module in (("encoder", self.encoder), ("decoder", self.decoder)):
            for name, value in gru_parts(module, of).items():
                all_[f"{stack}/0/forward/{name}"] = value
        if self.attention:
            linear["keys"] = self.keys
            all_["decoder/0/forward/attention.W_query"] = of(self.query.weight)
            all_["decoder/0/forward/attention.v_query"] = of(self.score.weight).T
        else:
            linear["context"] = self.context
        for name, layer in linear.items():
            all_[name + "/W"], all_[name + "/b"] = of(layer.weight), of(layer.bias)
        return all_


def main():
    torch.set_default_dtype(torch.float64)
    with h5py.File(pathlib.Path(__file__).with_name("encoder_decoder.h5"), "w") as file:
        for seed, form in enumerate(("cho", "bahdanau")):
            torch.manual_seed(seed)
            model = EncoderDecoder(form == "bahdanau")
            source = torch.randint(3, SOURCE_WORDS, (max(LENGTHS), len(LENGTHS)))
            before = torch.randint(3, TARGET_WORDS, (max(TARGET_LENGTHS), len(LENGTHS)))
            following = torch.randint(2, TARGET_WORDS, before.shape)
            inside = torch.arange(len(before))[:, None] < torch.tensor(TARGET_LENGTHS)[None]
            log_p = torch.log_softmax(model(source, before), -1)
            picked = log_p.gather(-1, following[..., None])[..., 0]
            loss = -(picked * inside).sum()
            loss.backward()
            group = file.create_group(form)
            for name, value in (("source", source), ("before", before), ("next", following)):
                group[name] = value.double().numpy()
            group["lengths"], group["target_lengths"] = LENGTHS, TARGET_LENGTHS
            group["loss"] = loss.item()
            for part, of in (("parameters", torch.Tensor.detach), ("grad", lambda p: p.grad)):
                values = group.create_group(part)
                for name, value in model.named(of).items():
                    values[name.replace("/", "|")] = value.detach().numpy()


if __name__ == "__main__":
    main()
