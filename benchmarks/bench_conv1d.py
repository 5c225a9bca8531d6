"""Speed of the one-dimensional convolution and of its gradients, float32."""

from benchmarks.layers import BACKENDS_BY_PLANES, BACKENDS_OF_BIAS_GRADS, CONV1D_LAYERS
from benchmarks.measurement import prepare


class Conv1d:
    """Nanoseconds per multiply-accumulate: of the forward pass, of a gradient, of two for all three together."""

    params = (
        BACKENDS_BY_PLANES,
        ["conv1d", "conv1d_input_grad", "conv1d_weight_grad", "conv1d_backward"],
        list(CONV1D_LAYERS),
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, CONV1D_LAYERS[layer])

    def track_conv1d(self, backend: str, operation: str, layer: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()


class Conv1dBiasGrad:
    """Nanoseconds per value of the output gradient, each of which is added once."""

    params = (BACKENDS_OF_BIAS_GRADS, list(CONV1D_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("conv1d_bias_grad", backend, CONV1D_LAYERS[layer])

    def track_conv1d_bias_grad(self, backend: str, layer: str) -> float:
        """Measure `conv1d_bias_grad`."""
        return self.measurement.ns_per_step()
