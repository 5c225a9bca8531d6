"""Depthwise convolutions of tiny planes, and their gradients: planes are side by side, not the numbers of a row.

A plane of 3 x 3 would leave most lanes of a vector idle. So the planes of as many channels as a vector has lanes are
turned, and so are their kernels; then number k of all of them is one vector::

      in memory                          turned
      a0 a1 a2 .. a8                     a0 b0 c0 ...     number 0 of every plane: one vector
      b0 b1 b2 .. b8          ->         a1 b1 c1 ...
      c0 c1 c2 .. c8                       ...
        ...                              a8 b8 c8 ...

Which tap meets which input for which output is a table of triples, and the work is to add these products of vectors to
the third: for the convolution tap times input to output, for its input gradient tap times output to input, for the
weight gradient output times input to tap. Products with the zeros beside a plane are not in the table, so weights and
weight gradients must be finite; if they are not, somebody else is asked.
"""

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.listed import add_listed
from convoracle.fast.simd.transforms import MOST_SQUARE, transpose_in, transpose_out
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Shape

MOST_NUMBERS = 25
"""Numbers of a tiny plane, its result and its kernel, at most: larger ones fill vectors as they lie."""

LEAST_CHANNELS = 4
"""Fewer planes leave more lanes idle than rows do."""

MOVED = 4
"""Multiply-adds that turning a number counts for."""


def fits(shapes: tuple[Shape, Shape, Shape], groups: int, down: Axis, across: Axis) -> bool:
    """Tell whether planes are tiny; `shapes` are those of an input, a weight and its result."""
    x_shape, weight_shape, _ = shapes
    if not x_shape[1] == weight_shape[0] == groups >= LEAST_CHANNELS:
        return False
    is_tiny = all(math.prod(shape[2:]) <= MOST_NUMBERS for shape in shapes)
    # A window that is all padding would have an empty list, and its zeros a say in what is not finite.
    return is_tiny and all(
        any(0 <= u * axis.stride + offset < axis.size for offset in axis.offsets)
        for axis in (down, across)
        for u in range(axis.outputs)
    )


