"""Right until there is much of something: blocks, grids and index types that small layers never fill."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, first, mutant
from convoracle.harness.bugs.mutants.tail_paths import reduction_of

ADDED = "2026-11-21"


def whole_blocks(position: int, axis: int, block: int) -> Function:
    """Return a function that takes operand `position` to be zero along `axis` after the last whole block, if any."""

    def wrong(right: Function, *operands: Any, **options: Any) -> Any:
        count = operands[position].shape[axis]
        few = operands[position].copy()
        if count > block and count % block:
            few[(slice(None),) * axis + (slice(count // block * block, None),)] = 0
        return right(*operands[:position], few, *operands[position + 1 :], **options)

    return wrong


def planes_of_a_grid(right: Function, *operands: Any, **options: Any) -> Any:
    """The grid has 256 places for the planes of the result."""

    def cut(result: np.ndarray) -> np.ndarray:
        result.reshape(-1, *result.shape[2:])[256:] = 0
        return result

    return first(right(*operands, **options), cut)


def columns_past_32(right: Function, *operands: Any, **options: Any) -> Any:
    """A tile has 32 columns, and the mask of the last one lets its neighbour through."""

    def copied(result: np.ndarray) -> np.ndarray:
        if result.shape[3] > 32 and result.shape[3] % 32:
            result[..., -1] = result[..., -2]
        return result

    return first(right(*operands, **options), copied)


def depthwise_past_eights(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """A depthwise layer goes by vectors of eight channels; the rest have the first channel's filter."""
    groups = options["groups"]
    if groups == x.shape[1] == len(weight) and groups > 8:
        weight = weight.copy()
        weight[groups // 8 * 8 :] = weight[0]
    return right(x, weight, *others, **options)


def planes_of_a_byte(right: Function, grad: Any, indices: Any, shape: Any) -> Any:
    """The number of a plane is a byte: the gradients of plane 256 land in plane 0."""
    result = right(grad, indices, shape)
    planes = result.reshape(-1, *result.shape[2:])
    for number in range(256, len(planes)):
        planes[number % 256] += planes[number]
        planes[number] = 0
    return result


def indices_of_16_bits(right: Function, grad: Any, indices: Any, shape: Any) -> Any:
    """Indices are kept as signed numbers of 16 bits."""
    return right(grad, indices.astype(np.int16).astype(np.int64) % max(shape[2] * shape[3], 1), shape)


def three_windows(right: Function, grad: Any, indices: Any, shape: Any) -> Any:
    """A maximum has room for the gradients of three windows."""
    few = grad.copy()
    for n, c in np.ndindex(*grad.shape[:2]):
        seen: dict[int, int] = {}
        for place in np.ndindex(*grad.shape[2:]):
            index = int(indices[(n, c, *place)])
            seen[index] = seen.get(index, 0) + 1
            if seen[index] > 3:
                few[(n, c, *place)] = 0
    return right(few, indices, shape)


TABLE: tuple[tuple[str, str, str, Function, bool], ...] = (
    (
        "conv2d",
        "channels past blocks of 32",
        "the oracle's without a group's channels after the last full 32",
        whole_blocks(1, 1, 32),
        False,
    ),
    (
        "conv2d",
        "reduction of 256",
        "the oracle's without each filter's last taps modulo 256",
        reduction_of(256),
        True,
    ),
    ("conv2d", "planes of a grid", "the oracle's with zeros from the 257th plane on", planes_of_a_grid, False),
    (
        "conv2d",
        "columns past 32",
        "the oracle's with the last column a copy of the one before where W_out > 32 is not a multiple of 32",
        columns_past_32,
        True,
    ),
    (
        "conv2d",
        "depthwise past eights",
        "the oracle's with the first filter for the depthwise channels after the last full 8",
        depthwise_past_eights,
        False,
    ),
    (
        "conv2d_weight_grad",
        "rows past strips of 16",
        "the oracle's without the rows of grad_output after the last full 16",
        whole_blocks(0, 2, 16),
        False,
    ),
    (
        "max_pool2d_backward",
        "planes of a byte",
        "the oracle's with the planes from the 257th on added to the first ones",
        planes_of_a_byte,
        False,
    ),
    (
        "max_pool2d_backward",
        "indices of 16 bits",
        "the oracle's with every index taken for one of 16 bits",
        indices_of_16_bits,
        False,
    ),
    (
        "max_pool2d_backward",
        "three windows",
        "the oracle's without the gradients of the windows that share a maximum from the fourth on",
        three_windows,
        True,
    ),
)

BEYOND: tuple[Bug, ...] = tuple(
    mutant(operation, "tail", name, says, wrong, added=ADDED, first_sight=seen)
    for operation, name, says, wrong, seen in TABLE
)
