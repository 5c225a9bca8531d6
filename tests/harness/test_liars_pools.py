"""Wrong pools and gradients of pools: each is caught, as what it is, with a small case that fails again."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]

right_max: Callable[..., Any] = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))
right_mean: Callable[..., Any] = functools.partial(reference.avg_pool2d, loops=compiled(reference.avg_pool2d_loops))
right_mean_grad: Callable[..., Any] = functools.partial(
    reference.avg_pool2d_backward, loops=compiled(reference.avg_pool2d_backward_loops)
)


def both(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def last_of_a_tie(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    """Of equal values in the same row of a window, the last."""
    values, indices = right_max(x, kernel, return_indices=True, **options)
    width = x.shape[3]
    for n, c, i, j in np.ndindex(values.shape):
        place = indices[n, c, i, j]
        step = both(options["dilation"])[1]
        start = j * both(kernel if options["stride"] is None else options["stride"])[1] - both(options["padding"])[1]
        row, column = divmod(int(place), width)
        while column + step < min(width, start + step * (both(kernel)[1] - 1) + 1):
            column += step
            if x[n, c, row, column] == values[n, c, i, j]:
                indices[n, c, i, j] = row * width + column
    return (values, indices) if return_indices else values


def padded_with(number: float, x: Any, kernel: Any, *, padding: Any, return_indices: bool, **options: Any) -> Any:
    """Padding takes part in the maximum; indices are the right ones."""
    ph, pw = both(padding)
    values, indices = right_max(x, kernel, padding=padding, return_indices=True, **options)
    around = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=number)
    whole = right_max(around, kernel, padding=0, **options)[:, :, : values.shape[2], : values.shape[3]]
    if whole.shape == values.shape and any((ph, pw)):
        values = whole
    return (values, indices) if return_indices else values


def indices_in_the_padded_plane(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    if not return_indices:
        return right_max(x, kernel, **options)
    values, indices = right_max(x, kernel, return_indices=True, **options)
    (ph, pw), width = both(options["padding"]), x.shape[3]
    return values, (indices // width + ph) * (width + 2 * pw) + indices % width + pw


def indices_in_the_window(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    if not return_indices:
        return right_max(x, kernel, **options)
    values, indices = right_max(x, kernel, return_indices=True, **options)
    sh, sw = both(kernel if options["stride"] is None else options["stride"])
    (ph, pw), width = both(options["padding"]), x.shape[3]
    rows = np.arange(values.shape[2])[:, None] * sh - ph
    columns = np.arange(values.shape[3]) * sw - pw
    return values, (indices // width - rows) * both(kernel)[1] + (indices % width - columns)


def indices_through_the_batch(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    if not return_indices:
        return right_max(x, kernel, **options)
    values, indices = right_max(x, kernel, return_indices=True, **options)
    planes = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], 1, 1)
    return values, indices + planes * x[0, 0].size


def indices_as_int32(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    result = right_max(x, kernel, return_indices=return_indices, **options)
    return (result[0], result[1].astype(np.int32)) if return_indices else result


def indices_missing(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    return right_max(x, kernel, **options)


def indices_first(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    result = right_max(x, kernel, return_indices=return_indices, **options)
    return result[::-1] if return_indices else result


def ceil_mode_dropped(x: Any, kernel: Any, *, ceil_mode: bool, **options: Any) -> Any:
    return right_max(x, kernel, **options)


def windows_may_start_in_the_padding(x: Any, kernel: Any, *, ceil_mode: bool, **options: Any) -> Any:
    """The rule of PyTorch that drops such a window, dropped."""
    result = right_max(x, kernel, ceil_mode=ceil_mode, **options)
    values = result[0] if options["return_indices"] else result
    span = both(options["dilation"])[0] * (both(kernel)[0] - 1) + 1
    step = both(kernel if options["stride"] is None else options["stride"])[0]
    rows = -(-(x.shape[2] + 2 * both(options["padding"])[0] - span) // step) + 1 if ceil_mode else values.shape[2]
    if rows == values.shape[2]:
        return result
    longer = np.concatenate([values, values[:, :, -1:]], axis=2)
    return (longer, np.zeros(longer.shape, np.int64)) if options["return_indices"] else longer


def stride_of_one_by_default(x: Any, kernel: Any, *, stride: Any, **options: Any) -> Any:
    return right_max(x, kernel, 1 if stride is None else stride, **options)


def kernel_transposed(x: Any, kernel: Any, **options: Any) -> Any:
    return right_max(x, both(kernel)[::-1], **options)


def dilation_ignored(x: Any, kernel: Any, *, dilation: Any, **options: Any) -> Any:
    return right_max(x, kernel, **options)


MAX = [
    (last_of_a_tie, ("values",)),
    (functools.partial(padded_with, 0.0), ("values",)),
    (indices_in_the_padded_plane, ("values",)),
    (indices_in_the_window, ("values",)),
    (indices_through_the_batch, ("values",)),
    (indices_as_int32, ("dtype",)),
    (indices_missing, ("shape",)),
    (indices_first, ("dtype",)),
    (ceil_mode_dropped, ("shape",)),
    (windows_may_start_in_the_padding, ("shape",)),
    (stride_of_one_by_default, ("shape",)),
    (kernel_transposed, ("shape", "values", "raised")),
    (dilation_ignored, ("shape",)),
]


@pytest.mark.parametrize(("liar", "kinds"), MAX)
def test_wrong_max_pools(caught: Caught, liar: Callable[..., Any], kinds: tuple[str, ...]) -> None:
    caught("max_pool2d", liar, *kinds)


def test_a_maximum_that_starts_from_zero_of_an_integer_type(caught: Caught) -> None:
    failure = caught("max_pool2d", functools.partial(padded_with, 0), "values", dtypes=("int8", "int64"))
    assert "padding=0 " not in failure.case


def assigned(grad: Any, indices: Any, shape: Any) -> Any:
    """`=` for `+=`."""
    result = np.zeros((shape[0] * shape[1], shape[2] * shape[3]), grad.dtype)
    for plane, places, values in zip(
        result, indices.reshape(len(result), -1), grad.reshape(len(result), -1), strict=True
    ):
        plane[places] = values
    return result.reshape(shape)


def added_in_one_plane(grad: Any, indices: Any, shape: Any) -> Any:
    result = np.zeros(shape, grad.dtype)
    for n, c in np.ndindex(shape[:2]):
        np.add.at(result[n, 0].reshape(-1), indices[n, c].ravel(), grad[n, c].ravel())
    return result


def transposed_plane(grad: Any, indices: Any, shape: Any) -> Any:
    result = np.zeros(shape, grad.dtype)
    for n, c, i, j in np.ndindex(grad.shape):
        row, column = divmod(int(indices[n, c, i, j]), shape[2])
        result[n, c, row % shape[2], column % shape[3]] += grad[n, c, i, j]
    return result


@pytest.mark.parametrize("liar", [assigned, added_in_one_plane, transposed_plane])
def test_wrong_gradients_of_max_pools(caught: Caught, liar: Callable[..., Any]) -> None:
    caught("max_pool2d_backward", liar, "values")


def mean_without(name: str, pool: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    """One option is not looked at."""
    return pool(*operands, **{**options, name: {"count_include_pad": True, "divisor_override": None}[name]})


def include_pad_inverted(pool: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    return pool(*operands, **{**options, "count_include_pad": not options["count_include_pad"]})


def never_include_pad(pool: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    return pool(*operands, **{**options, "count_include_pad": False})


def ceil_divides_by_the_whole_kernel(x: Any, kernel: Any, **options: Any) -> Any:
    """A window that sticks out beyond the padding is divided by the whole kernel."""
    if options["divisor_override"] is None and options["count_include_pad"]:
        return right_mean(x, kernel, **{**options, "divisor_override": int(np.prod(both(kernel)))})
    return right_mean(x, kernel, **options)


def override_on_top(x: Any, kernel: Any, **options: Any) -> Any:
    """The override divides the mean, not the sum."""
    result = right_mean(x, kernel, **{**options, "divisor_override": None})
    return result / x.dtype.type(options["divisor_override"] or 1)


def sum_not_mean(x: Any, kernel: Any, **options: Any) -> Any:
    return right_mean(x, kernel, **{**options, "divisor_override": 1})


def rounded_to_float16(x: Any, kernel: Any, **options: Any) -> Any:
    with np.errstate(over="ignore"):
        return right_mean(x.astype(np.float16).astype(x.dtype), kernel, **options)


def floor_division(x: Any, kernel: Any, **options: Any) -> Any:
    return np.floor(right_mean(x, kernel, **options))


IGNORED: list[Callable[..., Any]] = [
    functools.partial(mean_without, name) for name in ("count_include_pad", "divisor_override")
]


@pytest.mark.parametrize("accuracy", ["componentwise", "normwise"])
@pytest.mark.parametrize(
    "liar",
    [
        *[functools.partial(liar, right_mean) for liar in (*IGNORED, include_pad_inverted, never_include_pad)],
        ceil_divides_by_the_whole_kernel,
        override_on_top,
        sum_not_mean,
        rounded_to_float16,
        floor_division,
    ],
)
def test_wrong_means(caught: Caught, liar: Callable[..., Any], accuracy: str) -> None:
    caught("avg_pool2d", liar, "values", accuracy=accuracy)


def spread_without_overlap(grad: Any, shape: Any, kernel: Any, **options: Any) -> Any:
    """`=` for `+=`: each window's share replaces what was there."""
    result = np.zeros(shape, grad.dtype)
    for i, j in np.ndindex(grad.shape[2:]):
        one = np.zeros_like(grad)
        one[:, :, i, j] = grad[:, :, i, j]
        share = right_mean_grad(one, shape, kernel, **options)
        result = np.where(share != 0, share, result)
    return result


@pytest.mark.parametrize(
    "liar",
    [
        *[functools.partial(liar, right_mean_grad) for liar in (*IGNORED, include_pad_inverted, never_include_pad)],
        spread_without_overlap,
    ],
)
def test_wrong_gradients_of_means(caught: Caught, liar: Callable[..., Any]) -> None:
    caught("avg_pool2d_backward", liar, "values")
