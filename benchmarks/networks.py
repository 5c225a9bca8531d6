"""Layers of known networks, one image each (CIFAR: 64), and filters. Must not be changed, only appended to.

A name says the network, the kernel ("s2": stride 2, "d2": dilation 2, "dw": one channel a group), the channels in and
out, and the height of the input.
"""

from benchmarks.layers import ConvLayer

RESNET50 = {
    "resnet50 7x7s2 3>64@224": ConvLayer(
        (1, 3, 224, 224), (64, 3, 7, 7), (1, 64, 112, 112), {"stride": 2, "padding": 3}
    ),
    "resnet50 1x1 64>256@56": ConvLayer((1, 64, 56, 56), (256, 64, 1, 1), (1, 256, 56, 56)),
    "resnet50 3x3 64@56": ConvLayer((1, 64, 56, 56), (64, 64, 3, 3), (1, 64, 56, 56), {"padding": 1}),
    "resnet50 3x3s2 128@56": ConvLayer(
        (1, 128, 56, 56), (128, 128, 3, 3), (1, 128, 28, 28), {"stride": 2, "padding": 1}
    ),
    "resnet50 1x1s2 256>512@56": ConvLayer((1, 256, 56, 56), (512, 256, 1, 1), (1, 512, 28, 28), {"stride": 2}),
    "resnet50 3x3 128@28": ConvLayer((1, 128, 28, 28), (128, 128, 3, 3), (1, 128, 28, 28), {"padding": 1}),
    "resnet50 1x1 1024>256@14": ConvLayer((1, 1024, 14, 14), (256, 1024, 1, 1), (1, 256, 14, 14)),
    "resnet50 3x3 256@14": ConvLayer((1, 256, 14, 14), (256, 256, 3, 3), (1, 256, 14, 14), {"padding": 1}),
    "resnet50 3x3 512@7": ConvLayer((1, 512, 7, 7), (512, 512, 3, 3), (1, 512, 7, 7), {"padding": 1}),
}

VGG16 = {
    "vgg16 3x3 3>64@224": ConvLayer((1, 3, 224, 224), (64, 3, 3, 3), (1, 64, 224, 224), {"padding": 1}),
    "vgg16 3x3 128@112": ConvLayer((1, 128, 112, 112), (128, 128, 3, 3), (1, 128, 112, 112), {"padding": 1}),
    "vgg16 3x3 256@56": ConvLayer((1, 256, 56, 56), (256, 256, 3, 3), (1, 256, 56, 56), {"padding": 1}),
    "vgg16 3x3 512@28": ConvLayer((1, 512, 28, 28), (512, 512, 3, 3), (1, 512, 28, 28), {"padding": 1}),
    "vgg16 3x3 512@14": ConvLayer((1, 512, 14, 14), (512, 512, 3, 3), (1, 512, 14, 14), {"padding": 1}),
}

MOBILENET_V2 = {
    "mobilenet_v2 3x3s2 3>32@224": ConvLayer(
        (1, 3, 224, 224), (32, 3, 3, 3), (1, 32, 112, 112), {"stride": 2, "padding": 1}
    ),
    "mobilenet_v2 dw 3x3 32@112": ConvLayer(
        (1, 32, 112, 112), (32, 1, 3, 3), (1, 32, 112, 112), {"padding": 1, "groups": 32}
    ),
    "mobilenet_v2 dw 3x3s2 96@112": ConvLayer(
        (1, 96, 112, 112), (96, 1, 3, 3), (1, 96, 56, 56), {"stride": 2, "padding": 1, "groups": 96}
    ),
    "mobilenet_v2 dw 3x3 144@56": ConvLayer(
        (1, 144, 56, 56), (144, 1, 3, 3), (1, 144, 56, 56), {"padding": 1, "groups": 144}
    ),
    "mobilenet_v2 dw 3x3 576@14": ConvLayer(
        (1, 576, 14, 14), (576, 1, 3, 3), (1, 576, 14, 14), {"padding": 1, "groups": 576}
    ),
    "mobilenet_v2 1x1 24>144@56": ConvLayer((1, 24, 56, 56), (144, 24, 1, 1), (1, 144, 56, 56)),
    "mobilenet_v2 1x1 320>1280@7": ConvLayer((1, 320, 7, 7), (1280, 320, 1, 1), (1, 1280, 7, 7)),
}

CIFAR = {
    "cifar 3x3 3>10@32": ConvLayer((64, 3, 32, 32), (10, 3, 3, 3), (64, 10, 32, 32), {"padding": 1}),
    "cifar 5x5 3>6@32": ConvLayer((64, 3, 32, 32), (6, 3, 5, 5), (64, 6, 28, 28)),
    "cifar 3x3 16>32@32": ConvLayer((64, 16, 32, 32), (32, 16, 3, 3), (64, 32, 32, 32), {"padding": 1}),
    "cifar 3x3 64@16": ConvLayer((64, 64, 16, 16), (64, 64, 3, 3), (64, 64, 16, 16), {"padding": 1}),
}

FILTERS = {
    "filters 5x5 1@512": ConvLayer((1, 1, 512, 512), (1, 1, 5, 5), (1, 1, 512, 512), {"padding": 2}),
    "filters 15x15 1@512": ConvLayer((1, 1, 512, 512), (1, 1, 15, 15), (1, 1, 512, 512), {"padding": 7}),
    "filters 63x63 1@512": ConvLayer((1, 1, 512, 512), (1, 1, 63, 63), (1, 1, 512, 512), {"padding": 31}),
    "filters dw 11x11 64@56": ConvLayer(
        (1, 64, 56, 56), (64, 1, 11, 11), (1, 64, 56, 56), {"padding": 5, "groups": 64}
    ),
    "filters dw 31x31 32@112": ConvLayer(
        (1, 32, 112, 112), (32, 1, 31, 31), (1, 32, 112, 112), {"padding": 15, "groups": 32}
    ),
    "filters 11x11s4 3>64@224": ConvLayer(
        (1, 3, 224, 224), (64, 3, 11, 11), (1, 64, 55, 55), {"stride": 4, "padding": 2}
    ),
    "filters 3x3d2 64@56": ConvLayer((1, 64, 56, 56), (64, 64, 3, 3), (1, 64, 56, 56), {"padding": 2, "dilation": 2}),
}

ALL = {**RESNET50, **VGG16, **MOBILENET_V2, **CIFAR, **FILTERS}
