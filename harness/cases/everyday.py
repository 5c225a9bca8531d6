"""One case in ten is a layer of the kind that networks are made of: the kernels that have a path of their own.

The other cases combine everything with everything, so that hardly one of a campaign is a 3x3 kernel with stride 1,
dilation 1 and padding 1; but this is the layer for which somebody wrote a Winograd transform, and a depthwise, a 1x1
and a strided path beside it. The rest of such a case (dtype, layouts, bias) is as awkward as ever.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.operations import Operation
from convoracle.harness.operations.base import outputs_of

MOST_PRODUCTS = 40_000
"""As many as a small case has at most."""


class Layer(NamedTuple):
    """A layer as networks have them: the same along every axis."""

    kernel: int
    stride: int
    padding: int
    kind: str = "dense"  # or "depthwise", or "grouped"
    other: int = 0
    """The dilation less one; of a transposed convolution the output padding, of a pool whether it rounds up."""


CONVOLUTIONS = (
    Layer(3, 1, 1),
    Layer(1, 1, 0),
    Layer(3, 1, 1, "depthwise"),
    Layer(3, 2, 1),
    Layer(5, 1, 2),
    Layer(3, 1, 1, "grouped"),
    Layer(3, 2, 1, "depthwise"),
    Layer(3, 1, 1),
    Layer(1, 2, 0),
    Layer(3, 1, 0),
    Layer(7, 2, 3),
    Layer(3, 1, 2, other=1),
    Layer(5, 1, 2, "depthwise"),
    Layer(2, 2, 0),
    Layer(3, 1, 2, "depthwise", other=1),
    Layer(3, 1, 6, other=5),
)
TRANSPOSED = (
    Layer(3, 2, 1, other=1),
    Layer(4, 2, 1),
    Layer(2, 2, 0),
    Layer(3, 1, 1),
    Layer(4, 2, 1, "depthwise"),
    Layer(1, 1, 0),
    Layer(5, 2, 2, other=1),
    Layer(4, 1, 0),
)
POOLS = (
    Layer(2, 2, 0),
    Layer(3, 2, 1),
    Layer(3, 1, 1),
    Layer(3, 2, 0, other=1),
    Layer(3, 2, 0),
    Layer(2, 1, 0),
    Layer(3, 3, 0),
    Layer(5, 1, 2),
    Layer(2, 2, 0, other=1),
)

MORE_CONVOLUTIONS = (
    Layer(2, 1, 0),
    Layer(4, 1, 1),
    Layer(4, 2, 1),
    Layer(4, 4, 0),
    Layer(5, 2, 2),
    Layer(6, 1, 3),
    Layer(7, 1, 3),
    Layer(9, 1, 4),
    Layer(11, 4, 2),
    Layer(16, 16, 0),
    Layer(1, 1, 1),
    Layer(1, 2, 1),
    Layer(1, 3, 0),
    Layer(3, 1, 3),
    Layer(3, 2, 5),
    Layer(3, 3, 0),
    Layer(3, 4, 1),
    Layer(5, 8, 2),
    Layer(3, 17, 1),
    Layer(3, 1, 10),
    Layer(3, 2, 2, other=1),
    Layer(3, 2, 3, other=2),
    Layer(3, 4, 2, other=1),
    Layer(5, 1, 4, other=1),
    Layer(7, 1, 9, other=2),
    Layer(2, 1, 4, other=7),
    Layer(3, 1, 8, other=7),
    Layer(3, 1, 12, other=11),
    Layer(3, 1, 18, other=17),
)
"""Less usual ones, of which networks have a few."""

MORE_TRANSPOSED = (
    Layer(2, 1, 0),
    Layer(4, 4, 0),
    Layer(3, 3, 0),
    Layer(3, 4, 0),
    Layer(5, 3, 1, other=1),
    Layer(6, 2, 2),
    Layer(7, 2, 3, other=1),
    Layer(8, 4, 2),
    Layer(16, 8, 4),
    Layer(2, 16, 0),
    Layer(4, 8, 1, other=7),
    Layer(9, 1, 4),
    Layer(11, 3, 5, other=2),
    Layer(1, 2, 0, other=1),
    Layer(3, 1, 2),
    Layer(5, 8, 0, other=5),
)
MORE_POOLS = (
    Layer(1, 1, 0),
    Layer(1, 2, 0),
    Layer(2, 3, 0),
    Layer(3, 2, 1, other=1),
    Layer(3, 5, 1),
    Layer(4, 1, 2),
    Layer(4, 2, 1),
    Layer(4, 4, 0),
    Layer(5, 2, 2),
    Layer(5, 3, 2, other=1),
    Layer(6, 3, 3),
    Layer(7, 1, 3),
    Layer(7, 7, 0),
    Layer(8, 8, 0),
    Layer(9, 1, 4),
    Layer(13, 1, 6),
    Layer(16, 16, 0),
)

_BLOCKS = (8, 16, 24, 32, 48, 64, 96)
_CHANNELS = (1, 2, 3, 4, 6, 8, 9, 12, 16, 17, 20, 24, 32, 33, 48, 64, 67, 96)
_SIZES = (4, 6, 7, 8, 9, 12, 13, 14, 16, 17, 20, 28, 33)
_TINY = (1, 1, 2, 3, 5)
"""The last maps of a network, and those of sequences, hardly larger than a kernel or not even so large."""


def has_layers(operation: Operation) -> bool:
    """Return whether an operation's cases can be layers with kernels."""
    return {"kernel_size", "stride"} <= {field.name for field in dataclasses.fields(operation.case_type)}