def bind_convolution(
    shapes: tuple[Shape, Shape, Shape], down: Axis, across: Axis, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (x, weight, base, out) that writes the convolution into `out`."""
    x_shape, weight_shape, out_shape = shapes
    return _bind(x_shape, out_shape, weight_shape, _triples(down, across), dtype)


def bind_input_grad(
    shapes: tuple[Shape, Shape, Shape], down: Axis, across: Axis, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (grad_output, weight, base, grad) that writes the input gradient into `grad`."""
    x_shape, weight_shape, out_shape = shapes
    return _bind(out_shape, x_shape, weight_shape, _triples(down, across)[:, (0, 2, 1)], dtype)


def bind_weight_grad(
    shapes: tuple[Shape, Shape, Shape], down: Axis, across: Axis, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function of grad_output and x that returns the weight gradient."""
    x_shape, weight_shape, out_shape = shapes
    # Output by output, so that none adds to the sum of the one before.
    products = _triples(down, across)[:, (2, 1, 0)]
    lanes, channels = lanes_of(dtype), x_shape[1]
    products = lanes * products[np.argsort(products[:, 0], kind="stable")]
    blocks = -(-channels // lanes)
    numbers = math.prod(out_shape[2:]), math.prod(x_shape[2:]), math.prod(weight_shape[2:])
    work = x_shape[0] * channels * (len(products) + MOVED * sum(numbers))
    pieces = max(min(thread_count(work), blocks), 1)
    sizes, zeros = (x_shape[0], channels, lanes, *numbers), np.zeros(lanes, dtype)

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        grad = np.empty(weight_shape, dtype)
        run_pieces(_gather, pieces, sizes, products, grad_output.reshape(-1), x.reshape(-1), zeros, grad.reshape(-1))
        return grad

    return weight_grad


def _bind(
    source_shape: Shape, out_shape: Shape, weight_shape: Shape, triples: np.ndarray, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (source, weight, base, out) that writes the sums of the products (tap, source, out)."""
    images, channels = source_shape[:2]
    lanes = lanes_of(dtype)
    products = np.ascontiguousarray(lanes * triples)
    numbers = math.prod(source_shape[2:]), math.prod(weight_shape[2:]), math.prod(out_shape[2:])
    tasks = images * -(-channels // lanes)
    pieces = max(min(thread_count(images * channels * (len(products) + MOVED * sum(numbers))), tasks), 1)
    sizes = images, channels, lanes, *numbers

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        bases = np.zeros(-(-channels // lanes) * lanes, dtype)
        bases[:channels] = base
        arrays = source.reshape(-1), weight.reshape(-1), bases, out.reshape(-1)
        run_pieces(_correlate, pieces, sizes, products, *arrays)

    return correlate


@functools.lru_cache(maxsize=64)
def _triples(down: Axis, across: Axis) -> np.ndarray:
    """Return the tap, the input and the output of every product, tap by tap."""
    return np.array(
        [
            (i * len(across.offsets) + j, row * across.size + column, p * across.outputs + q)
            for i, j in itertools.product(range(len(down.offsets)), range(len(across.offsets)))
            for p, q in itertools.product(range(down.outputs), range(across.outputs))
            for row, column in [(p * down.stride + down.offsets[i], q * across.stride + across.offsets[j])]
            if 0 <= row < down.size and 0 <= column < across.size
        ],
        np.int64,
    )


@kernel
def _correlate(piece, pieces, sizes, products, source, weight, base, out):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some channels of some images."""
    images, channels, lanes, numbers, taps, outputs = sizes
    tasks, turned_from = images * -(-channels // lanes), -1
    planes = np.empty((numbers + lanes) * lanes, source.dtype)
    kernels = np.empty((taps + lanes) * lanes, source.dtype)
    sums = np.empty((outputs + lanes) * lanes, source.dtype)
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        block, image = divmod(task, images)
        channel = block * lanes
        count = min(lanes, channels - channel)
        if channel != turned_from:
            turned_from = channel
            _turn_in(weight, channel * taps, taps, count, lanes, kernels)
        first = image * channels + channel
        _turn_in(source, first * numbers, numbers, count, lanes, planes)
        sums[:] = 0
        add_listed(kernels, planes, products, len(products), sums)
        _turn_out(sums, outputs, count, lanes, base, channel, out, first * outputs)


@kernel
def _gather(piece, pieces, sizes, products, grad_output, x, zeros, grad):  # type: ignore[no-untyped-def]
    """Do one piece of the work: the weight gradient of some channels."""
    images, channels, lanes, outputs, numbers, taps = sizes
    blocks = -(-channels // lanes)
    of_outputs = np.empty((outputs + lanes) * lanes, x.dtype)
    of_inputs = np.empty((numbers + lanes) * lanes, x.dtype)
    sums = np.empty((taps + lanes) * lanes, x.dtype)
    for block in range(blocks * piece // pieces, blocks * (piece + 1) // pieces):
        channel = block * lanes
        count = min(lanes, channels - channel)
        sums[:] = 0
        for image in range(images):
            first = image * channels + channel
            _turn_in(grad_output, first * outputs, outputs, count, lanes, of_outputs)
            _turn_in(x, first * numbers, numbers, count, lanes, of_inputs)
            add_listed(of_outputs, of_inputs, products, len(products), sums)
        _turn_out(sums, taps, count, lanes, zeros, 0, grad, channel * taps)


@inner
def _turn_in(source, start, numbers, planes, lanes, target):  # type: ignore[no-untyped-def]
    """Turn some planes of so many numbers; lanes without a plane hold the last one again."""
    side = min(lanes, MOST_SQUARE)
    for plane in range(0, lanes, side):
        for number in range(0, numbers, side):
            transpose_in(
                source, start + plane * numbers + number, numbers, planes - plane, numbers - number,
                target, number * lanes + plane, lanes,
            )  # fmt: skip


@inner
def _turn_out(source, numbers, planes, lanes, base, start, target, to):  # type: ignore[no-untyped-def]
    """Turn sums back into planes, and add each plane's base."""
    for number in range(0, numbers, lanes):
        transpose_out(source, number * lanes, base, start, target, to + number, numbers, planes, numbers - number)
