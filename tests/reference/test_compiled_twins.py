"""numba.njit of every loop function gives the bits the interpreter gives: one source, two ways to run it.

It is compiled as the harness compiles it, and so, with its cache, for other tests too.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.oracle import compiled

DTYPES = (np.float32, np.float64, np.int64)
LOOPS = [name for name in reference.__all__ if name.endswith("_loops")]
# every loop in every type, each of which compiles for itself: half a second each
CASES = [(name, dtype) for name in LOOPS for dtype in DTYPES]


def numbers(rng: np.random.Generator, dtype: type, *shape: int) -> np.ndarray:
    """Data that rounds at every step: floats of many magnitudes; for int64, integers that do not overflow."""
    if dtype is np.int64:
        return rng.integers(-1000, 1001, shape)
    return (rng.standard_normal(shape) * 2.0 ** rng.integers(-10, 11, shape)).astype(dtype)


def convolution(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Arrays and integers of a random convolution, padded already, as the loops take them."""
    groups, D_w, maps_per_group, T = (int(n) for n in rng.integers(1, 4, 4))
    K_x, K_y, stride_x, stride_y, dilation_x, dilation_y, W_z, H_z = (int(n) for n in rng.integers(1, 4, 8))
    # up to stride - 1 positions that no window reaches
    W = (W_z - 1) * stride_x + (K_x - 1) * dilation_x + 1 + int(rng.integers(stride_x))
    H = (H_z - 1) * stride_y + (K_y - 1) * dilation_y + 1 + int(rng.integers(stride_y))
    D_z = groups * maps_per_group
    return {
        "Y": numbers(rng, dtype, T, groups * D_w, W, H),
        "dY": np.ones((T, groups * D_w, W, H), dtype),
        "w": numbers(rng, dtype, D_z, D_w, K_x, K_y),
        "dw": np.ones((D_z, D_w, K_x, K_y), dtype),
        "b": numbers(rng, dtype, D_z),
        "db": np.ones(D_z, dtype),
        "z": np.ones((T, D_z, W_z, H_z), dtype),
        "dz": numbers(rng, dtype, T, D_z, W_z, H_z),
        "integers": (stride_x, stride_y, dilation_x, dilation_y),
    }


