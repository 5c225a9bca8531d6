"""Speed of the three-dimensional convolution and of its gradients, float32."""

from benchmarks.layers import BACKENDS_BY_PLANES, BACKENDS_OF_BIAS_GRADS, CONV3D_LAYERS
from benchmarks.measurement import prepare


class Conv3d:
    """Nanoseconds per multiply-accumulate: of the forward pass, of a gradient, of two for all three together."""

    params = (
        BACKENDS_BY_PLANES,
        ["conv3d", "conv3d_input_grad", "conv3d_weight_grad", "conv3d_backward"],
        list(CONV3D_LAYERS),
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, CONV3D_LAYERS[layer])

    def track_conv3d(self, backend: str, operation: str, layer: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()


class Conv3dBiasGrad:
    """Nanoseconds per value of the output gradient, each of which is added once."""

    params = (BACKENDS_OF_BIAS_GRADS, list(CONV3D_LAYERS))
    param_names = ("backend", "layer")
    unit = "ns/value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("conv3d_bias_grad", backend, CONV3D_LAYERS[layer])

    def track_conv3d_bias_grad(self, backend: str, layer: str) -> float:
        """Measure `conv3d_bias_grad`."""
        return self.measurement.ns_per_step()
