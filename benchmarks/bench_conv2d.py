"""Speed of the convolution on layers of known networks, float32."""

from benchmarks.layers import BACKENDS, CONV_LAYERS
from benchmarks.measurement import prepare


class Conv2d:
    """Nanoseconds per multiply-accumulate of the forward pass."""

    params = (BACKENDS, list(CONV_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("conv2d", backend, CONV_LAYERS[layer])

    def track_conv2d(self, backend: str, layer: str) -> float:
        """Measure `conv2d`."""
        return self.measurement.ns_per_step()
