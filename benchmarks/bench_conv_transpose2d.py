"""Speed of the transposed convolution and of its gradients, float32."""

from benchmarks.layers import BACKENDS_BY_PLANES, BACKENDS_OF_BIAS_GRADS, TRANSPOSED_LAYERS
from benchmarks.measurement import prepare


class ConvTranspose2d:
    """Nanoseconds per multiply-accumulate: of the forward pass, of a gradient, of two for all three together."""

    params = (
        BACKENDS_BY_PLANES,
        [
            "conv_transpose2d",
            "conv_transpose2d_input_grad",
            "conv_transpose2d_weight_grad",
            "conv_transpose2d_backward",
        ],
        list(TRANSPOSED_LAYERS),
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, TRANSPOSED_LAYERS[layer])

    def track_conv_transpose2d(self, backend: str, operation: str, layer: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()


class ConvTranspose2dBiasGrad:
    """Nanoseconds per value of the output gradient, each of which is added once."""

    params = (BACKENDS_OF_BIAS_GRADS, list(TRANSPOSED_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("conv_transpose2d_bias_grad", backend, TRANSPOSED_LAYERS[layer])

    def track_conv_transpose2d_bias_grad(self, backend: str, layer: str) -> float:
        """Measure `conv_transpose2d_bias_grad`."""
        return self.measurement.ns_per_step()
