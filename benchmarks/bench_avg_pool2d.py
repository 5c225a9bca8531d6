"""Speed of mean pooling and its gradient on layers of known networks, float32."""

from benchmarks.layers import BACKENDS_OF_POOLS, POOL_LAYERS
from benchmarks.measurement import prepare


class AvgPool2d:
    """Nanoseconds per value read, counted window by window: a value in four windows is read four times."""

    params = (BACKENDS_OF_POOLS, list(POOL_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/window value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("avg_pool2d", backend, POOL_LAYERS[layer])

    def track_avg_pool2d(self, backend: str, layer: str) -> float:
        """Measure `avg_pool2d`."""
        return self.measurement.ns_per_step()


class AvgPool2dBackward:
    """Nanoseconds per window value of the gradient, so that it can be held against the forward pass."""

    params = (
        BACKENDS_OF_POOLS,
        ["lenet5 2x2", "vgg16 2x2", "resnet50 3x3 stride 2", "resnet50 3x3 stride 2 batch 16"],
    )
    param_names = ("backend", "layer")
    unit = "ns/window value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("avg_pool2d_backward", backend, POOL_LAYERS[layer])

    def track_avg_pool2d_backward(self, backend: str, layer: str) -> float:
        """Measure `avg_pool2d_backward`."""
        return self.measurement.ns_per_step()
