"""The layers that are measured, and their arrays. Must not be changed, only appended to.

asv addresses a result by the position of its parameters, and compares numbers of one name over years: a renamed,
reordered or altered entry puts old numbers under new names. Nothing here may depend on what is installed.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]

BACKENDS = ["im2col", "numba", "scipy", "scipy-fft", "direct", "auto", "winograd", "plane", "fft"]
# Those of them that do something at all, in reasonable time; tests hold the lists against the registry.
BACKENDS_OF_LARGE_LAYERS = ["im2col", "numba", "scipy-fft", "direct", "auto", "winograd", "plane", "fft"]
BACKENDS_OF_FILTERS = ["im2col", "numba", "scipy", "scipy-fft", "direct", "auto", "plane", "fft"]
BACKENDS_OF_CONV2D_BIAS_GRAD = ["im2col", "numba", "scipy", "direct", "auto", "winograd", "plane", "fft"]
BACKENDS_BY_PLANES = ["im2col", "numba", "scipy", "scipy-fft", "direct", "auto"]
BACKENDS_OF_BIAS_GRADS = ["im2col", "numba", "scipy", "direct", "auto"]
BACKENDS_OF_POOLS = ["im2col", "numba", "scipy", "direct", "auto"]
BACKENDS_BY_NUMPY = ["im2col", "numba", "scipy", "auto"]
BACKENDS_OF_EXPONENTIALS = ["im2col", "numba", "scipy", "auto", "direct"]
BACKENDS_OF_LOCAL = ["im2col", "numba", "auto"]
BACKENDS_WITH_THREADS = ["direct", "auto", "winograd", "plane", "fft"]


@dataclass(frozen=True)
class ConvLayer:
    """A convolution: x (N, C, *sizes), weight (F, C / groups, *kernel), output (N, F, *sizes); no sizes: linear."""

    x: Shape
    weight: Shape
    output: Shape
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the forward pass, and of either gradient."""
        return math.prod(self.output) * math.prod(self.weight[1:])


@dataclass(frozen=True)
class TransposedLayer(ConvLayer):
    """A transposed convolution: x (N, C, H, W), weight (C, F / groups, kH, kW), output (N, F, H_out, W_out)."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the forward pass, and of either gradient."""
        return math.prod(self.x) * math.prod(self.weight[1:])


@dataclass(frozen=True)
class LocalLayer(ConvLayer):
    """A locally connected layer: its weight is (H_out, W_out, F, C, kH, kW)."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the forward pass, and of either gradient."""
        return math.prod(self.output) * math.prod(self.weight[3:])


@dataclass(frozen=True)
class ValueLayer:
    """What does the same to every value, or to every row of values: an array of shape x."""

    x: Shape
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PoolLayer:
    """A pooling: x (N, C, H, W), output (N, C, H_out, W_out); the options hold the kernel size."""

    x: Shape
    output: Shape
    options: dict[str, Any]

    @property
    def window_values(self) -> int:
        """Values read, window by window."""
        return math.prod(self.output) * self.options["kernel_size"] ** 2


Layer = ConvLayer | PoolLayer | ValueLayer

CONV_LAYERS = {
    "lenet5 5x5": ConvLayer((8, 6, 14, 14), (16, 6, 5, 5), (8, 16, 10, 10)),
    "cifar 3x3": ConvLayer((8, 3, 32, 32), (32, 3, 3, 3), (8, 32, 32, 32), {"padding": 1}),
    "mobilenet 3x3 depthwise": ConvLayer(
        (1, 256, 28, 28), (256, 1, 3, 3), (1, 256, 28, 28), {"padding": 1, "groups": 256}
    ),
    "mobilenet 3x3 depthwise stride 2": ConvLayer(
        (1, 128, 56, 56), (128, 1, 3, 3), (1, 128, 28, 28), {"stride": 2, "padding": 1, "groups": 128}
    ),
    "dilated 3x3": ConvLayer((1, 64, 28, 28), (64, 64, 3, 3), (1, 64, 28, 28), {"padding": 2, "dilation": 2}),
    "resnet50 1x1": ConvLayer((1, 64, 56, 56), (256, 64, 1, 1), (1, 256, 56, 56)),
    "resnet50 3x3": ConvLayer((1, 64, 56, 56), (64, 64, 3, 3), (1, 64, 56, 56), {"padding": 1}),
    "resnet50 3x3 stride 2": ConvLayer(
        (1, 128, 56, 56), (128, 128, 3, 3), (1, 128, 28, 28), {"stride": 2, "padding": 1}
    ),
    "resnet50 7x7 stride 2": ConvLayer((1, 3, 224, 224), (64, 3, 7, 7), (1, 64, 112, 112), {"stride": 2, "padding": 3}),
    "vgg16 conv5": ConvLayer((1, 512, 14, 14), (512, 512, 3, 3), (1, 512, 14, 14), {"padding": 1}),
}

