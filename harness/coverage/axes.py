"""What an axis of a convolution, a pool or a transposed convolution may be: every combination of its numbers.

The ranges are those of what is drawn: kernels to 7 (pools to 5), strides to 3 (pools to 4), dilations to 3, padding to
4 on a side or up to 3 more than the kernel's extent, results to 32 columns and 6 rows.
"""

import functools

import numpy as np

from convoracle.harness.coverage.block import Block, Feature, binned, grid

FORMS = ("explicit", "valid", "same", "same_lower")
"""How padding is given; shared by all axes of a case."""

NARROW, WIDE = 6, 32
"""The most results along an axis of rows or planes, and along the last axis, of columns."""

_TAILS = tuple(
    "0 mod 16" if t == 0 else "8 mod 16" if t == 8 else "4 mod 8" if t % 4 == 0 else "other" for t in range(16)
)


def tail(name: str, is_last: bool) -> Feature:
    """Return the feature of what is left over by blocks: modulo 16 along the last axis, modulo 4 along the others."""
    if is_last:
        return Feature(name, tuple(f"{t} mod 16" for t in range(16)), _TAILS)
    return Feature(name, tuple(f"{t} mod 4" for t in range(4)), ("0 mod 4", "other", "other", "other"))


def eighths(name: str) -> Feature:
    """Return the feature of what is left over by blocks of eight."""
    classes = tuple("0 mod 8" if t == 0 else "4 mod 8" if t == 4 else "other" for t in range(8))
    return Feature(name, tuple(f"{t} mod 8" for t in range(8)), classes)


def size(name: str) -> Feature:
    """Return the feature of how much there is along an axis: 1, up to 8, more than 8 (3 for rows)."""
    return Feature(name, ("one", "few", "many"))


def _size_and_tail(sizes: np.ndarray, is_last: bool) -> list[np.ndarray]:
    """Return the levels of a size and of its tail."""
    return [binned(sizes, [2, 9] if is_last else [2, 4]), sizes % (16 if is_last else 4)]


KERNELS = ("1", "even", "odd", "large")


def _kernel_level(k: np.ndarray) -> np.ndarray:
    """Return the level of a kernel size: 5 and more is large, whatever its parity."""
    return np.select([k == 1, k >= 5, k % 2 == 0], [0, 3, 1], 2)


FITS = ("inside", "equal", "beyond", "input of 1")


