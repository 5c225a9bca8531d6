"""The price of a call: checks, dispatch and set-up, on an input of a few values."""

from benchmarks.calls import smallest_call
from benchmarks.layers import BACKENDS
from benchmarks.limits import leave_out


class SmallestCall:
    """Time of one call that has next to nothing to compute."""

    params = (BACKENDS, ["conv2d", "conv2d_backward", "max_pool2d", "avg_pool2d"])
    param_names = ("backend", "operation")

    def setup(self, backend: str, operation: str) -> None:
        """Make the arrays, and compile."""
        leave_out(operation, backend)
        self.call = smallest_call(operation, backend)
        self.call()

    def time_call(self, backend: str, operation: str) -> None:
        """Make the call."""
        self.call()
