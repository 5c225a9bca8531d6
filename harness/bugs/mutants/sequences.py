"""Right at first: wrong in a call only because of which calls came before it, in this order.

What is kept belongs to a layer that the key takes for this one, or to the layer before an empty batch.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, each, pair, with_memory

ADDED = "2026-11-22"


def form(operands: Any) -> tuple[Any, ...]:
    """Return the shapes of arrays, and the other operands as they are, a shape of x without the number of images."""
    return tuple(a.shape if isinstance(a, np.ndarray) else str(a[1:] if isinstance(a, tuple) else a) for a in operands)


class NodeOfALayer:
    """Remembers which layer it is for, and leaves for an empty batch before it is prepared for it.

    As in microsoft/onnxruntime#10041. What it is not prepared for finds the places of another layer: none of them here.
    """

    def __init__(self, right: Function) -> None:
        self.right = right
        self.layer: Any = None
        self.is_prepared = False

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        layer = x.shape[1:], form(others), str(options)
        if layer != self.layer:
            self.layer, self.is_prepared = layer, len(x) > 0
        result = self.right(x, *others, **options)
        return result if self.is_prepared else each(result, np.zeros_like)


class SpreadPlane:
    """Spreads x by the stride into a plane of zeros that is kept by its size."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.planes: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        steps = pair(options["stride"])
        are_finite = all(np.isfinite(array).all() for array in (x, *others) if array is not None)
        if not are_finite or x.size == 0 or pair(options["output_padding"]) != (0, 0):
            return self.right(x, *others, **options)
        shape = (*x.shape[:2], *((size - 1) * step + 1 for size, step in zip(x.shape[2:], steps, strict=True)))
        plane = self.planes.setdefault((shape, x.dtype), np.zeros(shape, x.dtype))
        plane[:, :, :: steps[0], :: steps[1]] = x
        return self.right(plane, *others, **options | {"stride": 1})


class SpreadKernel:
    """Spreads weights by the dilation into zeros that are kept by the size of both together."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        rows, columns = pair(options["dilation"])
        if not np.isfinite(x).all() or pair(options["output_padding"]) != (0, 0):
            return self.right(x, weight, *others, **options)
        height, width = weight.shape[2:]
        shape = (*weight.shape[:2], (height - 1) * rows + 1, (width - 1) * columns + 1)
        spread = self.kept.setdefault((shape, weight.dtype), np.zeros(shape, weight.dtype))
        spread[:, :, ::rows, ::columns] = weight
        return self.right(x, spread, *others, **options | {"dilation": 1})


class PaddedForMaxima:
    """Keeps x between two borders of minus infinity by the size of both together."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, *others: Any, padding: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if options["return_indices"] or options["ceil_mode"] or x.dtype.kind != "f":
            return self.right(x, *others, padding=padding, **options)
        around = pair(padding)
        shape = (*x.shape[:2], *(size + 2 * more for size, more in zip(x.shape[2:], around, strict=True)))
        padded = self.kept.setdefault((shape, x.dtype), np.full(shape, -np.inf, x.dtype))
        rows, columns = (slice(more, more + size) for size, more in zip(x.shape[2:], around, strict=True))
        padded[:, :, rows, columns] = x
        return self.right(padded, *others, padding=0, **options)


class PlanByPart:
    """Keeps some options, those of the first call with a key that says too little, if the result is as large then."""

    def __init__(self, right: Function, key: Callable[..., Any], kept: tuple[str, ...]) -> None:
        self.right, self.key, self.kept = right, key, kept
        self.plans: dict[Any, dict[str, Any]] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        result = self.right(x, weight, *others, **options)
        key = self.key(x.shape, weight.shape, result.shape, options)
        plan = self.plans.setdefault(key, {name: options[name] for name in self.kept})
        try:
            planned = self.right(x, weight, *others, **options | plan)
        except ValueError:  # no such layer
            return result
        return planned if planned.shape == result.shape else result


def without_padding_and_dilation(right: Function) -> Function:
    """Return a transposed convolution whose plan is kept by all shapes and the stride."""
    return PlanByPart(
        right,
        lambda x, weight, result, options: (x, weight, result, pair(options["stride"])),
        ("padding", "dilation", "output_padding"),
    )


def by_image_and_result(right: Function) -> Function:
    """Return a transposed convolution whose plan says nothing of the kernel."""
    return PlanByPart(
        right,
        lambda x, weight, result, options: (x, result, pair(options["stride"])),
        ("padding", "dilation", "output_padding"),
    )


EMPTY = "zero for a layer that was first asked for with an empty batch"

TABLE: tuple[tuple[str, str, str, Any, bool], ...] = (
    # operation, name, says, wrong, whether it was caught at first sight
    *(
        (operation, "node left by an empty batch", EMPTY, NodeOfALayer, False)
        for operation in ("conv2d", "conv2d_input_grad", "conv_transpose2d", "max_pool2d", "avg_pool2d")
    ),
    (
        "conv_transpose2d",
        "spread plane",
        "the oracle's with pixels of an earlier image between those of an image that a stride spreads to the same size",
        SpreadPlane,
        False,
    ),
    (
        "conv_transpose2d",
        "spread kernel",
        "the oracle's with weights of an earlier kernel between those of one that a dilation spreads to the same size",
        SpreadKernel,
        False,
    ),
    (
        "conv_transpose2d",
        "plan by shapes",
        "the oracle's with the padding and dilation of an earlier call whose arrays had the same shapes",
        without_padding_and_dilation,
        False,
    ),
    (
        "conv_transpose2d",
        "plan without the kernel",
        "the oracle's with the padding of another kernel, whose image and result had the same shapes",
        by_image_and_result,
        False,
    ),
    (
        "max_pool2d",
        "borders of minus infinity",
        "the oracle's with what an image with less padding left in the padding of one as large with it",
        PaddedForMaxima,
        False,
    ),
)

SEQUENCES: tuple[Bug, ...] = tuple(
    with_memory(operation, "state", name, says, wrong, added=ADDED, first_sight=seen)
    for operation, name, says, wrong, seen in TABLE
)
"""Added after a stranger's kernels had shown that a node may be left unprepared, and after forty more were tried."""
