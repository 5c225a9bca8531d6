"""Speed of the convolution on layers of known networks, float32."""

from benchmarks.calls import conv_call
from benchmarks.layers import BACKENDS, CONV_LAYERS
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step


class Conv2d:
    """Nanoseconds per multiply-accumulate of the forward pass."""

    params = (BACKENDS, list(CONV_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.macs = CONV_LAYERS[layer].macs
        leave_out("conv2d", backend, self.macs)
        self.call = conv_call("conv2d", backend, CONV_LAYERS[layer])
        self.call()

    def track_conv2d(self, backend: str, layer: str) -> float:
        """Measure `conv2d`."""
        return median_ns_per_step(self.call, self.macs)
