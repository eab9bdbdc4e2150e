"""What the peers in PyTorch share. Import it before torch: it may start the program anew."""

import glob
import os
import sys

# One variable chooses older kernels where it names an older processor. PyTorch's threads are
# OpenMP's: an OpenBLAS with threads of its own (Debian's default) would be a second pool on the
# same cores, so the one that shares them (libopenblas0-openmp) goes first where it is installed.
# Memory is kept from step to step, instead of new zeroed pages from the system for each large tensor.
wanted = dict(os.environ, MALLOC_MMAP_THRESHOLD_=str(1 << 30), MALLOC_TRIM_THRESHOLD_="2000000000")
wanted.pop("OPENBLAS_CORETYPE", None)
shared_pool = glob.glob("/usr/lib/*/openblas-openmp")[:1]
searched = [path for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path]
wanted["LD_LIBRARY_PATH"] = ":".join(shared_pool + [path for path in searched if path not in shared_pool])
if wanted != dict(os.environ):
    os.execve(sys.executable, [sys.executable, *sys.argv], wanted)
