"""Convolutions whose result has one position: a product of the weights, a matrix as they lie, and the windows.

Squeeze-and-excitation, classifiers and the last layer of many networks are such convolutions. Every weight is used once
for each image, so packing the weights would take longer than the product. As they lie,

    out[n, f] = bias[f] + sum over k of weight[f, k] window[n, k]            k: channel, row, column of the kernel

sums over what lies together in both (`convoracle.fast.simd.lines`). The gradient of a window,

    grad[n, k] = sum over f of grad_output[n, f] weight[f, k]

adds up filters as they lie, some of them at a time.
"""

import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.direct.plan import LARGEST_BUFFER
from convoracle.fast.jit import kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.lines import LINES, add_lines, multiply_lines
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair, Shape

Window = tuple[Axis, Axis]
"""What the only output reads, down and across."""

TASK_FILTERS = 8
"""Filters of a task, as many as are multiplied at a time."""

TASK_NUMBERS = 1 << 10
"""Numbers of a filter that are added up at a time: those of some images' gradients stay in the nearest cache."""


def bind_single_outputs(
    x_shape: Shape, weight_shape: Shape, window: Window, groups: int, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return a function (x, weight, base) that convolves; every output starts from the `base` of its filter."""
    images, filters = x_shape[0], weight_shape[0]
    (taps_h, rows), (taps_w, columns) = (_inside(axis) for axis in window)
    at_once = _images_at_once(images, x_shape[1], weight_shape, window)
    tasks = groups * -(-(filters // groups) // TASK_FILTERS)

    def convolve(x: np.ndarray, weight: np.ndarray, base: np.ndarray) -> np.ndarray:
        out = np.empty((images, filters, 1, 1), dtype)
        for first in range(0, images, at_once):
            windows = some = x[first : first + at_once]
            if not _are_whole(window):
                windows = np.zeros((*some.shape[:2], *weight_shape[2:]), dtype)
                windows[:, :, taps_h, taps_w] = some[:, :, rows, columns]
            threads = min(thread_count(len(some) * weight.size), tasks)
            arrays = windows, weight, base, out[first : first + at_once]
            run_pieces(_multiply, threads, new_counter(), groups, *arrays)
        return out

    return convolve


def bind_single_input_grads(
    input_shape: Shape, weight_shape: Shape, window: Window, groups: int, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function of grad_output and weight that returns the input gradient: that of windows, put in place."""
    images, channels = input_shape[:2]
    (taps_h, rows), (taps_w, columns) = (_inside(axis) for axis in window)
    at_once = _images_at_once(images, channels, weight_shape, window)
    tasks = groups * -(-math.prod(weight_shape[1:]) // TASK_NUMBERS)

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad: np.ndarray = np.zeros(input_shape, dtype)
        for first in range(0, images, at_once):
            of_windows = some = grad[first : first + at_once]
            if not _are_whole(window):
                of_windows = np.zeros((*some.shape[:2], *weight_shape[2:]), dtype)
            threads = min(thread_count(len(some) * weight.size), tasks)
            arrays = grad_output[first : first + at_once], weight, of_windows
            run_pieces(_gather, threads, new_counter(), groups, *arrays)
            if not _are_whole(window):
                some[:, :, rows, columns] = of_windows[:, :, taps_h, taps_w]
        return grad

    return gather


def are_single(output_size: Pair, channels: int, kernel_size: Pair) -> bool:
    """Tell whether results have one position, and the window of an image may be copied."""
    return tuple(output_size) == (1, 1) and channels * math.prod(kernel_size) <= LARGEST_BUFFER


def _images_at_once(images: int, channels: int, weight_shape: Shape, window: Window) -> int:
    """Return how many windows are laid ready at a time: all, if they are the images."""
    if _are_whole(window):
        return max(images, 1)
    return max(LARGEST_BUFFER // (channels * math.prod(weight_shape[2:])), 1)


def _are_whole(window: Window) -> bool:
    """Tell whether the window is all of an image, and nothing else."""
    return all(axis.offsets == tuple(range(axis.size)) for axis in window)


def _inside(axis: Axis) -> tuple[slice, slice]:
    """Return which taps of the only output read the source, and what they read."""
    taps = [tap for tap, offset in enumerate(axis.offsets) if 0 <= offset < axis.size]
    if not taps:
        return slice(0, 0), slice(0, 0)
    step = axis.offsets[1] - axis.offsets[0] if len(axis.offsets) > 1 else 1
    return slice(taps[0], taps[-1] + 1), slice(axis.offsets[taps[0]], axis.offsets[taps[-1]] + 1, step)


@kernel
def _multiply(_piece, _pieces, counter, groups, windows, weight, base, out):  # type: ignore[no-untyped-def]
    """Do tasks until there are no more: each is some filters of a group, for all images."""
    keep_small()
    images, filters, terms = len(windows), len(weight) // groups, weight.size // len(weight)
    windows, weight, out = windows.reshape(-1), weight.reshape(-1), out.reshape(-1)
    blocks, all_filters = -(-filters // TASK_FILTERS), groups * filters
    task = take_task(counter)
    while task < groups * blocks:
        group, block = divmod(task, blocks)
        first = group * filters + block * TASK_FILTERS
        wanted = min(filters - block * TASK_FILTERS, TASK_FILTERS)
        n = 0
        while n < images:
            window, place = (n * groups + group) * terms, n * all_filters + first
            if images - n >= LINES:
                for f in range(0, wanted, LINES):
                    multiply_lines(
                        LINES, LINES, terms, wanted - f, weight, (first + f) * terms, terms,
                        windows, window, groups * terms, out, place + f, all_filters, base, first + f,
                    )  # fmt: skip
                n += LINES
            else:
                multiply_lines(
                    TASK_FILTERS, 1, terms, wanted, weight, first * terms, terms, windows, window, 0,
                    out, place, all_filters, base, first,
                )  # fmt: skip
                n += 1
        task = take_task(counter)


@kernel
def _gather(_piece, _pieces, counter, groups, grad_output, weight, grad):  # type: ignore[no-untyped-def]
    """Do tasks until there are no more: each is some numbers of a group's filters, for all images."""
    keep_small()
    images, filters, numbers = len(grad), len(weight) // groups, weight.size // len(weight)
    grad_output, weight, grad = grad_output.reshape(-1), weight.reshape(-1), grad.reshape(-1)
    all_filters, of_image, parts = groups * filters, groups * numbers, -(-numbers // TASK_NUMBERS)
    task = take_task(counter)
    while task < groups * parts:
        group, part = divmod(task, parts)
        number = part * TASK_NUMBERS
        count, f = min(numbers - number, TASK_NUMBERS), 0
        while f < filters:
            rows = LINES if filters - f >= LINES else 1
            row = (group * filters + f) * numbers + number
            for n in range(images):
                factor, place = n * all_filters + group * filters + f, n * of_image + group * numbers + number
                if rows == LINES and n % LINES == 0 and images - n >= LINES:
                    add_lines(
                        LINES, LINES, 1, count, weight, row, numbers, grad_output, factor, all_filters,
                        grad, place, of_image,
                    )  # fmt: skip
                elif rows == LINES and n >= images // LINES * LINES:
                    add_lines(LINES, 1, 1, count, weight, row, numbers, grad_output, factor, 0, grad, place, 0)
                elif rows == 1:
                    add_lines(1, 1, 1, count, weight, row, numbers, grad_output, factor, 0, grad, place, 0)
            f += rows
        task = take_task(counter)
