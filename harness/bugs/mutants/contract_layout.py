"""Right for arrays in C order: strides, gaps, signs and offsets of memory misread."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant


def memory_order(array: np.ndarray) -> np.ndarray:
    """Return the elements as they lie in memory, taken for C order."""
    return array.ravel(order="K").reshape(array.shape)


def from_the_buffer_s_start(array: np.ndarray) -> np.ndarray:
    """Return as many elements from the start of the array's memory, which may begin before the array."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return owner.ravel(order="K")[: array.size].reshape(array.shape)


def without_signs(array: np.ndarray) -> np.ndarray:
    """Return the array with negative strides taken for positive ones."""
    return array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]


def without_gaps(array: np.ndarray) -> np.ndarray:
    """Return the array read with its outer strides as they would be if nothing lay between its rows."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    gaps = array.strides[-1] > array.itemsize and array.flags.c_contiguous is False
    return owner.ravel(order="K")[: array.size].reshape(array.shape) if gaps else array


def reads(misread: Any, *positions: int) -> Function:
    """Return a function that reads some operands' memory as it is not."""

    def wrong(right: Function, *operands: Any, **options: Any) -> Any:
        read = [misread(array) if i in positions else array for i, array in enumerate(operands)]
        return right(*read, **options)

    return wrong


def once(array: np.ndarray) -> np.ndarray:
    """What one number lies under for many is there once, and zeros follow, as a sum's gradient is where it is read."""
    dense = np.array(array)
    for axis, (step, size) in enumerate(zip(array.strides, array.shape, strict=True)):
        if step == 0 and size > 1:
            dense[(slice(None),) * axis + (slice(1, None),)] = 0
    return dense


TABLE: tuple[tuple[str, str, str, Function], ...] = (
    ("conv2d", "C order assumed for x", "the oracle's for x read in the order of its memory", reads(memory_order, 0)),
    (
        "conv2d",
        "C order assumed for weight",
        "the oracle's for a weight read in the order of its memory",
        reads(memory_order, 1),
    ),
    (
        "conv2d",
        "negative strides",
        "the oracle's with negative strides of x taken for positive",
        reads(without_signs, 0),
    ),
    (
        "conv2d",
        "offset ignored",
        "the oracle's for x read from the start of its buffer",
        reads(from_the_buffer_s_start, 0),
    ),
    (
        "conv2d_input_grad",
        "C order assumed for grad_output",
        "the oracle's for grad_output read as it lies",
        reads(memory_order, 0),
    ),
    (
        "conv2d_weight_grad",
        "offset ignored",
        "the oracle's for x read from the start of its buffer",
        reads(from_the_buffer_s_start, 1),
    ),
    ("conv2d_bias_grad", "C order assumed", "the oracle's for grad_output read as it lies", reads(memory_order, 0)),
    (
        "conv_transpose2d",
        "C order assumed for x",
        "the oracle's for x read in the order of its memory",
        reads(memory_order, 0),
    ),
    ("conv1d", "gaps ignored", "the oracle's for x read as if its rows had no gaps", reads(without_gaps, 0)),
    ("conv3d", "C order assumed for x", "the oracle's for x read in the order of its memory", reads(memory_order, 0)),
    ("max_pool2d", "C order assumed", "the oracle's for x read in the order of its memory", reads(memory_order, 0)),
    ("max_pool2d", "gaps ignored", "the oracle's for x read as if its rows had no gaps", reads(without_gaps, 0)),
    (
        "avg_pool2d",
        "negative strides",
        "the oracle's with negative strides of x taken for positive",
        reads(without_signs, 0),
    ),
    ("avg_pool2d_backward", "C order assumed", "the oracle's for grad_output read as it lies", reads(memory_order, 0)),
    ("max_pool2d_backward", "indices in C order", "the oracle's for indices read as they lie", reads(memory_order, 1)),
    ("linear", "weight transposed in memory", "the oracle's for a weight read as it lies", reads(memory_order, 1)),
    (
        "locally_connected2d",
        "C order assumed for weight",
        "the oracle's for a weight read as it lies",
        reads(memory_order, 1),
    ),
    (
        "upsample2d",
        "offset ignored",
        "the oracle's for x read from the start of its buffer",
        reads(from_the_buffer_s_start, 0),
    ),
    ("relu_backward", "C order assumed for x", "the oracle's for x read as it lies", reads(memory_order, 1)),
)

CONTRACT_LAYOUT: tuple[Bug, ...] = (
    *(mutant(operation, "contract", name, says, wrong) for operation, name, says, wrong in TABLE),
    *(
        mutant(
            operation,
            "contract",
            "one number for many",
            "the oracle's for a grad_output whose memory of one number for many is that of as many",
            reads(once, 0),
            added="2026-11-22",
            first_sight=False,
        )
        for operation in ("conv2d_bias_grad", "avg_pool2d_backward")
    ),
)
