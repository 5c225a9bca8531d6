"""Speed with one thread and with two: what a second processor is worth."""

from benchmarks.layers import BACKENDS_WITH_THREADS, POOL_LAYERS
from benchmarks.measurement import prepare
from benchmarks.networks import ALL


class ConvThreads:
    """Nanoseconds per multiply-accumulate; with two threads, of both together."""

    params = (
        BACKENDS_WITH_THREADS,
        ["conv2d", "conv2d_backward"],
        ["resnet50 3x3 128@28", "mobilenet_v2 dw 3x3 144@56", "filters 15x15 1@512"],
        ["1 thread", "2 threads"],
    )
    param_names = ("backend", "operation", "layer", "threads")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str, threads: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, ALL[layer], threads=int(threads[0]))

    def track_threads(self, backend: str, operation: str, layer: str, threads: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class PoolThreads:
    """Nanoseconds per window value."""

    params = (
        ["direct", "auto"],
        ["max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"],
        ["resnet50 3x3 stride 2 batch 16"],
        ["1 thread", "2 threads"],
    )
    param_names = ("backend", "operation", "layer", "threads")
    unit = "ns/window value"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str, threads: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, POOL_LAYERS[layer], threads=int(threads[0]))

    def track_threads(self, backend: str, operation: str, layer: str, threads: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()
