"""Speed of mean pooling and its gradient on layers of known networks, float32."""

from benchmarks.calls import pool_call
from benchmarks.layers import BACKENDS, POOL_LAYERS
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step


class AvgPool2d:
    """Nanoseconds per value read, counted window by window: a value in four windows is read four times."""

    params = (BACKENDS, list(POOL_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/window value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        leave_out("avg_pool2d", backend)
        self.values = POOL_LAYERS[layer].window_values
        self.call = pool_call("avg_pool2d", backend, POOL_LAYERS[layer])
        self.call()

    def track_avg_pool2d(self, backend: str, layer: str) -> float:
        """Measure `avg_pool2d`."""
        return median_ns_per_step(self.call, self.values)


class AvgPool2dBackward:
    """Nanoseconds per window value of the gradient, so that it can be held against the forward pass."""

    params = (BACKENDS, ["lenet5 2x2", "vgg16 2x2", "resnet50 3x3 stride 2"])
    param_names = ("backend", "layer")
    unit = "ns/window value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        leave_out("avg_pool2d_backward", backend)
        self.values = POOL_LAYERS[layer].window_values
        self.call = pool_call("avg_pool2d_backward", backend, POOL_LAYERS[layer])
        self.call()

    def track_avg_pool2d_backward(self, backend: str, layer: str) -> float:
        """Measure `avg_pool2d_backward`."""
        return median_ns_per_step(self.call, self.values)
