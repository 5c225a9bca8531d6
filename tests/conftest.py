"""What every test needs before anything is imported: empty caches of its own, and the Hypothesis profiles."""

import atexit
import gc
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

# Numba's cache on disk does not notice an edited function in another file, so no test run trusts an earlier one's.
# The workers of pytest-xdist inherit the folder of the process that started them and share it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    for cache in ("NUMBA_CACHE_DIR", "CONVORACLE_CACHE_DIR"):
        os.environ[cache] = tempfile.mkdtemp(prefix="convoracle-cache-")
        atexit.register(shutil.rmtree, os.environ[cache], ignore_errors=True)

# PyTorch's and Numba's OpenMP threads otherwise spin between two calls, and take the cores from each other: a small
# call is ten times slower for it on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# OpenBLAS's spin, too, for milliseconds after each product of matrices: as short as can be said, 2**4 cycles.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

# "dev" gives every developer the same examples in seconds; "nightly" looks for new ones.
settings.register_profile("dev", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("nightly", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# Ten thousand tests and the libraries they need are never garbage: looking through them again and again took a quarter
# of the time of collecting the tests, and a tenth of that of compiling.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage only among what the tests themselves make, and seldom."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
