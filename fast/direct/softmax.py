"""The softmax, its logarithm, the cross-entropy and the sigmoid, by vectors of exponentials.

Along the last axis, the numbers of a softmax lie together and fill vectors; along another one, neighbours in memory are
numbers of different softmaxes, and each of these has a lane. Either way the largest number is found first, and its
exponentials, which cannot overflow then, are added up (`convoracle.fast.simd.softmax_lines`).
"""

import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.simd.exponential import write_sigmoids
from convoracle.fast.simd.softmax_lines import finish_softmax, write_exponentials
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move

MOVED = 4
"""Numbers that could be read and written while an exponential is computed."""

Call = Callable[[np.ndarray], np.ndarray]


def bind_softmax(x: np.ndarray, *, axis: int) -> Call:
    """Return the softmax of arrays of this shape."""
    return _bind(x, axis, False)


def bind_log_softmax(x: np.ndarray, *, axis: int) -> Call:
    """Return the logarithm of the softmax of arrays of this shape."""
    return _bind(x, axis, True)


def bind_sigmoid(x: np.ndarray) -> Call:
    """Return the sigmoid of arrays of this shape: through the exponential of a number that is not positive."""
    shape, dtype, lanes = x.shape, x.dtype, lanes_of(x.dtype)
    size, vectors = x.size, -(-x.size // lanes)

    def compute(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        run_pieces(
            _fill_sigmoids, max(min(threads_to_move(MOVED * size), vectors), 1), x.reshape(-1), lanes, out.reshape(-1)
        )
        return out

    return compute


def bind_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the cross-entropy of arrays of these shapes, as an array of one."""
    (examples, classes), dtype, lanes = logits.shape, logits.dtype, lanes_of(logits.dtype)

    def compute(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
        losses, loss = np.empty(examples, dtype), np.empty(1, dtype)
        pieces = min(threads_to_move(MOVED * logits.size), examples)
        run_pieces(_fill_losses, pieces, logits.reshape(-1), targets, classes, lanes, losses)
        _add_losses(losses, loss)
        return loss

    return compute


softmax = kernel_from(bind_softmax, arrays=1)
log_softmax = kernel_from(bind_log_softmax, arrays=1)
sigmoid = kernel_from(bind_sigmoid, arrays=1)
cross_entropy = kernel_from(bind_cross_entropy, arrays=2)


def _bind(x: np.ndarray, axis: int, is_log: bool) -> Call:
    shape, dtype, size, lanes = x.shape, x.dtype, x.shape[axis], lanes_of(x.dtype)
    outer, inner = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    tasks = outer * -(-inner // lanes)
    sizes = size, inner, lanes, tasks

    def compute(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        pieces = max(min(threads_to_move(MOVED * x.size), tasks), 1)
        run_pieces(_fill, pieces, is_log, sizes, x.reshape(-1), out.reshape(-1))
        return out

    return compute


@kernel
def _fill(piece, pieces, is_log, sizes, x, out):  # type: ignore[no-untyped-def]
    """Do a piece of the tasks: a row each, or a vector of neighbours."""
    size, inner, lanes, tasks = sizes
    found = np.empty(2 * lanes, x.dtype)
    vectors = -(-inner // lanes)
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        row, vector = divmod(task, vectors)
        start, count = row * size * inner + vector * lanes, min(inner - vector * lanes, lanes)
        if inner == 1:
            write_exponentials(1, x, start, 1, size, 1, out, found)
        else:
            write_exponentials(0, x, start, inner, size, count, out, found)
        if is_log:
            for lane in range(lanes, 2 * lanes):
                found[lane] = math.log(found[lane])
        if inner == 1 and is_log:
            finish_softmax(1, 1, x, start, 1, size, 1, out, found)
        elif inner == 1:
            finish_softmax(1, 0, x, start, 1, size, 1, out, found)
        elif is_log:
            finish_softmax(0, 1, x, start, inner, size, count, out, found)
        else:
            finish_softmax(0, 0, x, start, inner, size, count, out, found)


@kernel
def _fill_sigmoids(piece, pieces, x, lanes, out):  # type: ignore[no-untyped-def]
    """Fill a piece of `out`."""
    vectors = -(-x.size // lanes)
    for start in range(vectors * piece // pieces * lanes, vectors * (piece + 1) // pieces * lanes, lanes):
        write_sigmoids(x, start, x.size - start, out)


@kernel
def _fill_losses(piece, pieces, logits, targets, classes, lanes, losses):  # type: ignore[no-untyped-def]
    """Fill a piece of the losses of all examples."""
    found, powers = np.empty(2 * lanes, logits.dtype), np.empty(classes, logits.dtype)
    for n in range(losses.size * piece // pieces, losses.size * (piece + 1) // pieces):
        row = logits[n * classes : (n + 1) * classes]
        write_exponentials(1, row, 0, 1, classes, 1, powers, found)
        losses[n] = math.log(found[lanes]) - (row[targets[n]] - found[0])


@kernel
def _add_losses(losses, loss):  # type: ignore[no-untyped-def]
    """Write the mean, added up in the order of the batch."""
    total = loss.dtype.type(0)
    for value in losses:
        total += value
    loss[0] = total / loss.dtype.type(losses.size)
