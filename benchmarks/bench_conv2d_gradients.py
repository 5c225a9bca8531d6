"""Speed of the gradients of the convolution on layers of known networks, float32."""

import math

from benchmarks.calls import conv_call
from benchmarks.layers import BACKENDS, CONV_LAYERS
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step


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
        self.macs = CONV_LAYERS[layer].macs
        leave_out(gradient, backend, self.macs)
        self.call = conv_call(gradient, backend, CONV_LAYERS[layer])
        self.call()

    def track_gradient(self, backend: str, gradient: str, layer: str) -> float:
        """Measure one gradient."""
        return median_ns_per_step(self.call, self.macs)


class Conv2dBackward:
    """All three gradients together, per multiply-accumulate of the two large ones."""

    params = (BACKENDS, ["cifar 3x3", "resnet50 3x3"])
    param_names = ("backend", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        macs = CONV_LAYERS[layer].macs
        leave_out("conv2d_backward", backend, macs)
        self.macs = 2 * macs
        self.call = conv_call("conv2d_backward", backend, CONV_LAYERS[layer])
        self.call()

    def track_conv2d_backward(self, backend: str, layer: str) -> float:
        """Measure `conv2d_backward`."""
        return median_ns_per_step(self.call, self.macs)


class Conv2dBiasGrad:
    """Nanoseconds per value of the output gradient, each of which is added once."""

    params = (BACKENDS, ["cifar 3x3", "resnet50 1x1"])
    param_names = ("backend", "layer")
    unit = "ns/value"

    def setup(self, backend: str, layer: str) -> None:
        """Make the arrays, and compile."""
        leave_out("conv2d_bias_grad", backend)
        self.call = conv_call("conv2d_bias_grad", backend, CONV_LAYERS[layer])
        self.values = math.prod(CONV_LAYERS[layer].output)
        self.call()

    def track_conv2d_bias_grad(self, backend: str, layer: str) -> float:
        """Measure `conv2d_bias_grad`."""
        return median_ns_per_step(self.call, self.values)
