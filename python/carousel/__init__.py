"""Recurrent cells typed as equations, compiled and differentiated on the CPU.

    import carousel
    cell = carousel.Cell("lstm", input=3, hidden=8)          # or the text of a cell, or a .cell file
    weights = cell.init(seed=1)
    y, state = cell.scan(x, weights)                         # x: [steps, batch, 3]
    run = cell.scan(x, weights, gradients=True)
    run.gradients(outputs=dy).parameters["W_i"]              # gradients of sum(y * dy)

`carousel.torch` has them as layers of PyTorch. Arrays are time-major, [steps, batch, size];
weights are [out, in]. Errors: InputError (a ValueError) where what was given is at fault,
NonFiniteError (an ArithmeticError), EnvironmentError (an OSError).
"""

from . import _libraries  # before the module
from ._carousel import EnvironmentError, InputError, NonFiniteError
from ._carousel import version as __version__
from .ask_tell import Asked, AskTell
from .cell import Cell, Gradients, Scanned, cells, load_plugin
from .study import Epoch, Model, Results, Study, open_model, resume
from .threads import get_num_threads, set_num_threads

__all__ = [
    "AskTell",
    "Asked",
    "Cell",
    "EnvironmentError",
    "Epoch",
    "Gradients",
    "InputError",
    "Model",
    "NonFiniteError",
    "Results",
    "Scanned",
    "Study",
    "cells",
    "get_num_threads",
    "load_plugin",
    "open_model",
    "resume",
    "set_num_threads",
]

# Where a user finds them, for messages and help().
for _public in __all__:
    globals()[_public].__module__ = __name__