def pool(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Arrays and integers of a random pool whose windows reach into the padding, as the loops take them."""
    T, D, W, H = (int(n) for n in rng.integers(1, 4, 4))
    K_x, K_y, stride_x, stride_y = (int(n) for n in rng.integers(1, 4, 4))
    padding_x, padding_y = K_x // 2, K_y // 2
    W_u, H_u = (W + padding_x - 1) // stride_x + 1, (H + padding_y - 1) // stride_y + 1
    Y = numbers(rng, dtype, T, D, W, H)
    if dtype is not np.int64:
        Y[rng.random(Y.shape) < 0.1] = np.nan
    return {
        "Y": Y,
        "u": np.ones((T, D, W_u, H_u), dtype),
        "dy": numbers(rng, dtype, T, D, W_u, H_u),
        "dY": np.ones(Y.shape, dtype),
        "pidx": np.ones((T, D, W_u, H_u), np.int64),
        "indices": rng.integers(0, W * H, (T, D, W_u, H_u)),
        "divisors": rng.integers(1, 8, (W_u, H_u)).astype(dtype),
        "integers": (K_x, K_y, stride_x, stride_y, padding_x, padding_y),
    }


def scan(rng: np.random.Generator, dtype: type, axes: int) -> dict[str, Any]:
    """Arrays and integers of a random convolution along one or three axes, padded already."""
    groups, D_w, maps_per_group, T = (int(n) for n in rng.integers(1, 3, 4))
    kernel, stride, dilation, outputs = (tuple(int(n) for n in rng.integers(1, 3, axes)) for _ in range(4))
    size = [
        (outputs[k] - 1) * stride[k] + (kernel[k] - 1) * dilation[k] + 1 + int(rng.integers(stride[k]))
        for k in range(axes)
    ]
    D_z = groups * maps_per_group
    return {
        "Y": numbers(rng, dtype, T, groups * D_w, *size),
        "dY": np.ones((T, groups * D_w, *size), dtype),
        "w": numbers(rng, dtype, D_z, D_w, *kernel),
        "dw": np.ones((D_z, D_w, *kernel), dtype),
        "b": numbers(rng, dtype, D_z),
        "db": np.ones(D_z, dtype),
        "z": np.ones((T, D_z, *outputs), dtype),
        "dz": numbers(rng, dtype, T, D_z, *outputs),
        "integers": (*stride, *dilation),
    }


def transposed(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Arrays and integers of a random transposed convolution: a convolution with input and output exchanged."""
    values = convolution(rng, dtype)
    T, D_z, *size = values["z"].shape
    padded = values["Y"].shape
    return {
        **values,
        "Y": numbers(rng, dtype, T, D_z, *size),
        "dY": np.ones((T, D_z, *size), dtype),
        "b": numbers(rng, dtype, padded[1]),
        "z": np.ones(padded, dtype),
        "dz": numbers(rng, dtype, *padded),
    }


def untied(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Arrays and integers of a random locally connected layer, padded already."""
    values = convolution(rng, dtype)
    _, D_z, *outputs = values["z"].shape
    shape = (*outputs, D_z, values["Y"].shape[1], *values["w"].shape[2:])
    return {
        **values,
        "w": numbers(rng, dtype, *shape),
        "dw": np.ones(shape, dtype),
        "b": numbers(rng, dtype, D_z, *outputs),
        "db": np.ones((D_z, *outputs), dtype),
    }


def resampling(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Maps, small and large, of a random resampling."""
    T, D, W, H, S_x, S_y = (int(n) for n in rng.integers(1, 4, 6))
    return {
        "large": numbers(rng, dtype, T, D, W * S_x, H * S_y),
        "small": numbers(rng, dtype, T, D, W, H),
        "u_large": np.ones((T, D, W * S_x, H * S_y), dtype),
        "u_small": np.ones((T, D, W, H), dtype),
        "integers": (S_x, S_y),
    }


def rows(rng: np.random.Generator, dtype: type) -> dict[str, Any]:
    """Matrices and vectors of random layers between rows of numbers."""
    N, D, M = (int(n) for n in rng.integers(1, 5, 3))
    return {
        "x": numbers(rng, dtype, N, D),
        "target": numbers(rng, dtype, N, D),
        "by_rows": numbers(rng, dtype, M, D),
        "by_columns": numbers(rng, dtype, D, M),
        "b": numbers(rng, dtype, M),
        "y": np.ones((N, M), dtype),
        "dy": numbers(rng, dtype, N, M),
        "dx": np.ones((N, D), dtype),
        "d_rows": np.ones((M, D), dtype),
        "d_columns": np.ones((D, M), dtype),
        "db": np.ones(M, dtype),
        "flat": numbers(rng, dtype, N),
        "d_flat": numbers(rng, dtype, N),
        "u_flat": np.ones(N, dtype),
        "integers": (),
    }


# where the data of each loop come from, what it reads, and what it writes
CONVOLUTIONS = {
    "conv2d_loops": ("Y", "w", "b", "*z"),
    "conv2d_input_grad_scatter_loops": ("dz", "w", "*dY"),
    "conv2d_input_grad_gather_loops": ("dz", "w", "*dY"),
    "conv2d_input_grad_flipped_loops": ("dz", "w", "*dY"),
    "conv2d_weight_grad_loops": ("dz", "Y", "*dw"),
    "conv2d_weight_grad_scatter_loops": ("dz", "Y", "*dw"),
    "conv2d_backward_loops": ("dz", "Y", "w", "*dY", "*dw", "*db"),
    "conv2d_bias_grad_loops": ("dz", "*db"),
}
SCANS = {
    "loops": ("Y", "w", "b", "*z"),
    "input_grad_loops": ("dz", "w", "*dY"),
    "weight_grad_loops": ("dz", "Y", "*dw"),
    "backward_loops": ("dz", "Y", "w", "*dY", "*dw", "*db"),
    "bias_grad_loops": ("dz", "*db"),
}
TRANSPOSED = {
    "conv_transpose2d_loops": ("Y", "w", "b", "*z"),
    "conv_transpose2d_upsampled_loops": ("Y", "w", "b", "*z"),
    "conv_transpose2d_input_grad_loops": ("dz", "w", "*dY"),
    "conv_transpose2d_weight_grad_loops": ("dz", "Y", "*dw"),
    "conv_transpose2d_backward_loops": ("dz", "Y", "w", "*dY", "*dw"),
}
UNTIED = {
    "locally_connected2d_loops": ("Y", "w", "b", "*z"),
    "locally_connected2d_backward_loops": ("dz", "Y", "w", "*dY", "*dw", "*db"),
}
POOLS = {
    "max_pool2d_loops": ("Y", "*pidx", "*u"),
    "max_pool2d_backward_loops": ("dy", "indices", "*dY"),
    "avg_pool2d_loops": ("Y", "divisors", "*u"),
    "avg_pool2d_backward_loops": ("dy", "divisors", "*dY"),
}
RESAMPLINGS = {
    "downsample2d_loops": ("large", "*u_small"),
    "upsample2d_loops": ("small", "*u_large"),
}
ROWS = {
    "linear_loops": ("x", "by_rows", "b", "*y"),
    "linear_backward_loops": ("dy", "x", "by_rows", "*dx", "*d_rows", "*db"),
    "matmul_loops": ("x", "by_columns", "*y"),
    "matmul_backward_loops": ("dy", "x", "by_columns", "*dx", "*d_columns"),
    "relu_loops": ("flat", "*u_flat"),
    "relu_backward_loops": ("d_flat", "flat", "*u_flat"),
    "euclidean_loss_loops": ("x", "target", "*u_flat"),
    "l1_loss_loops": ("x", "target", "*u_flat"),
}
TABLES: list[tuple[Callable[..., dict[str, Any]], dict[str, tuple[str, ...]]]] = [
    (convolution, CONVOLUTIONS),
    (partial(scan, axes=1), {f"conv1d_{name}": arrays for name, arrays in SCANS.items()}),
    (partial(scan, axes=3), {f"conv3d_{name}": arrays for name, arrays in SCANS.items()}),
    (transposed, TRANSPOSED),
    (untied, UNTIED),
    (pool, POOLS),
    (resampling, RESAMPLINGS),
    (rows, ROWS),
]
DATA = {name: (draw, arrays) for draw, table in TABLES for name, arrays in table.items()}


def run(loops: Callable[..., None], names: tuple[str, ...], values: dict[str, Any]) -> list[bytes]:
    arrays = [values[name.lstrip("*")].copy() for name in names]
    integers = values["integers"]
    if "bias_grad" in loops.__name__ or loops.__name__ == "max_pool2d_backward_loops":
        integers = ()
    elif loops.__name__ == "max_pool2d_loops":
        integers = (*integers, 1, 1)
    loops(*arrays, *integers)
    return [array.tobytes() for array, name in zip(arrays, names, strict=True) if name.startswith("*")]


def test_every_loop_function_is_here() -> None:
    assert sorted(LOOPS) == sorted(DATA)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{name}-{dtype.__name__}" for name, dtype in CASES])
def test_the_compiled_loop_gives_the_same_bits(name: str, dtype: type) -> None:
    interpreted = getattr(reference, name)
    dispatcher = compiled(interpreted)
    assert dispatcher.py_func is interpreted
    rng = np.random.default_rng(20240229)
    draw, names = DATA[name]
    for _ in range(6):
        values = draw(rng, dtype)
        assert run(interpreted, names, values) == run(dispatcher, names, values)


def test_a_door_runs_the_loop_it_is_given() -> None:
    dispatcher = numba.njit(reference.conv2d_bias_grad_loops)
    assert reference.conv2d_bias_grad(np.ones((2, 1, 3, 4)), loops=dispatcher).tolist() == [24]
    assert len(dispatcher.signatures) == 1


@pytest.mark.parametrize("name", DATA)
def test_a_loop_overwrites_what_the_output_held(name: str) -> None:
    rng = np.random.default_rng(5)
    draw, names = DATA[name]
    for _ in range(4):
        values = draw(rng, np.float64)
        sevens = {output[1:]: np.full_like(values[output[1:]], 7) for output in names if output.startswith("*")}
        zeros = {output: np.zeros_like(array) for output, array in sevens.items()}
        loops = getattr(reference, name)
        assert run(loops, names, {**values, **sevens}) == run(loops, names, {**values, **zeros})
