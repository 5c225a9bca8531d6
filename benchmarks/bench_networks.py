"""Speed of the convolution and of its three gradients together on layers of real networks, float32, one thread.

Nanoseconds per multiply-accumulate; those of the gradients are the two large ones' together.
"""

from benchmarks.layers import BACKENDS, BACKENDS_OF_FILTERS, BACKENDS_OF_LARGE_LAYERS
from benchmarks.measurement import prepare
from benchmarks.networks import CIFAR, FILTERS, MOBILENET_V2, RESNET50, VGG16


class ResNet50:
    """ResNet-50: every kind of layer it has."""

    params = (BACKENDS_OF_LARGE_LAYERS, ["conv2d", "conv2d_backward"], list(RESNET50))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, RESNET50[layer])

    def track_resnet50(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Vgg16:
    """VGG-16: large 3x3 layers."""

    params = (BACKENDS_OF_LARGE_LAYERS, ["conv2d", "conv2d_backward"], list(VGG16))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, VGG16[layer])

    def track_vgg16(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class MobileNetV2:
    """MobileNetV2: one channel a group, and 1x1."""

    params = (BACKENDS, ["conv2d", "conv2d_backward"], list(MOBILENET_V2))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, MOBILENET_V2[layer])

    def track_mobilenet_v2(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Cifar:
    """Small networks on 32x32 images, in batches of 64."""

    params = (BACKENDS_OF_LARGE_LAYERS, ["conv2d", "conv2d_backward"], list(CIFAR))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, CIFAR[layer])

    def track_cifar(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class Filters:
    """Image filters, large depthwise kernels, a first layer, a dilated one."""

    params = (BACKENDS_OF_FILTERS, ["conv2d", "conv2d_backward"], list(FILTERS))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, FILTERS[layer])

    def track_filters(self, backend: str, operation: str, layer: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()
