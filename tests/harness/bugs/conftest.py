"""Where bugs are looked for: plain configurations of every operation, each field written down."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.operations import OPERATIONS

CONV2D = (
    "n=3 c=4 h=7 w=21 f=6 kernel_size=3x2 stride=2x1 padding=1.0x0.2 dilation=1x2 groups=2",
    "n=3 c=10 h=9 w=27 f=18 kernel_size=2x5 stride=1x2 padding=1.2x3.1 dilation=2x1 groups=2",
    "n=4 c=4 h=8 w=8 f=4 kernel_size=3x3 stride=1 padding=1 dilation=1 groups=1",
    "n=2 c=2 h=6 w=9 f=3 kernel_size=2x4 stride=2x3 padding=same dilation=1 groups=1",
    "n=1 c=2 h=6 w=9 f=3 kernel_size=2x4 stride=1 padding=same dilation=2x3 groups=1",
    "n=2 c=3 h=7 w=12 f=3 kernel_size=2x3 stride=1 padding=0 dilation=1x2 groups=3",
    "n=3 c=8 h=9 w=8 f=8 kernel_size=2x2 stride=2x1 padding=0 dilation=1 groups=4",
    "n=2 c=2 h=4 w=20 f=3 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=3 h=5 w=6 f=5 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=1 h=3 w=16 f=9 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=35 h=3 w=6 f=2 kernel_size=2x4 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=1 h=2 w=3 f=130 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=9 h=3 w=4 f=9 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=9",
    "n=1 c=2 h=3 w=4 f=4 kernel_size=2x2 stride=1 padding=3 dilation=1 groups=2",
    "n=1 c=1 h=20 w=35 f=1 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=1 h=3 w=4 f=1 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=33 c=1 h=3 w=4 f=9 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=2 h=5 w=13 f=3 kernel_size=3x3 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=1 h=5 w=6 f=2 kernel_size=2x2 stride=1 padding=1.0x0.1 dilation=1 groups=1",
    "n=1 c=1 h=5 w=6 f=2 kernel_size=2x2 stride=1 padding=0.1x1.0 dilation=1 groups=1",
)

POOLS = (
    "n=3 c=5 h=7 w=21 kernel_size=2x3 stride=2x1 padding=1x0 ceil_mode=no",
    "n=2 c=2 h=8 w=11 kernel_size=3x3 stride=2x2 padding=1 ceil_mode=yes",
    "n=1 c=3 h=6 w=12 kernel_size=3x5 stride=none padding=0x2 ceil_mode=yes",
    "n=3 c=6 h=7 w=13 kernel_size=2x2 stride=2x3 padding=1x1 ceil_mode=no",
    "n=2 c=1 h=5 w=13 kernel_size=2x5 stride=1 padding=0x1 ceil_mode=no",
    "n=2 c=3 h=3 w=4 kernel_size=3x4 stride=none padding=0 ceil_mode=no",
    "n=2 c=3 h=3 w=4 kernel_size=1 stride=1 padding=0 ceil_mode=no",
    "n=1 c=2 h=4 w=13 kernel_size=3x2 stride=3x3 padding=0 ceil_mode=yes",
    "n=3 c=90 h=2 w=3 kernel_size=2x2 stride=1 padding=0 ceil_mode=no",
    "n=1 c=1 h=210 w=170 kernel_size=2x2 stride=40 padding=0 ceil_mode=no",
)

DILATED_POOL = "n=1 c=2 h=9 w=9 kernel_size=2x2 stride=1 padding=0 ceil_mode=no"

RESAMPLED = ("n=3 c=2 h=5 w=21 factor=2x3", "n=1 c=3 h=4 w=10 factor=1", "n=2 c=1 h=7 w=11 factor=3x1")

CONV1D = (
    "n=3 c=4 w=22 f=6 kernel_size=3 stride=2 padding=1.2 dilation=2 groups=2",
    "n=2 c=5 w=21 f=3 kernel_size=4 stride=1 padding=same dilation=1 groups=1",
    "n=1 c=2 w=20 f=3 kernel_size=1 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=2 w=22 f=3 kernel_size=9 stride=1 padding=0 dilation=2 groups=1",
)

CONV3D = (
    "n=3 c=4 d=5 h=6 w=9 f=6 kernel_size=2x3x2 stride=1x2x1 padding=1.0x0.2x1.1 dilation=1x1x2 groups=2",
    "n=2 c=6 d=4 h=5 w=10 f=3 kernel_size=2x1x3 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=2 d=2 h=3 w=9 f=3 kernel_size=1x1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=2 d=2 h=6 w=6 f=3 kernel_size=1x2x2 stride=1x1x2 padding=0 dilation=1x2x1 groups=1",
)

TRANSPOSED = (
    "n=3 c=4 h=4 w=9 f=6 kernel_size=2x3 stride=2x1 padding=1x0 output_padding=1x0 groups=2 dilation=1x2",
    "n=2 c=6 h=3 w=4 f=3 kernel_size=3x2 stride=3x3 padding=1x1 output_padding=2x1 groups=1 dilation=1",
    "n=1 c=3 h=4 w=4 f=3 kernel_size=3x3 stride=1 padding=1 output_padding=0 groups=1 dilation=2x1",
    "n=1 c=2 h=4 w=4 f=3 kernel_size=3x3 stride=2x1 padding=0 output_padding=0 groups=1 dilation=1",
    "n=1 c=2 h=3 w=9 f=3 kernel_size=1x1 stride=1 padding=0 output_padding=0 groups=1 dilation=1",
    "n=1 c=2 h=3 w=4 f=2 kernel_size=2x3 stride=2x2 padding=1x0 output_padding=0x1 groups=1 dilation=1",
    "n=1 c=3 h=2 w=4 f=3 kernel_size=2x4 stride=1x3 padding=0x1 output_padding=0 groups=3 dilation=1",
    "n=1 c=1 h=2 w=3 f=1 kernel_size=1x1 stride=1 padding=0 output_padding=0 groups=1 dilation=1",
)

MAPS = ("n=3 c=2 h=5 w=11", "n=1 c=3 h=4 w=10")


_POINT = "kernel_size=1x1 stride=1 padding=0 dilation=1"
RARE: dict[str, str | tuple[str, ...]] = {
    "conv2d/columns past 1024": f"n=1 c=1 h=1 w=1030 f=1 {_POINT} groups=1",
    "conv2d/map of 4096": "n=1 c=1 h=64 w=64 f=1 kernel_size=3x3 stride=1 padding=0 dilation=1 groups=1",
    "conv2d/64 by 64": f"n=1 c=64 h=1 w=1 f=64 {_POINT} groups=1",
    "conv2d/a million products": f"n=1 c=40 h=30 w=30 f=30 {_POINT} groups=1",
    "conv2d/long kernels of the first group": (
        "n=1 c=2 h=1 w=33 f=2 kernel_size=1x32 stride=1 padding=0 dilation=1 groups=2"
    ),
    "conv_transpose2d/far upsampling": (
        "n=1 c=1 h=1 w=2 f=1 kernel_size=1x16 stride=8 padding=0 output_padding=0 dilation=1 groups=1"
    ),
    "avg_pool2d_backward/columns past 1024": (
        "n=1 c=1 h=1 w=1030 kernel_size=1 stride=1 padding=0 ceil_mode=no count_include_pad=yes divisor_override=none"
    ),
    "conv2d/borders of the workspace": (
        "n=1 c=1 h=5 w=6 f=1 kernel_size=3x3 stride=1 padding=1 dilation=1 groups=1",
        "n=1 c=1 h=3 w=4 f=1 kernel_size=3x3 stride=1 padding=2 dilation=1 groups=1",
    ),
    "conv_transpose2d/plan without output_padding": (
        "n=1 c=1 h=2 w=3 f=1 kernel_size=3x3 stride=2 padding=1 output_padding=0 dilation=1 groups=1",
        "n=1 c=1 h=2 w=3 f=1 kernel_size=3x3 stride=2 padding=1 output_padding=1x0 dilation=1 groups=1",
    ),
    **{
        f"{operation}/node left by an empty batch": tuple(
            f"n={images} c=1 h=3 w=4 kernel_size=2x2 stride=1 padding=0 dilation=1 {others}" for images in ("none", "1")
        )
        for operation, others in (
            ("conv2d", "f=1 groups=1"),
            ("conv2d_input_grad", "f=1 groups=1"),
            ("conv_transpose2d", "f=1 groups=1 output_padding=0"),
            ("max_pool2d", "ceil_mode=no return_indices=no"),
            ("avg_pool2d", "ceil_mode=no count_include_pad=yes divisor_override=none"),
        )
    },
    "conv_transpose2d/spread plane": (
        "n=1 c=1 h=1 w=4 f=1 kernel_size=2x2 stride=2 padding=0 output_padding=0 dilation=1 groups=1",
        "n=1 c=1 h=1 w=3 f=1 kernel_size=2x2 stride=3 padding=0 output_padding=0 dilation=1 groups=1",
    ),
    "conv_transpose2d/spread kernel": (
        "n=1 c=1 h=1 w=4 f=1 kernel_size=3x3 stride=1 padding=0 output_padding=0 dilation=1 groups=1",
        "n=1 c=1 h=1 w=4 f=1 kernel_size=2x2 stride=1 padding=0 output_padding=0 dilation=2 groups=1",
    ),
    "conv_transpose2d/plan by shapes": (
        "n=1 c=1 h=3 w=4 f=1 kernel_size=3x3 stride=1 padding=0 output_padding=0 dilation=1 groups=1",
        "n=1 c=1 h=3 w=4 f=1 kernel_size=3x3 stride=1 padding=1 output_padding=0 dilation=2 groups=1",
    ),
    "conv_transpose2d/plan without the kernel": (
        "n=1 c=1 h=3 w=4 f=1 kernel_size=3x3 stride=1 padding=0 output_padding=0 dilation=1 groups=1",
        "n=1 c=1 h=3 w=4 f=1 kernel_size=3x3 stride=1 padding=1 output_padding=0 dilation=2 groups=1",
    ),
    "max_pool2d/borders of minus infinity": tuple(
        f"n=1 c=1 h={size} w={size} kernel_size=3x3 stride=1 padding={more} dilation=1 ceil_mode=no return_indices=no"
        for size, more in ((4, 0), (2, 1))
    ),
    "conv2d/images in 16 bits": f"n=65540 c=1 h=1 w=1 f=1 {_POINT} groups=1",
    "conv2d/channels in a block": f"n=1 c=1030 h=1 w=1 f=1 {_POINT} groups=1",
    "conv2d/sixteen filters in groups": f"n=1 c=4 h=1 w=2 f=16 {_POINT} groups=2",
    "conv2d/one column": "n=1 c=3 h=4 w=1 f=3 kernel_size=3x3 stride=1 padding=1 dilation=1 groups=3",
    "conv_transpose2d_weight_grad/square groups exchanged": f"n=1 c=4 h=2 w=2 f=4 {_POINT} output_padding=0 groups=2",
    "conv_transpose2d_bias_grad/plane of 1024": f"n=1 c=1 h=40 w=41 f=1 {_POINT} output_padding=0 groups=1",
    "avg_pool2d/divisor in a byte": (
        "n=1 c=1 h=16 w=17 kernel_size=16x17 stride=none padding=0 ceil_mode=no count_include_pad=yes"
        " divisor_override=none"
    ),
}
"""The configuration of what is wrong in hardly any other: for everybody it would be too much."""


@functools.cache
def configurations_of(name: str, dtypes: tuple[str, ...]) -> tuple[Any, ...]:
    """Cases of an operation in some dtypes: each with a bias and without one, where there can be one."""
    return tuple(_cases(name, dtypes))


def _cases(name: str, dtypes: tuple[str, ...]) -> Iterator[Any]:
    primitive = name.removesuffix("_backward")
    for ending in ("_input_grad", "_weight_grad", "_bias_grad"):
        primitive = primitive.removesuffix(ending)
    texts: dict[str, tuple[str, ...]] = {
        "conv2d": CONV2D,
        "locally_connected2d": tuple(text for text in CONV2D if text.endswith("groups=1")),
        "conv1d": CONV1D,
        "conv3d": CONV3D,
        "conv_transpose2d": TRANSPOSED,
        "max_pool2d": tuple(
            f"{text} dilation={dilation} return_indices={indices}"
            for text, dilation in [*((text, "1") for text in POOLS), (DILATED_POOL, "1x2")]
            for indices in ("yes", "no")
        ),
        "avg_pool2d": tuple(
            f"{text} count_include_pad={counted} divisor_override={divisor}"
            for text in POOLS
            for counted, divisor in (("yes", "none"), ("no", "none"), ("yes", "3"), ("yes", "-2"))
        ),
        "downsample2d": RESAMPLED,
        "upsample2d": RESAMPLED,
        "linear": ("n=3 c=12 f=10", "n=4 c=4 f=4", "n=1 c=2 f=3"),
        "relu": MAPS,
        "sigmoid": MAPS,
        "softmax": tuple(f"n=3 c=11 spatial={spatial} axis=1" for spatial in ("2x3", "5x11")),
        "cross_entropy": ("n=5 c=7 grad_output=1",),
        "euclidean_loss": ("n=5 c=7 grad_output=1",),
    }
    with_bias = primitive in ("conv2d", "conv1d", "conv3d", "conv_transpose2d", "locally_connected2d", "linear")
    for dtype in dtypes:
        for text in texts.get(primitive, texts["softmax"]):
            for bias in ("yes", "no") if with_bias else ("",):
                yield _case(name, f"{text} bias={bias}" if with_bias else text, dtype)


def _case(name: str, text: str, dtype: str) -> Any:
    """Return the case of a configuration, of which an operation may not have every option."""
    operation = OPERATIONS[name]
    known = {word for word in text.split() if word.split("=")[0] in operation.case_type.__dataclass_fields__}
    is_empty = "n=none" in known  # which no descriptor says
    known = known - {"n=none"} | {"n=1"} if is_empty else known
    case = parse(operation, " ".join([*sorted(known), f"dtype={dtype} layout=C+C seed=9"]))
    return dataclasses.replace(case, n=0) if is_empty else case


@pytest.fixture
def configurations() -> Callable[[Bug], tuple[Any, ...]]:
    """Return a function that returns the cases to try a bug on."""

    def of(bug: Bug) -> tuple[Any, ...]:
        if bug.name in RARE:
            rare = RARE[bug.name]
            texts = (rare,) if isinstance(rare, str) else rare
            return tuple(_case(bug.operation, f"{text} bias=no", bug.dtypes[0]) for text in texts)
        return configurations_of(bug.operation, bug.dtypes)

    return of
