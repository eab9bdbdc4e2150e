"""What the peers in PyTorch share. Import it before torch: it may start the program anew."""

import argparse
import glob
import os
import sys

# The variable chooses older kernels where it names an older processor. PyTorch's threads are
# OpenMP's: an OpenBLAS with threads of its own (Debian's default) would be a second pool on the
# same cores, so the one that shares them (libopenblas0-openmp) goes first where it is installed.
old_kernels = os.environ.pop("OPENBLAS_CORETYPE", None) is not None
shared_pool = glob.glob("/usr/lib/*/openblas-openmp")
searched = os.environ.get("LD_LIBRARY_PATH", "").split(":")
if old_kernels or (shared_pool and shared_pool[0] not in searched):
    os.environ["LD_LIBRARY_PATH"] = ":".join(shared_pool + [path for path in searched if path])
    os.execv(sys.executable, [sys.executable, *sys.argv])

import torch


def arguments_of(data, choice, choices):
    """The command line: the data, --CHOICE, --epochs and --threads; takes the threads and the seed into use."""
    parser = argparse.ArgumentParser()
    parser.add_argument(data)
    parser.add_argument("--" + choice, choices=choices, default=choices[0])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    return arguments
