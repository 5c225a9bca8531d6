"""The sets of layers that have a name. Append only: their texts are in old results."""

from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.workload import Workload
from convoracle.harness.networks import NETWORKS

SHORT = (
    "n1c64h56f64k3p1",
    "n1c256h14f256k3p1",
    "n1c64h56f256k1",
    "n1c3h224f64k7s2p3",
    "n64c16h32f32k3p1",
    "n1c144h56f144k3p1g144",
    "max n1c64h112k3s2p1",
)
"""What is timed unless something else is asked for: one layer of each kind."""

CALIBRATION, CALIBRATOR = "n1c64h28f64k3p1", "auto"
"""What is compared with itself: long enough for the clock, short enough for many rounds."""

CIFAR = (
    "n64c3h32f10k3p1",
    "n64c10h32f10k3p1",
    "n128c10h32f10k3p1",
    "n64c3h32f6k5",
    "n64c16h32f32k3p1",
    "n64c32h16f64k3p1",
    "n64c64h16f64k3p1",
    "n64c3h32f32k5p2",
    "n64c32h16f32k5p2",
    "n64c32h8f64k5p2",
    "n128c32h32f32k5p2",
)
"""Batches of small images; the 5x5 ones are of LeNet and Caffe's ``cifar10_quick``."""

FILTERS = (
    "n1c64h112f64k3p1g64",
    "n1c64h112f64k3s2p1g64",
    "n1c144h56f144k3p1g144",
    "n1c576h14f576k3p1g576",
    "n1c64h56f64k11p5g64",
    "n1c128h56f128k31p15g128",
    "n1c1h512f1k5p2",
    "n1c1h512f1k15p7",
    "n1c1h512f1k31p15",
    "n1c1h512f1k63p31",
    "n1c64h56f64k3p2d2",
)
"""Each channel by itself, photographs of one channel, dilation."""

POOLS = (
    "max n16c64h112k3s2p1",
    "max n16c64h224k2",
    "max n16c192h28k3s1p1",
    "avg n16c128h56k2",
    "avg n16c192h28k3s1p1",
    "avg n16c2048h7k7",
    "max n1c64h112k3s2p1",
    "max n1c64h224k2",
    "max n1c512h14k2",
    "max n1c192h28k3s1p1",
    "max n1c64h55k3s2",
    "avg n1c2048h7k7",
    "avg n1c64h112k3s2p1",
)

LARGE_PLANES = (
    "n1c64h56f64k3p1",
    "n1c128h28f128k3p1",
    "n1c64h224f64k3p1",
    "n1c256h56f256k3p1",
    "n1c512h28f512k3p1",
    "n1c3h224f64k3p1",
    "n1c8h112f8k3p1",
    "n1c48h35f96k3p1",
    "n16c64h56f64k3p1",
    "n4c128h112f128k3p1",
)
"""3x3 of stride 1 on planes of 28 and more: ResNet, VGG, Inception."""

SMALL_PLANES = (
    "n1c256h14f256k3p1",
    "n1c512h7f512k3p1",
    "n1c512h14f512k3p1",
    "n16c256h14f256k3p1",
    "n16c512h7f512k3p1",
)
"""3x3 of stride 1 on planes of 14 and 7."""

OTHER_KERNELS = (
    "n1c3h224f64k7s2p3",
    "n16c3h224f64k7s2p3",
    "n1c3h224f64k11s4p2",
    "n1c64h56f256k1",
    "n16c64h56f256k1",
    "n1c256h56f64k1",
    "n1c1024h14f256k1",
    "n1c512h7f2048k1",
    "n16c512h7f2048k1",
    "n1c256h56f512k1s2",
    "n1c128h56f128k3s2p1",
    "n16c128h56f128k3s2p1",
    "n1c512h14f512k3s2p1",
    "n16c512h14f512k3s2p1",
    "n1c64h56f64k3p2d2",
    "n16c64h56f64k3p2d2",
    "n1c256h28f256k3p2d2",
    "n1c48h35f64k5p2",
    "n1c128h56f128k3s2p1g32",
    "n64c6h14f16k5",
)
"""1x1, strided, dilated, grouped, 5x5 and first layers."""

DEPTHWISE = (
    "n1c64h112f64k3p1g64",
    "n1c64h112f64k3s2p1g64",
    "n16c64h112f64k3s2p1g64",
    "n1c144h56f144k3p1g144",
    "n1c576h14f576k3p1g576",
    "n16c576h14f576k3p1g576",
    "n1c960h7f960k3p1g960",
    "n16c960h7f960k3p1g960",
)
"""3x3 of each channel by itself."""

LARGE_KERNELS = (
    "n1c64h56f64k11p5g64",
    "n1c32h112f32k31p15g32",
    "n1c128h56f128k31p15g128",
)
"""11x11 and 31x31 of each channel by itself."""

IMAGES = (
    "n1c1h512f1k5p2",
    "n1c1h512f1k11p5",
    "n1c1h512f1k31p15",
    "n1c1h512f1k63p31",
)
"""Filters of one photograph of one channel."""

HELD_OUT = (
    "n1c192h28f96k3p1",
    "n1c96h35f96k3p1",
    "n1c32h160f64k3p1",
    "n8c48h48f48k3p1",
    "n1c512h20f512k3p1",
    "n1c128h17f192k7p3",
    "n1c128h17f128kh1kw7ph0pw3",
    "n1c48h27f128k5p2",
    "n4c240h30f40k1",
    "n1c728h19f728k1",
    "n1c80h73f192k3",
    "n1c64h80f128k3s2p1",
    "n1c3h299f32k3s2",
    "n8c24h28f24k3p1g3",
    "n1c240h28f240k5p2g240",
    "n1c96h56f96k7p3g96",
    "n1c256h33f256k3p4d4",
    "n1c1h300w400f1k21p10",
    "n2c16h64f16k9p4",
    "n16c40h10f80k3p1",
)
"""Layers of Inception, Xception, YOLO, U-Net, EfficientNet, ConvNeXt, DeepLab and some of no network: the cost model of
``auto`` is not fitted to any of them, so they are what ``--regret`` asks about."""


def _of_network(name: str) -> tuple[str, ...]:
    """Return the distinct layers of a network, for one image."""
    return tuple(str(Workload(layer.kind, layer.case(1, "float32", 1000))) for layer in NETWORKS[name])


LAYER_SETS: dict[str, tuple[str, ...]] = {
    "resnet50": _of_network("resnet50"),
    "vgg16": _of_network("vgg16"),
    "mobilenet_v2": _of_network("mobilenet_v2"),
    "cifar": CIFAR,
    "filters": FILTERS,
    "pools": POOLS,
    "large-planes": LARGE_PLANES,
    "small-planes": SMALL_PLANES,
    "other-kernels": OTHER_KERNELS,
    "depthwise": DEPTHWISE,
    "large-kernels": LARGE_KERNELS,
    "images": IMAGES,
    "held-out": HELD_OUT,
}


def workloads(sets: tuple[str, ...], texts: tuple[str, ...], dtype: str, batch: int | None) -> list[Workload]:
    """Return the layers of sets and texts, each once; the short mix where nothing is named.

    Raises
    ------
    ValueError
        For a text that names no layer.
    """
    named = [text for name in sets for text in LAYER_SETS[name]] + list(texts)
    found = [parse(text, dtype) for text in named or SHORT]
    return list(dict.fromkeys(one if batch is None else one.with_batch(batch) for one in found))
