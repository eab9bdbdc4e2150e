"""How many threads a scan takes. Results do not depend on it, to the bit."""

import os

from ._carousel import InputError

_threads = len(os.sched_getaffinity(0))


def get_num_threads() -> int:
    """Threads of a scan over NumPy arrays; those of PyTorch follow torch.get_num_threads()."""
    return _threads


def set_num_threads(threads: int) -> None:
    """Sets them. At first there are as many as this process may run on."""
    global _threads
    if threads < 1:
        raise InputError(f"set_num_threads: got {threads}, expected 1 or more")
    _threads = int(threads)


# The threads of the parent are not there in a process that was forked, such as a DataLoader's
# worker: it keeps to its own one.
def _after_fork() -> None:
    global is_forked
    is_forked = True
    set_num_threads(1)


is_forked = False
os.register_at_fork(after_in_child=_after_fork)