def everyday(operation: Operation, case: Any, limits: Limits, seed: int, turn: int) -> Any | None:
    """Return a case that is an everyday layer inside the limits; None where there is none."""
    choices = Choices(seed, operation.name, turn, "everyday")
    for changes in _layers(case, choices, turn):
        changed = dataclasses.replace(case, **changes)
        if is_small(operation, changed) and inside(limits, changed):
            return changed
    return None


def _layers(case: Any, choices: Choices, turn: int) -> Iterator[dict[str, Any]]:
    """Yield what makes a layer of a case, the layer whose turn it is first: large ones, then smaller ones."""
    is_pool, is_transposed = hasattr(case, "ceil_mode"), hasattr(case, "output_padding")
    layers = POOLS if is_pool else TRANSPOSED if is_transposed else CONVOLUTIONS
    for layer in layers[turn % len(layers) :] + layers[: turn % len(layers)]:
        options = options_of(case, layer)
        for counts in _counts(case, layer, choices):
            for sizes in _sizes(case, choices):
                yield {**options, **counts, **sizes}


def options_of(case: Any, layer: Layer) -> dict[str, Any]:
    """Return the options of a layer, in the form in which the case writes them."""
    axes = [name for name in ("d", "h", "w") if hasattr(case, name)]
    alone = isinstance(case.kernel_size, int)
    options: dict[str, Any] = {
        "kernel_size": layer.kernel if alone else (layer.kernel,) * len(axes),
        "stride": layer.stride,
        "padding": layer.padding,
    }
    if hasattr(case, "ceil_mode"):
        options["ceil_mode"] = bool(layer.other)
    elif hasattr(case, "output_padding"):
        options["output_padding"] = layer.other
    if hasattr(case, "dilation"):
        is_dilated = layer.other and not hasattr(case, "ceil_mode") and not hasattr(case, "output_padding")
        options["dilation"] = 1 + layer.other if is_dilated else 1
    return options


def _counts(case: Any, layer: Layer, choices: Choices) -> Iterator[dict[str, int]]:
    """Yield numbers of images, channels and filters: a few at random, then smaller ones."""
    for images in (choices.pick((1, 2, 3, 4, 5, 8, 9, 16, 17)), 2, 1):
        first = _BLOCKS if layer.kind == "depthwise" else _CHANNELS  # no network has other depthwise layers
        for channels in (choices.pick(first), choices.pick(_CHANNELS), choices.pick(_CHANNELS[:6])):
            counts = {"n": images, "c": channels}
            if hasattr(case, "f"):
                counts["f"] = choices.pick((channels, choices.pick(_CHANNELS), choices.pick(_CHANNELS)))
            if hasattr(case, "groups"):
                counts["groups"] = 1
                if layer.kind == "depthwise":
                    counts |= {"groups": channels, "f": channels * choices.pick((1, 1, 2))}
                elif layer.kind == "grouped":
                    groups = choices.pick((2, 4, 8))
                    counts |= {"groups": groups, "c": channels * groups, "f": choices.pick((1, 2, 3, 4)) * groups}
            yield counts


def _sizes(case: Any, choices: Choices) -> Iterator[dict[str, int]]:
    """Yield sizes of x: square ones as often as not, then smaller ones."""
    axes = [name for name in ("d", "h", "w") if hasattr(case, name)]
    for sizes in (_TINY if choices.happens(4) else _SIZES, _SIZES, _SIZES[:5]):
        drawn = {name: choices.pick(sizes) for name in axes}
        yield dict.fromkeys(axes, drawn[axes[0]]) if choices.happens(2) else drawn


def is_small(operation: Operation, case: Any, most: int = MOST_PRODUCTS) -> bool:
    """Return whether there is such a case, and it is no more work than others."""
    try:
        operation.operand_shapes(case)
        outputs = outputs_of(operation, case)
    except ValueError:
        return False
    return max(math.prod(output.shape) * output.products for output in outputs) <= most
