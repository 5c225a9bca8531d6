"""Convolutions plane by plane where tiles, bands and strips end; the public side is tested with the other backends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
import torch

import convoracle as co
from convoracle.fast import remembered, threads
from convoracle.fast.correlation_axes import forward_axis
from convoracle.fast.plane import bands, one_axis, single_taps, tiny_planes, weight_grad, window_weight_grad, windows
from convoracle.fast.plane.window_tile import ROWS
from convoracle.fast.simd.vectors import lanes_of

LANES = lanes_of(np.dtype(np.float32))

Case = tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]

IN_PLACE: dict[str, Case] = {
    **{
        f"{width} columns": ((2, 3, ROWS + 1, width), (3, 1, 3, 3), {"padding": 1, "groups": 3})
        for width in (1, LANES // 2, LANES // 2 + 1, LANES, LANES + 1, 2 * LANES + 3)
    },
    **{
        f"stride 2, {width} columns": (
            (2, 3, 2 * ROWS + 3, width),
            (3, 1, 3, 3),
            {"padding": 1, "stride": 2, "groups": 3},
        )
        for width in (2, LANES, LANES + 1, 2 * LANES - 1, 4 * LANES + 2)
    },
    "stride 2, no padding": ((1, 2, 12, 37), (2, 1, 3, 3), {"stride": 2, "groups": 2}),
    "stride 2, rows that no window reaches": ((1, 2, 12, 38), (2, 1, 3, 3), {"stride": 2, "groups": 2}),
    "several filters for a channel": ((2, 2, 9, 20), (6, 1, 3, 3), {"padding": 1, "groups": 2}),
    "several channels and filters, stride 2": ((2, 6, 9, 20), (4, 3, 3, 3), {"padding": 1, "stride": 2, "groups": 2}),
    "a margin wider than the kernel": ((1, 2, 5, 20), (2, 1, 3, 3), {"padding": 4, "groups": 2}),
    "stride 2, a margin wider than the kernel": ((1, 2, 5, 20), (2, 1, 3, 3), {"padding": 5, "stride": 2, "groups": 2}),
    "planes of one tile": ((2, 4, ROWS, LANES + 3), (4, 2, 3, 3), {"padding": 1, "groups": 2}),
    "dilation": ((2, 3, 2 * ROWS + 5, LANES + 3), (3, 1, 3, 3), {"dilation": 2, "padding": 2, "groups": 3}),
    "dilation of columns, several channels": (
        (2, 6, ROWS + 2, 40),
        (4, 3, 3, 3),
        {"dilation": (1, 3), "padding": 2, "groups": 2},
    ),
    "a dilation beyond the plane": ((1, 2, 11, 20), (2, 1, 3, 3), {"dilation": 11, "padding": 11, "groups": 2}),
    "one image of one channel": ((1, 1, 5 * ROWS + 2, 60), (1, 1, 3, 3), {"padding": 1}),
}
"""Kernels of 3, read where the plane is."""

COPIED: dict[str, Case] = {
    "a kernel of several chains": ((1, 1, 30, 3 * LANES), (2, 1, 24, 23), {"padding": 11}),
    "a kernel higher than the plane": ((2, 2, 5, 20), (2, 1, 9, 2), {"padding": 4, "groups": 2}),
    **{f"{rows} rows of taps": ((1, 2, 13, 20), (2, 1, rows, 2), {"groups": 2}) for rows in (2, 4, 5)},
    "one row of taps": ((1, 2, 13, 20), (2, 1, 1, 2), {"padding": (1, 0), "groups": 2}),
    **{
        f"{width} columns": ((1, 2, 9, width + 3), (2, 1, 4, 4), {"groups": 2})
        for width in (1, LANES, 2 * LANES + 1, 5 * LANES)
    },
    "stride 3, a kernel that leaves gaps": ((2, 3, 20, 40), (3, 1, 2, 2), {"stride": 3, "groups": 3}),
    "stride 2 and dilation 2": ((1, 2, 17, 41), (2, 1, 3, 3), {"stride": 2, "dilation": 2, "padding": 3, "groups": 2}),
    "stride 2 and dilation 3": ((1, 4, 30, 41), (4, 2, 4, 5), {"stride": 2, "dilation": 3, "padding": 3, "groups": 2}),
    "dilation": ((2, 3, 12, 40), (3, 1, 4, 3), {"dilation": 2, "padding": 2, "groups": 3}),
    "several channels and filters": ((2, 6, 12, 40), (4, 3, 4, 6), {"padding": 2, "groups": 2}),
}
"""Everything else, copied first."""

FEW: dict[str, Case] = {
    "single taps, several blocks of positions": ((2, 5, 70, 70), (2, 5, 1, 1), {}),
    "single taps, more filters than channels": ((3, 4, 5, 7), (18, 2, 1, 1), {"groups": 2}),
    "single taps, more channels than filters": ((1, 22, 9, 9), (6, 11, 1, 1), {"groups": 2}),
    "tiny planes": ((3, LANES + 3, 3, 3), (LANES + 3, 1, 3, 3), {"padding": 1, "groups": LANES + 3}),
    "tiny planes, stride 2": ((2, 5, 5, 4), (5, 1, 2, 3), {"padding": (0, 1), "stride": 2, "groups": 5}),
    "one axis, across": ((2, 3, 33, 80), (3, 1, 1, 13), {"padding": (0, 6), "groups": 3}),
    "copied across, one channel for several filters": (
        (1, 2, 3, 40),
        (6, 1, 1, 4),
        {"padding": (0, 7), "dilation": (1, 3), "groups": 2},
    ),
    "one axis, across, a long row": ((1, 4, 2, 4200), (2, 2, 1, 3), {"padding": (0, 1), "groups": 2}),
    "one axis, down": ((2, 3, 80, 33), (3, 1, 13, 1), {"padding": (6, 0), "groups": 3}),
    "one axis, down, a kernel higher than the plane": (
        (2, 4, 5, 20),
        (6, 2, 7, 1),
        {"padding": (9, 0), "dilation": (3, 1), "groups": 2},
    ),
    "one axis, down, long rows": ((1, 2, 6, 2100), (2, 1, 5, 1), {"padding": (3, 0), "groups": 2}),
}
"""Few numbers to a plane, or to a kernel."""

CASES = {f"in place: {name}": case for name, case in IN_PLACE.items()} | {
    f"copied: {name}": case for name, case in COPIED.items()
}
CASES |= FEW
SAMPLE = [
    "in place: several channels and filters, stride 2",
    "in place: dilation",
    "in place: one image of one channel",
    "copied: several channels and filters",
    "copied: stride 2 and dilation 2",
    "single taps, several blocks of positions",
    "tiny planes",
    "one axis, across",
    "one axis, down",
]


def draw(seed: int, *shapes: tuple[int, ...], integers: bool = True) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for shape in shapes:
        numbers = rng.integers(-3, 4, shape) if integers else rng.standard_normal(shape)
        yield numbers.astype(np.float32)


def operands(case: Case, *, integers: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The input, the weights and an output gradient."""
    shape, kernel, options = case
    x, weight = draw(0, shape, kernel, integers=integers)
    (grad,) = draw(1, co.conv2d(x, weight, **options, backend="im2col").shape, integers=integers)
    return x, weight, grad


