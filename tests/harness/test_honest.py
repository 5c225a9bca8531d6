"""Honest candidates, written without the oracle or the backends, and the oracle itself: never a false alarm."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from convoracle import reference
from convoracle.harness import OPERATIONS, verify
from convoracle.harness.oracle import compiled

SEEDS = (0, 1)


def padded(x: np.ndarray, weight_shape: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> np.ndarray:
    """x with its padding, each form written out here: nothing of the oracle is used."""
    steps, dilations = both(stride), both(dilation)
    sides = []
    for axis in (0, 1):
        if padding in ("same", "same_lower"):
            size, step = x.shape[2 + axis], steps[axis]
            span = dilations[axis] * (weight_shape[2 + axis] - 1) + 1
            total = max((-(-size // step) - 1) * step + span - size, 0)
            small, large = total // 2, total - total // 2
            sides.append((small, large) if padding == "same" else (large, small))
        else:
            amount = 0 if padding == "valid" else padding if isinstance(padding, int) else padding[axis]
            sides.append(both(amount))
    return np.pad(x, ((0, 0), (0, 0), *sides))


def both(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def windows(x: np.ndarray, kernel: tuple[int, ...], stride: Any, dilation: Any) -> np.ndarray:
    """(N, C, H_out, W_out, kH, kW)."""
    (sh, sw), (dh, dw) = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    spans = [d * (k - 1) + 1 for d, k in zip((dh, dw), kernel, strict=True)]
    return sliding_window_view(x, spans, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]


def einsum_conv2d(
    x: Any, weight: Any, bias: Any = None, *, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    seen = windows(padded(x, weight.shape, stride, padding, dilation), weight.shape[2:], stride, dilation)
    if x.dtype.kind == "i":
        seen, weight = seen.astype(np.int64), weight.astype(np.int64)
    elif x.dtype == np.float16:
        seen, weight = seen.astype(np.float32), weight.astype(np.float32)
    per_group = np.split(seen, groups, axis=1), np.split(weight, groups, axis=0)
    parts = [np.einsum("nchwij,fcij->nfhw", *pair) for pair in zip(*per_group, strict=True)]
    result = np.concatenate(parts, axis=1)
    if bias is not None:
        result = result + bias[:, None, None].astype(result.dtype)
    return result.astype(np.int64 if x.dtype.kind == "i" else x.dtype)


def shifted_conv2d(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any) -> Any:
    """Adds one shifted, scaled picture for each tap; has neither dilation nor groups."""
    x = padded(x, weight.shape, stride, padding, 1)
    sh, sw = np.broadcast_to(stride, 2)
    h, w = ((size - k) // s + 1 for size, k, s in zip(x.shape[2:], weight.shape[2:], (sh, sw), strict=True))
    result = np.zeros((len(x), len(weight), h, w), x.dtype)
    for i in reversed(range(weight.shape[2])):
        for j in range(weight.shape[3]):
            seen = x[:, :, i : i + (h - 1) * sh + 1 : sh, j : j + (w - 1) * sw + 1 : sw]
            for c in range(x.shape[1]):
                result += seen[:, c : c + 1] * weight[:, c, i, j][:, None, None]
    return result if bias is None else result + bias[:, None, None]


def python_conv2d(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, **ones: Any) -> Any:
    """Lists and floats of Python, which are float64."""
    x = padded(x, weight.shape, stride, padding, 1)
    seen = windows(x, weight.shape[2:], stride, 1)
    n, _, h, w = seen.shape[:4]
    result = np.empty((n, len(weight), h, w))
    for t, f, i, j in np.ndindex(result.shape):
        products = [a * b for a, b in zip(seen[t, :, i, j].ravel().tolist(), weight[f].ravel().tolist(), strict=True)]
        result[t, f, i, j] = sum(products) + (0.0 if bias is None else float(bias[f]))
    return result.astype(x.dtype)


def fft_conv2d(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    x = padded(x, weight.shape, stride, padding, dilation)
    (sh, sw), (dh, dw) = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    kh, kw = weight.shape[2:]
    spread = np.zeros((*weight.shape[:2], dh * (kh - 1) + 1, dw * (kw - 1) + 1), weight.dtype)
    spread[:, :, ::dh, ::dw] = weight
    shape = x.shape[2:]
    spectrum, kernels = scipy.fft.rfft2(x), np.conj(scipy.fft.rfft2(spread, shape))
    products = [
        np.einsum("nchw,fchw->nfhw", *pair)
        for pair in zip(np.split(spectrum, groups, axis=1), np.split(kernels, groups, axis=0), strict=True)
    ]
    whole = scipy.fft.irfft2(np.concatenate(products, axis=1), shape)
    h, w = (size - span + 1 for size, span in zip(shape, spread.shape[2:], strict=True))
    result = whole[:, :, :h:sh, :w:sw]
    return np.ascontiguousarray(result if bias is None else result + bias[:, None, None]).astype(x.dtype)


WINOGRAD = {
    2: (
        [[1, 1, 1, 0], [0, 1, -1, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    ),
    4: (
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
    ),
}


def winograd_conv2d(m: int, x: Any, weight: Any, bias: Any, *, padding: Any) -> Any:
    inverse, of_filter, of_data = (np.array(matrix, x.dtype) for matrix in WINOGRAD[m])
    x = padded(x, weight.shape, (1, 1), padding, (1, 1))
    h, w = (size - 2 for size in x.shape[2:])
    x = np.pad(x, ((0, 0), (0, 0), (0, -h % m), (0, -w % m)))
    tiles = of_data @ sliding_window_view(x, (m + 2, m + 2), axis=(2, 3))[:, :, ::m, ::m] @ of_data.T
    kernels = of_filter @ weight @ of_filter.T
    made = inverse @ np.einsum("ncyxij,fcij->nfyxij", tiles, kernels) @ inverse.T
    n, f, rows, columns = made.shape[:4]
    result = made.transpose(0, 1, 2, 4, 3, 5).reshape(n, f, rows * m, columns * m)[:, :, :h, :w]
    return result + (0 if bias is None else bias[:, None, None])


def numpy_max_pool2d(x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, return_indices: bool) -> Any:
    kernel, (ph, pw) = tuple(np.broadcast_to(kernel_size, 2)), np.broadcast_to(padding, 2)
    sides = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    step = kernel if stride is None else stride
    seen = windows(np.pad(x, sides, constant_values=lowest), kernel, step, dilation)
    places = np.pad(np.arange(x[0, 0].size).reshape(1, 1, *x.shape[2:]), sides, constant_values=-1)
    places = np.broadcast_to(windows(places, kernel, step, dilation), seen.shape)
    flat = seen.reshape(*seen.shape[:4], -1)
    above = np.where(flat == -np.inf, np.finfo(np.float64).min, flat)  # what is inside beats the padding, even -inf
    first = np.where(places.reshape(flat.shape) < 0, -np.inf, above).argmax(-1)[..., None]
    values = np.take_along_axis(flat, first, -1)[..., 0].astype(x.dtype if x.dtype.kind == "f" else np.int64)
    return (values, np.take_along_axis(places.reshape(flat.shape), first, -1)[..., 0]) if return_indices else values


def numpy_avg_pool2d(x: Any, kernel_size: Any, *, stride: Any, padding: Any, divisor_override: Any) -> Any:
    kernel, (ph, pw) = tuple(np.broadcast_to(kernel_size, 2)), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    total = windows(x, kernel, kernel if stride is None else stride, 1).sum(axis=(4, 5), dtype=x.dtype)
    return total * x.dtype.type(1.0 / (divisor_override or kernel[0] * kernel[1]))


POOL_LIMITS = {"ceil_mode": {False}, "count_include_pad": {True}}

THREE_BY_THREE = {"kernel_size": {3}, "stride": {1}, "dilation": {1}, "groups": {1}}

PLAIN = {"dilation": {1}, "groups": {1}}

HONEST: list[tuple[str, Callable[..., Any], dict[str, Any]]] = [
    ("conv2d", einsum_conv2d, {"dtypes": ("float16", "float32", "float64", "int8", "int16", "int32", "int64")}),
    ("conv2d", shifted_conv2d, {"limits": PLAIN}),
    ("conv2d", python_conv2d, {"limits": {**PLAIN, "kernel_size": {1, 2}}, "examples": 25}),
    ("conv2d", fft_conv2d, {"accuracy": "normwise"}),
    ("conv2d", functools.partial(winograd_conv2d, 2), {"accuracy": "normwise", "limits": THREE_BY_THREE}),
    ("conv2d", functools.partial(winograd_conv2d, 4), {"accuracy": "normwise", "limits": THREE_BY_THREE}),
    ("max_pool2d", numpy_max_pool2d, {"limits": {"ceil_mode": {False}}, "dtypes": ("float32", "float64", "int8")}),
    ("avg_pool2d", numpy_avg_pool2d, {"limits": POOL_LIMITS, "dtypes": ("float32", "float64")}),
]

NAMES = ["einsum", "shifted", "python", "fft", "F(2,3)", "F(4,3)", "max", "mean"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("operation", "candidate", "options"), HONEST, ids=NAMES)
def test_an_honest_candidate_passes(
    operation: str, candidate: Callable[..., Any], options: dict[str, Any], seed: int
) -> None:
    report = verify(operation, candidate, **{"examples": 60, "seed": seed, **options})
    assert report.passed, str(report)
    assert report.cases == report.examples == options.get("examples", 60)
    assert report.ratio is not None
    assert 0.0 <= report.ratio <= 1.0
    assert report.ratio > 0.0 or operation == "max_pool2d"
    assert report.grade == "A" or options.get("accuracy") == "normwise"


def loopback(name: str) -> Callable[..., Any]:
    """The oracle itself, in the candidate's dtype."""
    if not name.startswith(("conv2d", "max", "avg")):
        function = getattr(reference, name)
        loops = inspect.signature(function).parameters.get("loops")
        return function if loops is None else functools.partial(function, loops=compiled(loops.default))
    if name == "conv2d_backward":
        return reference.conv2d_backward
    of_name = "conv2d_input_grad_scatter_loops" if name == "conv2d_input_grad" else f"{name}_loops"
    return functools.partial(getattr(reference, name), loops=compiled(getattr(reference, of_name)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_oracle_itself_passes(name: str) -> None:
    # Interpreted loops are slow, and so is compiling those of an operation that no other test here runs.
    examples = 40 if name.startswith(("conv2d", "max", "avg")) and name != "conv2d_backward" else 12
    report = verify(name, loopback(name), examples=examples)
    assert report.passed, str(report)
    assert report.grade == "A"
    assert not report.unproved


def test_transforms_are_caught_where_they_promise_too_much() -> None:
    report = verify("conv2d", fft_conv2d)
    assert [failure.kind for failure in report.failures] == ["values"]
    report = verify("conv2d", fft_conv2d, accuracy="normwise", examples=60)
    assert report.grade == "B"
    assert report.ratios["componentwise"] > 1.0 >= report.ratios["normwise"]
