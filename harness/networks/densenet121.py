"""DenseNet-121 for 3x224x224.

Huang, Liu, van der Maaten and Weinberger, *Densely Connected Convolutional Networks*, table 1; names as
``torchvision.models.densenet121``.
"""

from collections.abc import Iterator

from convoracle.harness.networks.layer import Layer, avg_pool, convolution, max_pool

GROWTH, BOTTLENECK = 32, 128
"""Channels that every dense layer adds, and those between its two convolutions."""


def _block(number: int, layers: int, channels: int, size: int) -> Iterator[Layer]:
    """Yield the convolutions of a dense block: each layer's first sees all channels there are, the others are alike."""
    name = f"features.denseblock{number}.denselayer"
    bottlenecks = [
        convolution(f"{name}{layer + 1}.conv1", 1, channels + GROWTH * layer, BOTTLENECK, size, 1)
        for layer in range(layers)
    ]
    yield bottlenecks[0]
    yield convolution(f"{name}1.conv2", layers, BOTTLENECK, GROWTH, size, 3, padding=1)
    yield from bottlenecks[1:]


LAYERS = (
    convolution("features.conv0", 1, 3, 64, 224, 7, stride=2, padding=3),
    max_pool("features.pool0", 64, 112, 3, 2, padding=1),
    *_block(1, 6, 64, 56),
    convolution("features.transition1.conv", 1, 256, 128, 56, 1),
    avg_pool("features.transition1.pool", 128, 56, 2, 2),
    *_block(2, 12, 128, 28),
    convolution("features.transition2.conv", 1, 512, 256, 28, 1),
    avg_pool("features.transition2.pool", 256, 28, 2, 2),
    *_block(3, 24, 256, 14),
    convolution("features.transition3.conv", 1, 1024, 512, 14, 1),
    avg_pool("features.transition3.pool", 512, 14, 2, 2),
    *_block(4, 16, 512, 7),
    avg_pool("adaptive_avg_pool2d", 1024, 7, 7, 7),  # adaptive, 7x7 to 1x1
)
