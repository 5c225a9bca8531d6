"""The asv suite: what each benchmark measures, and how to run it, is in README.md beside this file."""

import os

# One thread: the speed of a kernel is compared, not the number of idle cores. Set before NumPy or Numba is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"
