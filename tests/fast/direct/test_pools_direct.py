"""The pools by vectors, where vectors and planes end, and with what only floats hold; the rest is the harness's."""

from collections.abc import Iterator

import numba
import numpy as np
import pytest
import torch

import convoracle as co
from convoracle.fast import threads
from convoracle.fast.simd.vectors import lanes_of

LANES = lanes_of(np.dtype(np.float32))
OPTIONS = [
    *[(2, 2, 0), (3, 2, 1), (3, 1, 1), (3, 3, 1), ((5, 2), (1, 4), (2, 1)), ((1, 3), (3, 2), (0, 0))],
    # Large ones, whose rows are done by themselves: more rows than the plane has, and steps that leave rows out.
    *[(5, 1, 2), ((9, 4), (1, 2), (4, 0)), ((4, 5), (2, 3), (2, 1))],
]
INF, NAN = np.inf, np.nan


def widths() -> list[int]:
    """Planes whose rows of outputs end before, with and after a vector, at any of the strides."""
    return [5, *(n * LANES + rest for n in (1, 2) for rest in (-1, 0, 1)), 4 * LANES + 3]


def planes(width: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(width).integers(-9, 10, (2, 3, 7, width)).astype(dtype)


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize(("kernel", "stride", "padding"), OPTIONS)
def test_pytorch_finds_the_same(kernel: int, stride: int, padding: int, width: int) -> None:
    x = planes(width)
    x[0, 0, ::2, ::3], x[1, 1, 1, 1:4], x[0, 2] = NAN, INF, -INF
    expected = torch.nn.functional.max_pool2d(torch.tensor(x), kernel, stride, padding, return_indices=True)
    values, indices = co.max_pool2d(x, kernel, stride, padding, return_indices=True, backend="direct")
    np.testing.assert_array_equal(values, expected[0].numpy())
    # Of several NaN in a window PyTorch names the last one.
    is_number = ~np.isnan(values)
    np.testing.assert_array_equal(indices[is_number], expected[1].numpy()[is_number])
    np.testing.assert_array_equal(indices, co.max_pool2d(x, kernel, stride, padding, return_indices=True)[1])


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize(("kernel", "stride", "padding"), OPTIONS)
def test_gradients_are_those_of_pytorch(kernel: int, stride: int, padding: int, width: int) -> None:
    x = torch.tensor(planes(width), dtype=torch.float64, requires_grad=True)
    maxima, indices = torch.nn.functional.max_pool2d(x, kernel, stride, padding, return_indices=True)
    grad = np.random.default_rng(0).integers(-9, 10, maxima.shape).astype(np.float64)
    (expected,) = torch.autograd.grad(maxima, x, torch.tensor(grad))
    result = co.max_pool2d_backward(grad, indices.numpy(), tuple(x.shape), backend="direct")
    np.testing.assert_array_equal(result, expected.numpy())
    # A divisor of one leaves the sums, which are integers.
    means = torch.nn.functional.avg_pool2d(x, kernel, stride, padding, divisor_override=1)
    arguments = (kernel, stride, padding, False, True, 1)
    np.testing.assert_array_equal(co.avg_pool2d(x.detach().numpy(), *arguments, backend="direct"), means.detach())
    (expected,) = torch.autograd.grad(means, x, torch.tensor(grad))
    result = co.avg_pool2d_backward(grad, tuple(x.shape), *arguments, backend="direct")
    np.testing.assert_array_equal(result, expected.numpy())


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_windows_name_the_first_maximum_or_the_first_nan(stride: int, dtype: type) -> None:
    rng, size, half = np.random.default_rng(stride), 7, 3
    x = rng.integers(-1, 2, (3, 2, 10, LANES + 3)).astype(dtype)
    x[1][rng.random(x[1].shape) < 0.05], x[2, 0], x[2, 1, 3:9] = NAN, -INF, -INF
    values, indices = co.max_pool2d(x, size, stride, half, return_indices=True, backend="direct")
    height, width = x.shape[2:]
    for n, c, p, q in np.ndindex(*values.shape):
        rows, columns = (slice(max(i * stride - half, 0), i * stride - half + size) for i in (p, q))
        window, positions = x[n, c, rows, columns], np.arange(height * width).reshape(height, width)[rows, columns]
        # NumPy names the first NaN, else the first maximum, too.
        first = window.argmax()
        assert indices[n, c, p, q] == positions.flat[first]
        np.testing.assert_array_equal(values[n, c, p, q], window.flat[first])


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_first_maximum_wins_and_the_first_nan_over_all(stride: int) -> None:
    x = np.ones((1, 1, 2, 2 * LANES), np.float32)
    indices = co.max_pool2d(x, 2, stride, return_indices=True, backend="direct")[1]
    np.testing.assert_array_equal(indices[0, 0, 0], np.arange(indices.shape[-1]) * stride)
    x[0, 0, 1], x[0, 0, 0, 1::2] = NAN, INF
    values, indices = co.max_pool2d(x, 2, stride, return_indices=True, backend="direct")
    assert np.isnan(values).all()
    np.testing.assert_array_equal(indices[0, 0, 0], 2 * LANES + np.arange(indices.shape[-1]) * stride)


def test_padding_never_wins() -> None:
    x = np.full((1, 1, 4, 5), -INF, np.float32)
    values, indices = co.max_pool2d(x, 3, 2, 1, return_indices=True, backend="direct")
    assert (values == -INF).all()
    np.testing.assert_array_equal(indices[0, 0], [[0, 1, 3], [5, 6, 8]])


def test_means_hold_what_their_windows_hold() -> None:
    x = np.zeros((1, 1, 5, 9), np.float32)
    x[0, 0, 2, 4], x[0, 0, 0, 8] = INF, NAN
    result = co.avg_pool2d(x, 3, 2, 1, backend="direct")[0, 0]
    np.testing.assert_array_equal(np.isposinf(result), [[0] * 5, [0, 0, 1, 0, 0], [0] * 5])
    np.testing.assert_array_equal(np.isnan(result), [[0, 0, 0, 0, 1], [0] * 5, [0] * 5])


GUESSED = [
    ((6, 2 * LANES), 2, 2, 0, False),
    ((7, 2 * LANES + 3), 2, 2, 0, False),
    ((7, 2 * LANES + 1), 2, 2, 0, True),
    ((6, LANES - 2), 2, 2, 0, False),
    ((2, 3), 2, 2, 0, False),
    ((8, 6 * LANES + 2), 3, 2, 1, False),
    ((7, 2 * LANES - 1), 3, 2, 1, False),
    ((70, 4 * LANES), 3, 2, 1, False),
    ((9, 2 * LANES + 1), 3, 2, 0, False),
    ((10, 3 * LANES), 3, 2, 0, False),
    ((7, 6 * LANES + 3), 3, 2, 0, False),
    ((71, 4 * LANES + 2), 3, 2, 0, True),
    ((3, 3), 3, 1, 1, False),
    ((5, LANES + 1), 3, 1, 1, False),
    ((9, 700), 3, 1, 1, False),
    ((6, 7), 5, 1, 2, False),
    ((14, 14), 3, 2, 0, True),
]
"""Planes with as many positions as windows, or twice as many along both axes: size, kernel, stride, padding, ceil."""


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "ceil_mode"), GUESSED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_goes_wherever_the_indices_say(
    size: tuple[int, int], kernel: int, stride: int, padding: int, ceil_mode: bool, dtype: type
) -> None:
    """All indices in windows that can be guessed, or one in the first row or the last one that is not."""
    rng, shape = np.random.default_rng(0), (2, 3, *size)
    x = torch.tensor(rng.integers(-2, 3, shape).astype(dtype))
    indices = torch.nn.functional.max_pool2d(x, kernel, stride, padding, 1, ceil_mode, return_indices=True)[1].numpy()
    grad = rng.standard_normal(indices.shape).astype(dtype)
    grad[..., 1:-1:3] = -0.0
    height, width = size
    elsewhere_in_plane = [(0, 0, None), (-1, -1, 0), (0, 0, height * width - 1), (-1, 0, width - 1)]
    # Beside the plane, where the row after this one begins, and where the one before ended.
    last_row = stride * (indices.shape[2] - 1)
    elsewhere_in_plane += [(0, -1, width), (-1, 0, max(last_row * width - 1, 0))]
    for row, column, index in elsewhere_in_plane:
        elsewhere = indices.copy()
        if index is not None:
            elsewhere[1, 2, row, column] = index
        expected = np.zeros((2, 3, size[0] * size[1]), dtype)
        for n, c in np.ndindex(2, 3):
            np.add.at(expected[n, c], elsewhere[n, c], grad[n, c])
        result = co.max_pool2d_backward(grad, elsewhere, shape, backend="direct")
        # The same bits: windows are added up from zero in the same order, row by row.
        assert result.tobytes() == expected.tobytes()