def _fit_level(n: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Return how the kernel's extent compares with the input without its padding."""
    return np.select([n == 1, span < n, span == n], [3, 0, 1], 2)


def same_sides(n: np.ndarray, span: np.ndarray, s: np.ndarray, is_lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the padding before and after that gives ``ceil(n / s)`` results, the odd one after or before."""
    total = np.maximum((-(-n // s) - 1) * s + span - n, 0)
    small, large = total // 2, total - total // 2
    return np.where(is_lower, large, small), np.where(is_lower, small, large)


@functools.cache
def convolution_axis(letter: str, is_last: bool) -> Block:
    """Return the block of one axis: kernel, stride, dilation, padding before and after, size, form of the padding."""
    fields = (*(f"{name}_{letter}" for name in ("k", "s", "d", "before", "after", "n")), "form")
    features = (
        Feature(f"kernel_{letter}", KERNELS),
        Feature(f"stride_{letter}", ("1", "2", "3")),
        Feature(f"dilation_{letter}", ("1", "2", "3")),
        Feature(f"padding_{letter}", ("none", "symmetric", "asymmetric", "beyond the kernel")),
        Feature(f"fit_{letter}", FITS),
        Feature(f"rest_{letter}", ("none", "some")),
        size(f"size_{letter}"),
        tail(f"tail_{letter}", is_last),
        Feature("padding form", FORMS),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        k, s, d, before, after, n, form = rows.T
        span = d * (k - 1) + 1
        steps = n + before + after - span
        padding = np.select([np.maximum(before, after) > span, before != after, before > 0], [3, 2, 1], 0)
        return np.stack(
            [
                _kernel_level(k),
                np.minimum(s, 3) - 1,
                np.minimum(d, 3) - 1,
                padding,
                _fit_level(n, span),
                (steps % s > 0).astype(int),
                *_size_and_tail(steps // s + 1, is_last),
                form,
            ],
            -1,
        )

    return Block(f"axis_{letter}", fields, features, classify, _convolution_options(WIDE if is_last else NARROW))


def _convolution_options(most: int) -> np.ndarray:
    """Return every axis of a convolution with at most so many results."""
    k, s, d, before, after, out, rest = grid(
        range(1, 8), range(1, 4), range(1, 4), range(8), range(8), range(1, most + 1), range(3)
    ).T
    span = d * (k - 1) + 1
    # Sides 5 to 7 stand for 1 to 3 more than the kernel's extent; smaller ones are at most that extent.
    before, after = (np.where(side < 5, side, span + side - 4) for side in (before, after))
    n = (out - 1) * s + span + rest - before - after
    kept = (rest < s) & (n >= 1)
    for side in (before, after):
        kept &= (side <= span) | (side > span) & (side <= span + 3) & (side > 0)
    explicit = np.stack([k, s, d, before, after, n, np.zeros_like(k)], -1)[kept]
    k, s, d, out, rest, form = grid(range(1, 8), range(1, 4), range(1, 4), range(1, most + 1), range(3), range(2, 4)).T
    n = out * s - rest
    before, after = same_sides(n, d * (k - 1) + 1, s, form == 3)
    by_rule = np.stack([k, s, d, before, after, n, form], -1)[(rest < s) & (n >= 1)]
    without = explicit[(explicit[:, 3] == 0) & (explicit[:, 4] == 0)]
    valid = np.column_stack([without[:, :-1], np.ones(len(without), int)])
    return np.concatenate([explicit, valid, by_rule])


@functools.cache
def transposed_axis(letter: str, is_last: bool) -> Block:
    """Return the block of one axis: kernel, stride, dilation, padding, output padding, size of x."""
    fields = tuple(f"{name}_{letter}" for name in ("k", "s", "d", "p", "extra", "n"))
    features = (
        Feature(f"kernel_{letter}", KERNELS),
        Feature(f"stride_{letter}", ("1", "2", "3")),
        Feature(f"dilation_{letter}", ("1", "2", "3")),
        Feature(f"padding_{letter}", ("none", "some", "the kernel or more")),
        Feature(f"output padding_{letter}", ("none", "some")),
        size(f"size_{letter}"),
        tail(f"tail_{letter}", is_last),
        Feature(f"result tail_{letter}", tuple(f"{t} mod 8" for t in range(8)), ("0 mod 4", *["other"] * 3) * 2),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        k, s, d, p, extra, n = rows.T
        span = d * (k - 1) + 1
        result = (n - 1) * s - 2 * p + span + extra
        padding = np.select([p == 0, p < span], [0, 1], 2)
        return np.stack(
            [
                _kernel_level(k),
                np.minimum(s, 3) - 1,
                np.minimum(d, 3) - 1,
                padding,
                (extra > 0).astype(int),
                *_size_and_tail(n, is_last),
                result % 8,
            ],
            -1,
        )

    most = WIDE if is_last else NARROW
    k, s, d, p, extra, n = grid(range(1, 8), range(1, 4), range(1, 4), range(5), range(3), range(1, most + 1)).T
    result = (n - 1) * s - 2 * p + d * (k - 1) + 1 + extra
    kept = (extra < np.maximum(s, d)) & (result >= 1)
    return Block(f"axis_{letter}", fields, features, classify, np.stack([k, s, d, p, extra, n], -1)[kept])


@functools.cache
def pool_axis(letter: str, is_last: bool, is_dilated: bool) -> Block:
    """Return the block of one axis: kernel, stride, dilation, padding, size, and two options that all axes share."""
    fields = (*(f"{name}_{letter}" for name in ("k", "s", "d", "p", "n")), "ceil", "strided")
    features = (
        Feature(f"kernel_{letter}", KERNELS),
        Feature(f"stride_{letter}", ("1", "2", "3", "4 or more")),
        *([Feature(f"dilation_{letter}", ("1", "2", "3"))] if is_dilated else []),
        Feature(f"padding_{letter}", ("none", "some")),
        Feature(f"fit_{letter}", FITS),
        Feature(f"rest_{letter}", ("none", "dropped", "one more window", "window only in the padding")),
        size(f"size_{letter}"),
        tail(f"tail_{letter}", is_last),
        Feature("ceil_mode", ("no", "yes")),
        Feature("stride given", ("no", "yes")),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        k, s, d, p, n, ceil, strided = rows.T
        span = d * (k - 1) + 1
        steps = n + 2 * p - span
        out = pool_windows(n, k, s, d, p, ceil)
        rest = np.select([steps % s == 0, ceil == 0, out > steps // s + 1], [0, 1, 2], 3)
        dilation = [np.minimum(d, 3) - 1] if is_dilated else []
        return np.stack(
            [
                _kernel_level(k),
                np.minimum(s, 4) - 1,
                *dilation,
                (p > 0).astype(int),
                _fit_level(n, span),
                rest,
                *_size_and_tail(out, is_last),
                ceil,
                strided,
            ],
            -1,
        )

    most = WIDE if is_last else NARROW
    k, s, d, p, out, rest, ceil, strided = grid(
        range(1, 6),
        range(1, 6),
        range(1, 4 if is_dilated else 2),
        range(3),
        range(1, most + 1),
        range(5),
        (0, 1),
        (0, 1),
    ).T
    n = (out - 1) * s + d * (k - 1) + 1 + rest - 2 * p
    kept = (rest < s) & (n >= 1) & (p <= k // 2) & np.where(strided == 1, s <= 4, s == k)
    k, s, d, p, n, ceil, strided = (column[kept] for column in (k, s, d, p, n, ceil, strided))
    windows = pool_windows(n, k, s, d, p, ceil)
    kept = (windows <= most) & every_window_reaches(n, k, s, d, p, windows)
    return Block(f"axis_{letter}", fields, features, classify, np.stack([k, s, d, p, n, ceil, strided], -1)[kept])


def pool_windows(
    n: np.ndarray, k: np.ndarray, s: np.ndarray, d: np.ndarray, p: np.ndarray, ceil: np.ndarray
) -> np.ndarray:
    """Return the number of windows along an axis; under ceil_mode none starts in the padding after the input."""
    steps = n + 2 * p - d * (k - 1) - 1
    up = -(-steps // s) + 1
    up = up - ((up - 1) * s >= n + p)
    return np.where(ceil == 1, up, steps // s + 1)


def every_window_reaches(
    n: np.ndarray, k: np.ndarray, s: np.ndarray, d: np.ndarray, p: np.ndarray, windows: np.ndarray
) -> np.ndarray:
    """Return whether every window has a tap inside the input."""
    reaches = np.ones(n.shape, bool)
    for window in range(int(windows.max())):
        inside = np.zeros(n.shape, bool)
        for tap in range(int(k.max())):
            at = window * s - p + tap * d
            inside |= (tap < k) & (at >= 0) & (at < n)
        reaches &= inside | (window >= windows)
    return reaches
