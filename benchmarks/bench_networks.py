"""Speed of the convolution and of its three gradients together on layers of real networks, float32, one thread.

Nanoseconds per multiply-accumulate; those of the gradients are the two large ones' together.
"""

from collections.abc import Mapping
from typing import ClassVar

from benchmarks.layers import BACKENDS, BACKENDS_OF_FILTERS, BACKENDS_OF_LARGE_LAYERS, ConvLayer
from benchmarks.measurement import prepare
from benchmarks.networks import CIFAR, FILTERS, MOBILENET_V2, RESNET50, VGG16

OPERATIONS = ["conv2d", "conv2d_backward"]


class _Network:
    """What all networks here have in common: nothing that asv would find by itself."""

    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300
    layers: ClassVar[Mapping[str, ConvLayer]]

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, self.layers[layer])


class ResNet50(_Network):
    """ResNet-50: every kind of layer it has."""

    layers = RESNET50
    params = (BACKENDS_OF_LARGE_LAYERS, OPERATIONS, list(RESNET50))

    def track_resnet50(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Vgg16(_Network):
    """VGG-16: large 3x3 layers."""

    layers = VGG16
    params = (BACKENDS_OF_LARGE_LAYERS, OPERATIONS, list(VGG16))

    def track_vgg16(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class MobileNetV2(_Network):
    """MobileNetV2: one channel a group, and 1x1."""

    layers = MOBILENET_V2
    params = (BACKENDS, OPERATIONS, list(MOBILENET_V2))

    def track_mobilenet_v2(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Cifar(_Network):
    """Small networks on 32x32 images, in batches of 64."""

    layers = CIFAR
    params = (BACKENDS_OF_LARGE_LAYERS, OPERATIONS, list(CIFAR))

    def track_cifar(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Filters(_Network):
    """Image filters, large depthwise kernels, a first layer, a dilated one."""

    layers = FILTERS
    params = (BACKENDS_OF_FILTERS, OPERATIONS, list(FILTERS))

    def track_filters(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()
