"""Speed of the reference: plain Python loops on a tiny input, in charts of their own, which they would flatten."""

from benchmarks.calls import reference_call, steps_of
from benchmarks.layers import REFERENCE_CONV, REFERENCE_POOL
from benchmarks.timer import median_ns_per_step


class Reference:
    """Nanoseconds per multiply-accumulate, or per window value, of the interpreted loops."""

    params = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "max_pool2d", "avg_pool2d")
    param_names = ("operation",)
    unit = "ns/MAC or window value"

    def setup(self, operation: str) -> None:
        """Make the arrays."""
        self.call = reference_call(operation)
        self.steps = steps_of(operation, REFERENCE_CONV if "conv" in operation else REFERENCE_POOL)

    def track_reference(self, operation: str) -> float:
        """Measure the reference."""
        return median_ns_per_step(self.call, self.steps)
