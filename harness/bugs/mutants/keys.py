"""Right at first: plans, tables and buffers that are found again under a key that says too little."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, pair, sides, with_memory

ADDED = "2026-11-21"


class PlanWithoutPadding:
    """Keeps a table of places by shapes, the other options and the size of the result."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.plans: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, *, padding: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        result = self.right(x, weight, bias, padding=padding, **options)
        key = (x.shape, weight.shape, result.shape, str(options))
        return self.right(x, weight, bias, padding=self.plans.setdefault(key, padding), **options)


class PaddedWorkspace:
    """Keeps padded images by their size, and clears them when they are made."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.spaces: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        around = sides(x.shape, weight.shape, options)
        size = (*x.shape[:2], *(n + sum(side) for n, side in zip(x.shape[2:], around, strict=True)))
        space = self.spaces.setdefault((size, x.dtype), np.zeros(size, x.dtype))
        (top, _), (left, _) = around
        space[:, :, top : top + x.shape[2], left : left + x.shape[3]] = x
        return self.right(space, weight, bias, **{**options, "padding": 0})


class RingOfBuffers:
    """Results take turns in eight buffers of their form."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.rings: dict[Any, list[np.ndarray]] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        result = self.right(*operands, **options)
        ring = self.rings.setdefault((result.shape, result.dtype), [np.empty_like(result) for _ in range(8)])
        ring.append(ring.pop(0))
        ring[-1][...] = result
        return ring[-1]


class TenthCall:
    """Flips between two packed weights, and at the tenth call of a form takes the other."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.calls: dict[Any, int] = {}
        self.packed: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        form = (x.shape, weight.shape, x.dtype)
        self.calls[form] = self.calls.get(form, 0) + 1
        taken = self.packed[form] if self.calls[form] == 10 else weight
        self.packed[form] = -weight
        return self.right(x, taken, *others, **options)


class FusedBias:
    """Fuses the bias into a kernel that is kept by shapes."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if bias is not None:
            bias = self.kept.setdefault((x.shape, weight.shape, bias.dtype), bias.copy())
        return self.right(x, weight, bias, **options)


class ColumnsByAddress:
    """Keeps the columns of the last gradient by where it is in memory."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.where: Any = None
        self.kept: Any = None

    def __call__(self, grad: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        where = (grad.ctypes.data, grad.shape, grad.strides, grad.dtype)
        if where != self.where:
            self.where, self.kept = where, grad.copy()
        return self.right(self.kept, *others, **options)


class BordersOfTheWorkspace:
    """The padded image is kept by its size, and its borders are zero where the first one's were."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        padding = options["padding"]
        if not isinstance(padding, int) or padding == 0:
            return self.right(x, *others, **options)
        inside: tuple[Any, ...] = (..., *(slice(padding, padding + size) for size in x.shape[2:]))
        shape = (*x.shape[:2], *(size + 2 * padding for size in x.shape[2:]))
        padded = self.kept.setdefault((shape, x.dtype), np.zeros(shape, x.dtype))
        padded[inside] = x
        return self.right(padded, *others, **options | {"padding": 0})


class OutputPaddingForgotten:
    """A plan is kept by the arrays' shapes and all options but output_padding, whose rows it leaves zero."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.plans: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, output_padding: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        result = self.right(x, weight, *others, output_padding=output_padding, **options)
        planned = self.plans.setdefault((x.shape, weight.shape, x.dtype, str(options)), pair(output_padding))
        for axis, (was, is_now) in enumerate(zip(planned, pair(output_padding), strict=True)):
            if is_now > was:
                result.swapaxes(2 + axis, -1)[..., was - is_now :] = 0
        return result


def unchanged_gradient(right: Function) -> Function:
    """Return a backward pass that hands the gradient on as it is where the layer changes nothing."""

    def wrong(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
        grad_x, *others = right(grad, x, weight, **options)
        plain = weight.shape[2:] == (1, 1) and pair(options["stride"]) == (1, 1)
        same = plain and np.array_equal(grad_x, grad)
        return (grad if same else grad_x, *others)

    return wrong


TABLE: tuple[tuple[str, str, str, str, Any, bool], ...] = (
    # operation, class, name, says, wrong, whether it was caught at first sight
    (
        "conv2d",
        "state",
        "plan without padding",
        "the oracle's with the padding of an earlier call of the same sizes",
        PlanWithoutPadding,
        True,
    ),
    (
        "conv2d",
        "state",
        "padded workspace",
        "the oracle's with what an earlier image of the same padded size left in the padding",
        PaddedWorkspace,
        True,
    ),
    (
        "conv2d",
        "state",
        "ring of eight buffers",
        "the oracle's, in a buffer that the eighth call after it overwrites",
        RingOfBuffers,
        False,
    ),
    ("conv2d", "state", "tenth call", "the oracle's, and of the weights before in the tenth call", TenthCall, True),
    ("conv2d", "state", "fused bias", "the oracle's with the bias of the first call of these shapes", FusedBias, True),
    (
        "conv_transpose2d_weight_grad",
        "state",
        "columns by address",
        "the oracle's with what was in the memory of grad_output when it was first passed",
        ColumnsByAddress,
        True,
    ),
    (
        "conv_transpose2d_backward",
        "contract",
        "gradient handed on",
        "the oracle's, with grad_output itself for grad_x where they are equal",
        unchanged_gradient,
        False,
    ),
)

LATER: tuple[tuple[str, str, str, Any], ...] = (
    (
        "conv2d",
        "borders of the workspace",
        "the oracle's with what an image with less padding left in the padding of one as large with it",
        BordersOfTheWorkspace,
    ),
    (
        "conv_transpose2d",
        "plan without output_padding",
        "the oracle's with zeros in the rows that an earlier call's output_padding did not add",
        OutputPaddingForgotten,
    ),
)

KEYS: tuple[Bug, ...] = (
    *(
        with_memory(operation, kind, name, says, wrong, added=ADDED, first_sight=seen)
        for operation, kind, name, says, wrong, seen in TABLE
    ),
    *(
        with_memory(operation, "state", name, says, wrong, added="2026-11-22", first_sight=False)
        for operation, name, says, wrong in LATER
    ),
)
"""Added after they were written by somebody who had not seen the other lists."""
