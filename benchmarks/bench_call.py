"""The price of a call: checks, dispatch and set-up, on an input of a few values."""

from benchmarks.calls import call_of, smallest_call
from benchmarks.layers import BACKENDS, ConvLayer
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step

TINY_LAYERS = {
    "1@8 > 1": ConvLayer((1, 1, 8, 8), (1, 1, 3, 3), (1, 1, 6, 6)),
    "3@8 > 4": ConvLayer((1, 3, 8, 8), (4, 3, 3, 3), (1, 4, 6, 6)),
    "3@32 > 10": ConvLayer((1, 3, 32, 32), (10, 3, 3, 3), (1, 10, 30, 30)),
    "16@16 > 16": ConvLayer((1, 16, 16, 16), (16, 16, 3, 3), (1, 16, 16, 16), {"padding": 1}),
}


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


class TinyLayer:
    """Microseconds of one call on a layer as small as in a first exercise, where the way to the kernel counts most."""

    params = (
        ["direct", "auto"],
        ["conv2d", "conv2d_backward"],
        ["1@8 > 1", "3@8 > 4", "3@32 > 10", "16@16 > 16"],
    )
    param_names = ("backend", "operation", "layer")
    unit = "us"

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.call = call_of(operation, backend, TINY_LAYERS[layer])
        self.call()

    def track_tiny(self, backend: str, operation: str, layer: str) -> float:
        """Measure the call."""
        return median_ns_per_step(self.call, 1000)
