"""Pools that are wrong in one axis, in what they keep, or in what they are handed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.average_pooling import divisors, places_for
from convoracle.harness.bugs.zoo.entry import entry, remembering
from convoracle.harness.bugs.zoo.max_pooling import places_for as maximum_places
from convoracle.harness.bugs.zoo.sizes import axes
from convoracle.harness.bugs.zoo.taps import native
from convoracle.harness.bugs.zoo.windows import answer, divided, largest, sums

ADDED = "2026-11-21"


def first_dilation_twice(x: Any, kernel_size: Any, **options: Any) -> Any:
    """Taps of a row are as far apart as the rows are; the size of the output is right.

    The thread's is the kernel of the gradient, which works the windows out again; here they are the windows themselves.
    """
    rows, columns = maximum_places(x, kernel_size, options)
    down, across = axes(options["dilation"], 2)
    columns = columns + np.arange(len(columns))[:, None] * (down - across)
    return answer(*largest(x, (rows, columns)), options["return_indices"])


def scattered(grad: np.ndarray, indices: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Add every gradient to the place its index names."""
    planes = into.reshape(len(grad) * grad.shape[1], -1)
    np.add.at(
        planes, (np.arange(len(planes))[:, None], indices.reshape(len(planes), -1)), grad.reshape(len(planes), -1)
    )
    return into


def memory_not_cleared() -> Callable[..., np.ndarray]:
    """Return a gradient that is added to what the last result of its shape left in the memory it is given."""
    memory: dict[Any, np.ndarray] = {}

    def call(grad: Any, indices: Any, shape: Sequence[int]) -> np.ndarray:
        given = memory.setdefault((tuple(shape), grad.dtype.str), np.zeros(shape, native(grad)))
        return scattered(grad, indices, given).copy()

    return call


def indices_moved_in_place(grad: Any, indices: Any, shape: Sequence[int]) -> np.ndarray:
    """Where the indices are contiguous, what makes them places in the whole tensor is added to the caller's own.

    The thread's indices are those within a window, and the error that the second backward pass raises is an index out
    of range; here they are those in a plane.
    """
    n, c, h, w = shape
    planes = np.repeat(np.arange(n * c) * (h * w), grad.shape[2] * grad.shape[3])
    flat = indices.ravel()
    if flat.flags.writeable:
        flat += planes
    else:
        flat = flat + planes
    into = np.zeros(n * c * h * w, native(grad))
    np.add.at(into, flat, grad.ravel())
    return into.reshape(tuple(shape))


def graphs_without_the_divisor() -> Callable[..., np.ndarray]:
    """Return a mean pool that keeps graphs by all options but divisor_override."""
    graphs: dict[Any, Any] = {}

    def call(x: Any, kernel_size: Any, **options: Any) -> np.ndarray:
        kept = {name: value for name, value in options.items() if name != "divisor_override"}
        divisor = graphs.setdefault((x.shape, x.dtype.str, str(kernel_size), str(kept)), options["divisor_override"])
        options = {**options, "divisor_override": divisor}
        places = places_for(x.shape[2:], kernel_size, options)
        return divided(sums(x, places), divisors(places, x.shape[2:], options))

    return call


def steps_of_the_rows(x: Any, kernel_size: Any, **options: Any) -> Any:
    """Windows of a row are as far apart as the rows of windows are; the size of the output is right."""
    rows, columns = maximum_places(x, kernel_size, options)
    down, across = axes(kernel_size if options["stride"] is None else options["stride"], 2)
    columns = columns + np.arange(columns.shape[1]) * (down - across)
    return answer(*largest(x, (rows, columns)), options["return_indices"])


POOLS_AGAIN = (
    entry(
        "burn",
        "#4466",
        "tracel-ai/burn/pull",
        "max_pool2d",
        "structure",
        "the oracle's with dilation_h along both axes, in the size of the right ones",
        "The kernel of a max pool's gradient was given the first entry of the dilation for both axes. All tests had "
        "the same dilation along both.",
        first_dilation_twice,
        added=ADDED,
        first_sight=True,
    ),
    remembering(
        "executorch",
        "#21878",
        "pytorch/executorch/pull",
        "max_pool2d_backward",
        "state",
        "the oracle's added to the last result of the same shape",
        "Every trained network with a max pool diverged. The kernel added gradients to the memory it was given, and "
        "did not clear it first.",
        memory_not_cleared,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "chainer",
        "#2062",
        "chainer/chainer/pull",
        "max_pool2d_backward",
        "contract",
        "the oracle's, with the planes' offsets added to the caller's indices",
        "The second backward pass through a max pool raised an IndexError. The indices were made flat with ravel(), "
        "which may be a view, and offsets added in place.",
        indices_moved_in_place,
        added=ADDED,
        first_sight=True,
    ),
    remembering(
        "pytorch-mps",
        "#273",
        "kulinseth/pytorch/pull",
        "avg_pool2d",
        "state",
        "the oracle's with the divisor_override of the first call that had all else the same",
        "Mean pools were wrong on MPS after another one of the same shape. The key of the cached graph had no divisor "
        "in it.",
        graphs_without_the_divisor,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "nnpack",
        "#16",
        "Maratyszcza/NNPACK/issues",
        "max_pool2d",
        "structure",
        "the oracle's with windows of a row stride_h apart, in the size of the right ones",
        "Somebody who read the max pool to add a mean one found x * stride_height in the column of a pixel. The author "
        "mended it.",
        steps_of_the_rows,
        added=ADDED,
        first_sight=True,
    ),
)