POOL_LAYERS = {
    "lenet5 2x2": PoolLayer((8, 6, 28, 28), (8, 6, 14, 14), {"kernel_size": 2}),
    "vgg16 2x2": PoolLayer((1, 256, 56, 56), (1, 256, 28, 28), {"kernel_size": 2}),
    "resnet50 3x3 stride 2": PoolLayer(
        (1, 64, 112, 112), (1, 64, 56, 56), {"kernel_size": 3, "stride": 2, "padding": 1}
    ),
    "squeezenet 3x3 stride 2 ceil": PoolLayer(
        (1, 96, 109, 109), (1, 96, 54, 54), {"kernel_size": 3, "stride": 2, "ceil_mode": True}
    ),
    "inception 3x3 stride 1": PoolLayer(
        (1, 192, 28, 28), (1, 192, 28, 28), {"kernel_size": 3, "stride": 1, "padding": 1}
    ),
    "resnet50 global 7x7": PoolLayer((1, 2048, 7, 7), (1, 2048, 1, 1), {"kernel_size": 7}),
    "resnet50 3x3 stride 2 batch 16": PoolLayer(
        (16, 64, 112, 112), (16, 64, 56, 56), {"kernel_size": 3, "stride": 2, "padding": 1}
    ),
}

CONV1D_LAYERS = {"temporal 3": ConvLayer((1, 64, 256), (64, 64, 3), (1, 64, 256), {"padding": 1})}
CONV3D_LAYERS = {
    "video 3x3x3": ConvLayer((1, 8, 8, 12, 12), (16, 8, 3, 3, 3), (1, 16, 8, 12, 12), {"padding": 1}),
}
TRANSPOSED_LAYERS = {
    "dcgan 4x4 stride 2": TransposedLayer((1, 64, 32, 32), (64, 3, 4, 4), (1, 3, 64, 64), {"stride": 2, "padding": 1}),
    "unet 2x2 stride 2": TransposedLayer((1, 64, 28, 28), (64, 32, 2, 2), (1, 32, 56, 56), {"stride": 2}),
}
LOCAL_LAYERS = {"deepface L6 5x5": LocalLayer((1, 16, 25, 25), (21, 21, 16, 16, 5, 5), (1, 16, 21, 21))}
LINEAR_LAYERS = {
    "lenet5 fc batch 64": ConvLayer((64, 400), (120, 400), (64, 120)),
    "resnet50 fc batch 64": ConvLayer((64, 2048), (1000, 2048), (64, 1000)),
}

VALUE_LAYERS = {
    "relu": ValueLayer((1, 64, 112, 112)),
    "sigmoid": ValueLayer((1, 64, 112, 112)),
    "softmax": ValueLayer((256, 1000)),
    "log_softmax": ValueLayer((256, 1000)),
    "cross_entropy": ValueLayer((256, 1000)),
    "euclidean_loss": ValueLayer((256, 1000)),
    "mean_subtract": ValueLayer((256, 1000)),
    "downsample2d": ValueLayer((1, 64, 112, 112), {"factor": 2}),
    "upsample2d": ValueLayer((1, 64, 56, 56), {"factor": 2}),
}

# Too large to be timed again and again: one call shows the memory.
MEMORY_CONV_LAYERS = {
    "cifar 3x3 batch 32": ConvLayer((32, 3, 32, 32), (8, 3, 3, 3), (32, 8, 32, 32), {"padding": 1}),
    "vgg16 conv1_2": ConvLayer((1, 64, 224, 224), (64, 64, 3, 3), (1, 64, 224, 224), {"padding": 1}),
}
MEMORY_POOL_LAYERS = {
    "vgg16 pool1": PoolLayer((1, 64, 224, 224), (1, 64, 112, 112), {"kernel_size": 2}),
}

# So small that only the way to the kernel and its loading and compiling are left.
SMALLEST_CONV = ConvLayer((1, 1, 4, 5), (1, 1, 3, 3), (1, 1, 2, 3))
SMALLEST_POOL = PoolLayer((1, 1, 4, 6), (1, 1, 2, 3), {"kernel_size": 2})

# The interpreted loops take about a microsecond per multiply-accumulate.
REFERENCE_CONV = ConvLayer((1, 2, 9, 11), (3, 2, 3, 3), (1, 3, 7, 9))
REFERENCE_POOL = PoolLayer((1, 3, 12, 15), (1, 3, 4, 5), {"kernel_size": 3})


def draw(shape: Shape, dtype: str = "float32") -> np.ndarray:
    """Return the same standard normal values every time: float32, whatever the dtype they are given in."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal(shape, np.float32).astype(dtype, copy=False)
