"""numba.njit of every loop function gives the bits the interpreter gives: one source, two ways to run it."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from convoracle import reference

DTYPES = (np.float32, np.float64, np.int64)
LOOPS = [name for name in reference.__all__ if name.endswith("_loops")]


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


# what each loop reads, and what it writes
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
POOLS = {
    "max_pool2d_loops": ("Y", "*pidx", "*u"),
    "max_pool2d_backward_loops": ("dy", "indices", "*dY"),
    "avg_pool2d_loops": ("Y", "divisors", "*u"),
    "avg_pool2d_backward_loops": ("dy", "divisors", "*dY"),
}


def run(loops: Callable[..., None], names: tuple[str, ...], values: dict[str, Any]) -> list[bytes]:
    arrays = [values[name.lstrip("*")].copy() for name in names]
    integers = values["integers"]
    if loops.__name__ in ("conv2d_bias_grad_loops", "max_pool2d_backward_loops"):
        integers = ()
    elif loops.__name__ == "max_pool2d_loops":
        integers = (*integers, 1, 1)
    loops(*arrays, *integers)
    return [array.tobytes() for array, name in zip(arrays, names, strict=True) if name.startswith("*")]


def test_every_loop_function_is_here() -> None:
    assert sorted(LOOPS) == sorted(CONVOLUTIONS | POOLS)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", LOOPS)
def test_the_compiled_loop_gives_the_same_bits(name: str, dtype: type) -> None:
    interpreted = getattr(reference, name)
    compiled = numba.njit(interpreted)
    rng = np.random.default_rng(20240229)
    for _ in range(6):
        if name in CONVOLUTIONS:
            values, names = convolution(rng, dtype), CONVOLUTIONS[name]
        else:
            values, names = pool(rng, dtype), POOLS[name]
        assert run(interpreted, names, values) == run(compiled, names, values)


def test_a_door_runs_the_loop_it_is_given() -> None:
    compiled = numba.njit(reference.conv2d_bias_grad_loops)
    assert reference.conv2d_bias_grad(np.ones((2, 1, 3, 4)), loops=compiled).tolist() == [24]
    assert len(compiled.signatures) == 1
