"""The price of a call: checks, dispatch and set-up, on an input of a few values."""

from benchmarks.calls import smallest_call
from benchmarks.layers import BACKENDS
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step


class SmallestCall:
    """Microseconds of one call that has next to nothing to compute."""

    params = (BACKENDS, ["conv2d", "conv2d_backward", "max_pool2d", "avg_pool2d"])
    param_names = ("backend", "operation")
    unit = "us"

    def setup(self, backend: str, operation: str) -> None:
        """Make the arrays, and compile."""
        leave_out(operation, backend)
        self.call = smallest_call(operation, backend)
        self.call()

    def track_call(self, backend: str, operation: str) -> float:
        """Measure the call."""
        return median_ns_per_step(self.call, 1000)
