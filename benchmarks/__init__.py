"""The asv suite: what each benchmark measures, and how to run it, is in README.md beside this file."""

import contextlib
import importlib
import os

# One thread: the speed of a kernel is compared, not the number of idle cores. Set before NumPy or Numba is imported.
# Numba's is an upper bound, for the benchmarks with two threads; `measurement` holds the others to one.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["NUMBA_NUM_THREADS"] = "2"

# asv imports the suite once and forks a process for each number: these are loaded once instead of a thousand times.
for _module in ("numba", "convoracle.fast"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_module)
