"""Reads a run folder with pandas and draws its curves with matplotlib.

PYTHONPATH=build/release/python python3 python/examples/curves.py RUN [FILE.png]
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import carousel

run = carousel.Results(sys.argv[1])
file = sys.argv[2] if len(sys.argv) > 2 else run.path("curves.png")

# %% One row a trial, and one an epoch.
trials, curves = run.frame("results.csv"), run.frame("curves.csv")
valid = next(name for name in curves.columns if name.startswith("valid_"))
print(trials[["cell", "seed", "epochs", valid, valid.replace("valid", "test")]].to_string(index=False))

# %% Validation by epoch: a thin line a seed, a thick one for the mean.
figure, axes = plt.subplots(figsize=(7, 4.5))
for colour, (cell, of_cell) in enumerate(curves.groupby("cell", sort=False)):
    for _, of_seed in of_cell.groupby("seed"):
        axes.plot(of_seed["epoch"], of_seed[valid], color=f"C{colour}", linewidth=0.5, alpha=0.6)
    mean = of_cell.groupby("epoch")[valid].mean()
    axes.plot(mean.index, mean, color=f"C{colour}", linewidth=2, label=cell)
axes.set(xlabel="epoch", ylabel=valid, title=trials["dataset"][0])
axes.legend()
figure.savefig(file, dpi=150, bbox_inches="tight")
print("written:", file)
