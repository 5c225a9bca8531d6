"""What a program waits for before the first result: imports, and the compiler."""

import os
import subprocess
import sys
import tempfile

from benchmarks.layers import CONV_LAYERS, POOL_LAYERS, Layer
from benchmarks.limits import leave_out, reason_to_leave_out

FIRST_CALL = """
import sys, time
import asv_runner.benchmarks.mark, numpy  # the benchmarks need both, programs only NumPy
started = time.perf_counter()
sys.path.insert(0, sys.argv[3])
from benchmarks.bench_startup import first_layer
from benchmarks.calls import call_of
call_of(*sys.argv[1:3], first_layer(sys.argv[1]))()
print(time.perf_counter() - started)
"""

Seconds = dict[tuple[str, str], tuple[float, float]]


class Import:
    """Time of a new interpreter's import; NumPy alone is most of it."""

    def timeraw_convoracle(self) -> str:
        """Import convoracle."""
        return "import convoracle"

    def timeraw_numpy(self) -> str:
        """Import NumPy, which convoracle needs: the baseline."""
        return "import numpy"


class FirstCall:
    """Seconds from NumPy to the first result in a new process: imports, and kernels that are compiled or loaded."""

    params = (["numba", "direct", "auto", "winograd", "plane", "fft"], ["conv2d", "conv2d_backward", "max_pool2d"])
    param_names = ("backend", "operation")
    unit = "s"

    def setup_cache(self) -> Seconds:
        """Make all first calls, and those of the next processes, once for both benchmarks."""
        return {
            (backend, operation): first_and_next_call(operation, backend)
            for backend in self.params[0]
            for operation in self.params[1]
            if reason_to_leave_out(operation, backend, first_layer(operation)) is None
        }

    setup_cache.timeout = 900  # type: ignore[attr-defined]

    def setup(self, seconds: Seconds, backend: str, operation: str) -> None:
        """Leave out what is not done."""
        leave_out(operation, backend, first_layer(operation))

    def track_compiled(self, seconds: Seconds, backend: str, operation: str) -> float:
        """Return the seconds of the first call ever."""
        return seconds[backend, operation][0]

    def track_loaded(self, seconds: Seconds, backend: str, operation: str) -> float:
        """Return the seconds of the first call of the next process."""
        return seconds[backend, operation][1]


def first_layer(operation: str) -> Layer:
    """Return a layer that is large enough for the kernels that large ones take."""
    return POOL_LAYERS["lenet5 2x2"] if "pool" in operation else CONV_LAYERS["resnet50 3x3"]


def first_and_next_call(operation: str, backend: str) -> tuple[float, float]:
    """Return the seconds of the first calls in two processes, one after the other, that find all caches empty."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory(prefix="convoracle-numba-") as folder:
        outputs = [
            subprocess.run(
                [sys.executable, "-c", FIRST_CALL, operation, backend, root],
                env={**os.environ, "NUMBA_CACHE_DIR": folder, "CONVORACLE_CACHE_DIR": folder},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout
            for _ in range(2)
        ]
    compiled, loaded = (round(float(output), 3) for output in outputs)
    return compiled, loaded