@pytest.mark.parametrize(("size", "stride"), [((6, 2 * LANES), 2), ((5, 5), 2), ((6, 2 * LANES), 1)])
@pytest.mark.parametrize("added", [0, 14 * LANES, 1 << 30, 1 << 31, 1 << 32, -(1 << 31), -(1 << 32), -(1 << 63)])
def test_an_index_outside_of_the_plane_is_an_error(size: tuple[int, int], stride: int, added: int) -> None:
    height, width = size
    # Each window names its first position; what is added to the last one may leave half of its bits as they were.
    corners = stride * (np.arange(height // stride)[:, None] * width + np.arange(width // stride))
    indices = np.broadcast_to(corners, (1, 2, *corners.shape)).copy()
    grad = np.ones(indices.shape, np.float32)
    co.max_pool2d_backward(grad, indices, (1, 2, *size), backend="direct")
    # Nothing added: the first place outside, which is next to the last window.
    indices[0, 1, -1, -1] = indices[0, 1, -1, -1] + added if added else height * width
    with pytest.raises(ValueError, match=f"indices must be between 0 and H \\* W - 1 = {height * width - 1}"):
        co.max_pool2d_backward(grad, indices, (1, 2, *size), backend="direct")


def test_gradients_of_means_by_bands_of_rows() -> None:
    """Windows three columns apart, in a plane that is done in two bands."""
    x = torch.zeros((1, 2, 150, 151), dtype=torch.float64, requires_grad=True)
    means = torch.nn.functional.avg_pool2d(x, (7, 5), (2, 3), (3, 2), divisor_override=1)
    grad = np.random.default_rng(0).integers(-9, 10, means.shape).astype(np.float64)
    (expected,) = torch.autograd.grad(means, x, torch.tensor(grad))
    arguments = ((7, 5), (2, 3), (3, 2), False, True, 1)
    result = co.avg_pool2d_backward(grad, tuple(x.shape), *arguments, backend="direct")
    np.testing.assert_array_equal(result, expected.numpy())


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (3, LANES // 3), (4, LANES)])
def test_the_mean_of_a_whole_plane(size: tuple[int, int]) -> None:
    x = np.random.default_rng(0).integers(-9, 10, (3, 5, *size)).astype(np.float32)
    count = size[0] * size[1]
    sums = co.avg_pool2d(x, size, divisor_override=1, backend="direct")
    np.testing.assert_array_equal(sums[..., 0, 0], x.sum(axis=(2, 3)))
    x[1, 2, -1, -1], x[2, 0, 0, 0] = INF, NAN
    means = co.avg_pool2d(x, size, backend="direct")
    np.testing.assert_array_equal(np.isfinite(means[..., 0, 0]), np.isfinite(x).all(axis=(2, 3)))
    grad = co.avg_pool2d_backward(means, x.shape, size, backend="direct")
    np.testing.assert_array_equal(grad, np.broadcast_to(means / np.float32(count), x.shape))


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (3, LANES // 3), (4, LANES)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_maximum_of_a_whole_plane(size: tuple[int, int], dtype: type) -> None:
    x = np.random.default_rng(0).integers(-2, 3, (8, 4, *size)).astype(dtype)
    x[1], x[2, :, -1, -1], x[3, 1:, size[0] // 2] = -INF, INF, NAN
    x[4, :, 0, 0], x[5, :, -1, -1], x[5, 2, 0, 0], x[6] = NAN, NAN, INF, NAN
    values, indices = co.max_pool2d(x, size, return_indices=True, backend="direct")
    # NumPy names the first NaN, else the first maximum, too.
    np.testing.assert_array_equal(indices[..., 0, 0], x.reshape(8, 4, -1).argmax(axis=2))
    np.testing.assert_array_equal(values[..., 0, 0], x.max(axis=(2, 3)))


def test_a_stride_beyond_the_lanes_of_an_index() -> None:
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    values, indices = co.max_pool2d(x, 1, 2**31 - 1, return_indices=True, backend="direct")
    assert (values.item(), indices.item()) == (0, 0)
    assert co.avg_pool2d(x, 1, 2**31 - 1, backend="direct").item() == 0
    grad = co.avg_pool2d_backward(np.ones((1, 1, 1, 1)), (1, 1, 2, 2), 1, 2**31 - 1, backend="direct")
    np.testing.assert_array_equal(grad, [[[[1, 0], [0, 0]]]])


@pytest.fixture
def _shared_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share out work however little it is."""
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("_shared_out")
def test_same_bits_whatever_the_number_of_threads_and_the_batch() -> None:
    x = np.random.default_rng(0).standard_normal((3, 5, 9, 2 * LANES + 3)).astype(np.float32)
    bits = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(count)
        values, indices = co.max_pool2d(x, 3, 2, 1, return_indices=True, backend="direct")
        means = co.avg_pool2d(x, 3, 2, 1, backend="direct")
        grads = co.max_pool2d_backward(values, indices, x.shape, backend="direct")
        shares = co.avg_pool2d_backward(values, x.shape, 3, 2, 1, backend="direct")
        bits.append([array.tobytes() for array in (values, indices, means, grads, shares)])
        assert co.avg_pool2d(x[1:2], 3, 2, 1, backend="direct").tobytes() == means[1:2].tobytes()
    assert all(one == bits[0] for one in bits)
