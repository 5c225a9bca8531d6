"""Speed in double precision: half the values in a vector, twice the memory."""

from benchmarks.layers import BACKENDS, BACKENDS_OF_POOLS, POOL_LAYERS
from benchmarks.measurement import prepare
from benchmarks.networks import ALL


class ConvFloat64:
    """Nanoseconds per multiply-accumulate."""

    params = (
        BACKENDS,
        ["conv2d", "conv2d_backward"],
        ["resnet50 3x3 128@28", "mobilenet_v2 dw 3x3 576@14"],
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, ALL[layer], dtype="float64")

    def track_float64(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class PoolFloat64:
    """Nanoseconds per window value."""

    params = (
        BACKENDS_OF_POOLS,
        ["max_pool2d", "avg_pool2d"],
        ["resnet50 3x3 stride 2"],
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/window value"

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, POOL_LAYERS[layer], dtype="float64")

    def track_float64(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()
