"""What a program waits for before the first result: imports, and Numba's compiler."""

import os
import subprocess
import sys
import tempfile

from benchmarks.limits import leave_out

FIRST_CALL = """
import sys, time
sys.path.insert(0, sys.argv[2])
from benchmarks.calls import smallest_call
from convoracle.fast import registry
registry.variant(sys.argv[1], "numba").load()
call = smallest_call(sys.argv[1], "numba")
started = time.perf_counter()
call()
print(time.perf_counter() - started)
"""


class Import:
    """Time of a new interpreter's import; NumPy alone is most of it."""

    def timeraw_convoracle(self) -> str:
        """Import convoracle."""
        return "import convoracle"

    def timeraw_numpy(self) -> str:
        """Import NumPy, which convoracle needs: the baseline."""
        return "import numpy"


class FirstNumbaCall:
    """Seconds of the first call in a new process, Numba itself imported: compiled, or loaded from Numba's cache."""

    params = (
        "conv2d",
        "conv2d_input_grad",
        "conv2d_weight_grad",
        "conv2d_bias_grad",
        "max_pool2d",
        "avg_pool2d",
    )
    param_names = ("operation",)
    unit = "s"
    timeout = 300

    def setup(self, operation: str) -> None:
        """Make an empty folder for Numba's cache."""
        leave_out(operation, "numba")
        self.folder = tempfile.TemporaryDirectory(prefix="convoracle-numba-")

    def teardown(self, operation: str) -> None:
        """Remove it."""
        self.folder.cleanup()

    def track_compiled(self, operation: str) -> float:
        """Measure the first call ever."""
        return first_call_seconds(operation, self.folder.name)

    def track_loaded(self, operation: str) -> float:
        """Measure the first call of the next process."""
        first_call_seconds(operation, self.folder.name)
        return first_call_seconds(operation, self.folder.name)


def first_call_seconds(operation: str, cache: str) -> float:
    """Return the seconds of the first call in a new process that has a folder as Numba's cache."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    finished = subprocess.run(
        [sys.executable, "-c", FIRST_CALL, operation, root],
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return round(float(finished.stdout), 3)
