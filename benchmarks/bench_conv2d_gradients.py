"""Speed of each gradient of the convolution on layers of known networks, float32; `bench_networks` has all together."""

from benchmarks.layers import BACKENDS, BACKENDS_OF_CONV2D_BIAS_GRAD, CONV_LAYERS
from benchmarks.measurement import prepare


class Conv2dGradients:
    """Nanoseconds per multiply-accumulate of the gradients, each of which has as many as the forward pass."""

    params = (
        BACKENDS,
        ["conv2d_input_grad", "conv2d_weight_grad"],
        ["lenet5 5x5", "cifar 3x3", "mobilenet 3x3 depthwise", "resnet50 3x3", "resnet50 3x3 stride 2"],
    )
    param_names = ("backend", "gradient", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, gradient: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(gradient, backend, CONV_LAYERS[layer])

    def track_gradient(self, backend: str, gradient: str, layer: str) -> float:
        """Measure one gradient."""
        return self.measurement.ns_per_step()


class Conv2dBiasGrad:
    """Nanoseconds per value of the output gradient, each of which is added once."""

    params = (BACKENDS_OF_CONV2D_BIAS_GRAD, ["cifar 3x3", "resnet50 1x1"])
    param_names = ("backend", "layer")
    unit = "ns/value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare("conv2d_bias_grad", backend, CONV_LAYERS[layer])

    def track_conv2d_bias_grad(self, backend: str, layer: str) -> float:
        """Measure `conv2d_bias_grad`."""
        return self.measurement.ns_per_step()
