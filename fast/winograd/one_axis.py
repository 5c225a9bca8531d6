"""The convolution by Winograd's algorithm down the columns only, for few channels.

F(4, r) along one axis takes 8 multiplications for 4 outputs instead of 20 (5 taps), or 6 instead of 12 (3 taps), for
each column of the kernel. That is less than along both axes; but the lanes are neighbouring outputs, so an image needs
no turning, few channels leave no lane idle, and sums never leave the registers before they are outputs
(`convoracle.fast.winograd.one_axis_tile`)::

    for each tile of 4 rows of an image and a group:
        for each share of its columns:
            transform the rows of all channels
            for each few filters:
                for each vector of columns: multiply, transform back, store

A sum is one chain over channels and columns of the kernel, whatever the shares, the threads and the batch.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair
from convoracle.fast.winograd.few_channels import FILTERS, TILE
from convoracle.fast.winograd.one_axis_tile import multiply_by, transform_rows_by
from convoracle.fast.winograd.tiles import F_4_3, F_4_5
from convoracle.fast.winograd.workspace import allocate, borrow, threads_that_fit

ROW_BYTES = 1 << 18
"""Bytes of transformed rows that are worked on at a time, if they can be so few: they are to stay in the cache."""

ALGORITHMS = {3: F_4_3, 5: F_4_5}

_rows_3, _rows_5 = (transform_rows_by(ALGORITHMS[taps]) for taps in (3, 5))
_multiply_3, _multiply_5 = (multiply_by(ALGORITHMS[taps], FILTERS[taps]) for taps in (3, 5))


class Plan(NamedTuple):
    """A convolution by tiles of rows, in the numbers that it is computed from."""

    # Of each group; planes of the input and of the output. Output (p, q) reads the inputs from (p - top, q - left) on.
    groups: int
    channels: int
    filters: int
    height: int
    width: int
    rows: int
    columns: int
    top: int
    left: int
    # Taps along a kernel's side, products of a tile, filters computed together.
    taps: int
    products: int
    together: int
    # Numbers in a vector; vectors of columns that are worked on at a time.
    lanes: int
    vectors: int
    # Weight (group, filter, channel, tap) is at the sum of index * step; taps are read backwards if it is flipped.
    of_group: int
    of_filter: int
    of_channel: int
    is_flipped: bool


@functools.lru_cache(maxsize=256)
def plan_rows(
    groups: int,
    channels: int,
    filters: int,
    size: Pair,
    outputs: Pair,
    before: Pair,
    taps: int,
    steps: tuple[int, int, int],
    dtype: np.dtype,
    *,
    is_flipped: bool,
) -> Plan:
    """Plan the convolution of one image; how sums are made depends on nothing else."""
    lanes, products = lanes_of(dtype), TILE + taps - 1
    wanted = ROW_BYTES // (products * channels * lanes * dtype.itemsize) - 1
    vectors = min(max(wanted, 1), math.ceil(outputs[1] / lanes))
    return Plan(
        groups, channels, filters, *size, *outputs, *before, taps, products, FILTERS[taps], lanes, vectors, *steps,
        is_flipped,
    )  # fmt: skip


def transform_weights(plan: Plan, weight: np.ndarray) -> np.ndarray:
    """Return the transformed weights of all groups."""
    blocks = -(-plan.filters // plan.together)
    # Read number by number: where it begins makes no difference.
    packed = np.empty(plan.groups * blocks * plan.channels * plan.taps * plan.together * plan.products, weight.dtype)
    transform = _transform_3 if plan.taps == 3 else _transform_5
    transform(_packed(plan), weight.reshape(-1), _matrix(plan.taps, weight.dtype), packed)
    return packed


@functools.lru_cache(maxsize=256)
def _packed(plan: Plan) -> np.ndarray:
    """Return a plan as kernels take it."""
    return pack(plan)


@functools.cache
def _matrix(taps: int, dtype: np.dtype) -> np.ndarray:
    """Return the numbers by which each tap of a column is part of each product."""
    return np.array(ALGORITHMS[taps].filter, np.float64).T.astype(dtype, order="C")


@functools.lru_cache(maxsize=256)
def bind_convolution(plan: Plan, images: int, dtype: np.dtype) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return a function of (x, weight, bias, prepared), as that of `convoracle.fast.winograd.convolution`."""
    shape = (images, plan.groups * plan.filters, plan.rows, plan.columns)
    tasks = images * plan.groups * -(-plan.rows // TILE)
    work = tasks * plan.filters * plan.channels * plan.taps * plan.products * plan.columns
    pitch = (plan.vectors + 1) * plan.lanes
    size = plan.products * plan.channels * pitch
    numbers, zeros, no_base = _packed(plan), np.zeros(plan.width, dtype), np.zeros(shape[1], dtype)
    all_finite, of_out = np.ones(images, np.bool_), math.prod(shape)
    convolve_rows = _convolve_3 if plan.taps == 3 else _convolve_5

    def convolve(
        x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, prepared: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        out, is_finite = allocate(of_out, dtype), all_finite.copy()
        if images:
            packed = transform_weights(plan, weight) if prepared is None else prepared
            pieces = min(threads_that_fit(thread_count(work), size * dtype.itemsize), tasks)
            arrays = x.reshape(-1), packed, no_base if bias is None else bias, zeros, out, is_finite
            run_pieces(_borrow_and_convolve, pieces, convolve_rows, size, new_counter(), tasks, numbers, *arrays)
        return out.reshape(shape), is_finite

    return convolve


def _borrow_and_convolve(
    piece: int, pieces: int, convolve_rows: Callable[..., None], size: int, *arguments: Any
) -> None:
    """Take part in the work, in memory of this thread."""
    convolve_rows(borrow(size, arguments[-2].dtype), *arguments)


def _weights_kernel(taps: int) -> Callable[..., None]:
    """Return the function that transforms all weights, and lays them in the order in which tiles need them."""
    products, together, last = TILE + taps - 1, FILTERS[taps], taps * taps - 1

    @kernel
    def transform_weights(numbers, weight, matrix, packed):  # type: ignore[no-untyped-def]
        plan = unpack(Plan, numbers, 0, ())
        start, sign = (last, -1) if plan.is_flipped else (0, 1)
        to = 0
        for group in range(plan.groups):
            for first in range(0, plan.filters, together):
                for channel in range(plan.channels):
                    for column in range(taps):
                        for f in range(first, first + together):
                            # The last one again, in place of those that are missing.
                            place = group * plan.of_group + min(f, plan.filters - 1) * plan.of_filter
                            place += channel * plan.of_channel + start + sign * column
                            for k in range(products):
                                packed[to + k] = matrix[0, k] * weight[place]
                            for row in range(1, taps):
                                number = weight[place + sign * row * taps]
                                for k in range(products):
                                    packed[to + k] += matrix[row, k] * number
                            to += products

    return transform_weights


def _kernel(taps: int) -> Callable[..., None]:
    """Return the function that takes tasks until there are none: a tile of rows of an image and a group.

    It chooses its intrinsics by a number: a function that closes over one would never be found in Numba's cache again.
    """

    @kernel
    def convolve_rows(space, counter, tasks, numbers, x, weights, base, zeros, out, is_finite):  # type: ignore[no-untyped-def]
        keep_small()
        plan = unpack(Plan, numbers, 0, ())
        lanes, together, plane = plan.lanes, plan.together, plan.rows * plan.columns
        pitch = (plan.vectors + 1) * lanes
        of_product, of_block = plan.channels * pitch, plan.channels * plan.taps * together * plan.products
        blocks, tiles = -(-plan.filters // together), -(-plan.rows // TILE)
        while True:
            task = take_task(counter)
            if task >= tasks:
                break
            stack, tile = divmod(task, tiles)
            image, group = divmod(stack, plan.groups)
            first_row = tile * TILE
            for begin in range(0, plan.columns, plan.vectors * lanes):
                end = min(begin + plan.vectors * lanes, plan.columns)
                for channel in range(plan.channels):
                    start = (stack * plan.channels + channel) * plan.height * plan.width
                    # As far as tiles read: lanes beyond the last column are computed too.
                    for q in range(begin, begin + -(-(end - begin) // lanes) * lanes + plan.taps - 1, lanes):
                        corner, to = (first_row - plan.top, q - plan.left), channel * pitch + q - begin
                        if taps == 5:
                            _rows_5(x, start, plan.height, plan.width, corner, zeros, space, to, of_product)
                        else:
                            _rows_3(x, start, plan.height, plan.width, corner, zeros, space, to, of_product)
                for block in range(blocks):
                    first = group * plan.filters + block * together
                    to = (image * plan.groups * plan.filters + first) * plane + first_row * plan.columns
                    for q in range(begin, end, lanes):
                        weight, rest = (group * blocks + block) * of_block, plan.filters - block * together
                        if taps == 5:
                            is_right = _multiply_5(
                                plan.channels, weights, weight, space, q - begin, of_product, pitch, out, to + q,
                                plan.columns, plane, base, first, rest, plan.rows - first_row, plan.columns - q,
                            )  # fmt: skip
                        else:
                            is_right = _multiply_3(
                                plan.channels, weights, weight, space, q - begin, of_product, pitch, out, to + q,
                                plan.columns, plane, base, first, rest, plan.rows - first_row, plan.columns - q,
                            )  # fmt: skip
                        if not is_right:
                            is_finite[image] = False

    return convolve_rows


_transform_3, _transform_5 = _weights_kernel(3), _weights_kernel(5)
_convolve_3, _convolve_5 = _kernel(3), _kernel(5)