def results(case: Case, x: np.ndarray, weight: np.ndarray, grad: np.ndarray) -> list[np.ndarray]:
    """The convolution and its gradients."""
    return [
        co.conv2d(x, weight, **case[2], backend="plane"),
        *co.conv2d_backward(grad, x, weight, **case[2], backend="plane"),
    ]


def both(option: int | tuple[int, int]) -> tuple[int, int]:
    """An option of rows and of columns."""
    return option if isinstance(option, tuple) else (option, option)


def by_pytorch(case: Case, *arrays: np.ndarray) -> list[np.ndarray]:
    x, weight, grad = (torch.tensor(array, dtype=torch.float64) for array in arrays)
    options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **case[2]}
    stride, padding, dilation = (both(options[name]) for name in ("stride", "padding", "dilation"))
    wanted = [torch.nn.functional.conv2d(x, weight, **case[2])]
    wanted += torch.ops.aten.convolution_backward(
        grad, x, weight, [len(weight)], stride, padding, dilation, False, [0, 0], options["groups"], [True] * 3
    )
    return [tensor.numpy() for tensor in wanted]


@pytest.mark.parametrize("name", CASES)
def test_values_of_pytorch_exactly_on_integers(name: str) -> None:
    arrays = operands(CASES[name])
    for one, other in zip(results(CASES[name], *arrays), by_pytorch(CASES[name], *arrays), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", CASES)
def test_the_cases_go_their_way(name: str) -> None:
    shape, kernel, options = CASES[name]
    defaults = {"stride": 1, "dilation": 1, "padding": 0}
    step, apart, around = (both(options.get(option, default)) for option, default in defaults.items())
    ends = tuple((n, n) for n in around)
    down, across = (forward_axis(*axis) for axis in zip(shape[2:], kernel[2:], step, ends, apart, strict=True))
    shapes = shape, kernel, (shape[0], kernel[0], down.outputs, across.outputs)
    ways = {
        "single taps": single_taps.fits(kernel[2:], step, ends),
        "tiny planes": tiny_planes.fits(shapes, options.get("groups", 1), down, across),
        "one axis": one_axis.fits(kernel[0] // options.get("groups", 1), down, across),
        "in place": windows.fits(kernel[2:], step, apart),
        "copied": True,
    }
    assert name.startswith(next(way for way, does_fit in ways.items() if does_fit))


@pytest.fixture
def _shared_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share out work however little it is."""
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("_shared_out")
@pytest.mark.parametrize("name", SAMPLE)
def test_same_bits_whatever_the_number_of_threads(name: str) -> None:
    arrays = operands(CASES[name], integers=False)
    bits = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(count)
        bits.append([result.tobytes() for result in results(CASES[name], *arrays)])
    assert all(one == bits[0] for one in bits)


@pytest.mark.parametrize("name", SAMPLE)
def test_same_bits_alone_and_in_a_batch(name: str) -> None:
    shape, kernel, options = CASES[name]
    case = ((3, *shape[1:]), kernel, options)
    x, weight, grad = operands(case, integers=False)
    out, grad_x = results(case, x, weight, grad)[:2]
    for n in range(len(x)):
        alone = results(case, x[n : n + 1], weight, grad[n : n + 1])
        assert alone[0].tobytes() == out[n].tobytes()
        assert alone[1].tobytes() == grad_x[n].tobytes()


def test_same_bits_whatever_the_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    case = COPIED["several channels and filters"]
    x, weight, grad = operands(case, integers=False)
    expected = [result.tobytes() for result in results(case, x, weight, grad)[:2]]
    bands.plan_correlation.cache_clear()
    remembered.forget()
    for name in ("PLANE_NUMBERS", "LEAST_ROWS", "LEAST_COLUMNS"):
        monkeypatch.setattr(bands, name, 1)
    try:
        assert [result.tobytes() for result in results(case, x, weight, grad)[:2]] == expected
        arrays = operands(case)
        for one, other in zip(results(case, *arrays), by_pytorch(case, *arrays), strict=True):
            np.testing.assert_array_equal(one, other)
    finally:
        bands.plan_correlation.cache_clear()
        remembered.forget()


def test_a_weight_gradient_may_be_done_a_few_filters_and_planes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_grad, "SUM_NUMBERS", 1)
    monkeypatch.setattr(window_weight_grad, "SHARES", 3)
    remembered.forget()
    for case in (COPIED["several channels and filters"], IN_PLACE["one image of one channel"]):
        arrays = operands(case)
        np.testing.assert_array_equal(results(case, *arrays)[2], by_pytorch(case, *arrays)[2])
    remembered.forget()


@pytest.mark.parametrize(
    "name", [*SAMPLE, "in place: stride 2, no padding", "in place: planes of one tile", "copied: dilation"]
)
def test_infinities_and_nan_reach_what_reads_them_and_nothing_else(name: str) -> None:
    case = CASES[name]
    arrays = operands(case)
    # In the input: the output and the weight gradient. In the weights and the gradient: the input gradient.
    for number, value, touched in ((0, np.inf, (0, 2)), (0, np.nan, (0, 2)), (1, np.inf, (0, 1)), (2, np.inf, (1, 2))):
        special = [array.copy() for array in arrays]
        special[number].reshape(-1)[special[number].size // 2 + 1] = value
        x, weight, grad = special
        expected = [co.conv2d(x, weight, **case[2], backend="im2col")]
        expected += co.conv2d_backward(grad, x, weight, **case[2], backend="im2col")
        for n in touched:
            np.testing.assert_array_equal(results(case, *special)[n], expected[n], err_msg=f"{number} {value} {n}")


def test_an_infinity_below_the_last_window_of_a_tap_adds_nothing_to_it() -> None:
    # The tile's rows end below those of the output: what they would read there is multiplied with zeros.
    x, grad = np.ones((1, 1, ROWS + 1, 20), np.float32), np.ones((1, 1, ROWS - 1, 18), np.float32)
    x[0, 0, -1, 5] = np.inf
    found = co.conv2d_weight_grad(grad, x, (1, 1, 3, 3), backend="plane")
    np.testing.assert_array_equal(found, co.conv2d_weight_grad(grad, x, (1, 1, 3, 3), backend="im2col"))
    assert np.isfinite(found[0, 0, :2]).all()


def test_a_weight_gradient_in_place_needs_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    # What it reads beyond its plane by mistake may be infinite, and then the other way would put it right.
    monkeypatch.setattr(weight_grad, "are_finite", lambda numbers: True)
    remembered.forget()
    for case in IN_PLACE.values():
        arrays = operands(case)
        np.testing.assert_array_equal(results(case, *arrays)[2], by_pytorch(case, *arrays)[2])
    remembered.forget()


def test_no_buffer_grows_with_the_plane() -> None:
    long, large = (bands.Axis(10**7, 10**7, 1, (-1, 0, 1, 2)), bands.Axis(3000, 3000, 1, tuple(range(-50, 51))))
    for down, across in ((long, long), (large, large), (long, large)):
        plan = bands.plan_correlation(1, 4, 4, down, across, np.dtype(np.float32), 1)
        assert bands.buffer_size.py_func(plan) * 4 < 4 << 20


def test_an_empty_batch() -> None:
    x, weight, grad = np.ones((0, 2, 5, 6), np.float32), np.ones((2, 1, 3, 3), np.float32), np.ones((0, 2, 3, 4))
    shapes = [result.shape for result in results((x.shape, weight.shape, {"groups": 2}), x, weight, grad.astype("f4"))]
    assert shapes == [(0, 2, 3, 4), (0, 2, 5, 6), (2, 1, 3, 3), (2,)]


SCRIPT = """
import numpy as np, convoracle as co
from convoracle.fast.simd.vectors import VECTOR_BITS
assert VECTOR_BITS == {bits}
rng = np.random.default_rng(0)
for options, kernel, plane in (
    ({{"padding": 1, "stride": 2}}, (3, 3), (11, 21)), ({{"padding": 2}}, (4, 4), (11, 21)), ({{}}, (1, 1), (11, 21)),
    ({{"padding": 1}}, (3, 3), (3, 3)),
    ({{"padding": (0, 4)}}, (1, 9), (11, 21)), ({{"padding": (4, 0)}}, (9, 1), (11, 21)),
):
    options["groups"] = 5
    x, weight = (rng.integers(-3, 4, shape).astype(np.float32) for shape in ((2, 5, *plane), (5, 1, *kernel)))
    out, expected = (co.conv2d(x, weight, **options, backend=backend) for backend in ("plane", "im2col"))
    np.testing.assert_array_equal(out, expected)
    grad = rng.integers(-3, 4, out.shape).astype(np.float32)
    for function, arguments in (
        (co.conv2d_input_grad, (grad, weight, x.shape)), (co.conv2d_weight_grad, (grad, x, weight.shape))
    ):
        one, other = (function(*arguments, **options, backend=backend) for backend in ("plane", "im2col"))
        np.testing.assert_array_equal(one, other)
"""


@pytest.mark.parametrize(("processor", "bits"), [("haswell", 256)])
def test_on_other_processors(processor: str, bits: int) -> None:
    environment = {**os.environ, "NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""}
    subprocess.run([sys.executable, "-c", SCRIPT.format(bits=bits)], env=environment, check=True)
