"""Random layers for the tests of the reference: small, awkward geometry and small integers, so every sum is exact."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st


class Convolution(NamedTuple):
    """Integer arrays and options of one convolution."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    grad_output: np.ndarray
    options: dict[str, Any]


class Pool(NamedTuple):
    """An integer array and the options of one pool; `options` has no dilation, which only max pooling knows."""

    x: np.ndarray
    dilation: tuple[int, int]
    options: dict[str, Any]


def integers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-4, 5, shape)


@st.composite
def draw_convolution(draw: st.DrawFn, axes: int, largest_kernel: int, more: int) -> Convolution:
    groups, channels, filters = (draw(st.integers(1, 2)) for _ in range(3))
    kernel = tuple(draw(st.integers(1, largest_kernel)) for _ in range(axes))
    stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(axes)) for _ in range(2))
    padding = tuple(tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(axes))
    size, output_size = [], []
    for axis in range(axes):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        smallest = max(extent - sum(padding[axis]), 1)
        size.append(draw(st.integers(smallest, smallest + more)))
        output_size.append((size[axis] + sum(padding[axis]) - extent) // stride[axis] + 1)
    batch = draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Convolution(
        x=integers(rng, batch, groups * channels, *size),
        weight=integers(rng, groups * filters, channels, *kernel),
        bias=integers(rng, groups * filters),
        grad_output=integers(rng, batch, groups * filters, *output_size),
        options={"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
    )


@st.composite
def draw_transposed_convolution(draw: st.DrawFn) -> Convolution:
    groups, channels, filters = (draw(st.integers(1, 2)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(3))
    size, padding, output_padding, output_size = [], [], [], []
    for axis in range(2):
        size.append(draw(st.integers(1, 4)))
        output_padding.append(draw(st.integers(0, max(stride[axis], dilation[axis]) - 1)))
        full = (size[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 + output_padding[axis]
        padding.append(draw(st.integers(0, min((full - 1) // 2, 3))))
        output_size.append(full - 2 * padding[axis])
    batch = draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Convolution(
        x=integers(rng, batch, groups * channels, *size),
        weight=integers(rng, groups * channels, filters, *kernel),
        bias=integers(rng, groups * filters),
        grad_output=integers(rng, batch, groups * filters, *output_size),
        options={
            "stride": stride,
            "padding": tuple(padding),
            "output_padding": tuple(output_padding),
            "groups": groups,
            "dilation": dilation,
        },
    )


@st.composite
def draw_pool(draw: st.DrawFn) -> Pool:
    kernel, stride = (tuple(draw(st.integers(1, 4)) for _ in range(2)) for _ in range(2))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(2))
    padding = tuple(draw(st.integers(0, kernel[axis] // 2)) for axis in range(2))
    size = []
    for axis in range(2):
        # as large as the dilated window at least: no window holds nothing but padding
        smallest = dilation[axis] * (kernel[axis] - 1) + 1
        size.append(draw(st.integers(smallest, smallest + 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Pool(
        x=integers(rng, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *size),
        dilation=(dilation[0], dilation[1]),
        options={
            "kernel_size": kernel,
            "stride": draw(st.sampled_from([stride, None])),
            "padding": padding,
            "ceil_mode": draw(st.booleans()),
        },
    )


@pytest.fixture(scope="session")
def convolutions() -> st.SearchStrategy[Convolution]:
    return draw_convolution(axes=2, largest_kernel=3, more=4)


@pytest.fixture(scope="session")
def convolutions_1d() -> st.SearchStrategy[Convolution]:
    return draw_convolution(axes=1, largest_kernel=4, more=5)


@pytest.fixture(scope="session")
def convolutions_3d() -> st.SearchStrategy[Convolution]:
    return draw_convolution(axes=3, largest_kernel=2, more=1)


@pytest.fixture(scope="session")
def transposed_convolutions() -> st.SearchStrategy[Convolution]:
    return draw_transposed_convolution()


@pytest.fixture(scope="session")
def pools() -> st.SearchStrategy[Pool]:
    return draw_pool()
