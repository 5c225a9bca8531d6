"""The direct convolution where its tiles, bands and blocks end; the public side is tested with the other backends."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
import torch

import convoracle as co
from convoracle.fast import remembered, threads
from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.direct import correlation as direct_correlation
from convoracle.fast.direct import filter_lanes, filter_plan, single_outputs, weight_grad_plan
from convoracle.fast.direct import plan as direct_plan
from convoracle.fast.direct import weight_grad as direct_weight_grad
from convoracle.fast.simd.microkernel import ROWS, VECTORS
from convoracle.fast.simd.vectors import lanes_of

FLOAT32 = np.dtype(np.float32)
LANES = lanes_of(FLOAT32)


def results(x: np.ndarray, weight: np.ndarray, grad: np.ndarray, **options: Any) -> list[np.ndarray]:
    """The convolution and its gradients."""
    return [
        co.conv2d(x, weight, **options, backend="direct"),
        *co.conv2d_backward(grad, x, weight, **options, backend="direct"),
    ]


def by_pytorch(x: np.ndarray, weight: np.ndarray, grad: np.ndarray, **options: Any) -> list[np.ndarray]:
    x, weight, grad = (torch.tensor(array, dtype=torch.float64) for array in (x, weight, grad))
    wanted = [torch.nn.functional.conv2d(x, weight, **options)]
    options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **options}
    stride, padding, dilation = ([options[name]] * 2 for name in ("stride", "padding", "dilation"))
    wanted += torch.ops.aten.convolution_backward(
        grad, x, weight, [len(weight)], stride, padding, dilation, False, [0, 0], options["groups"], [True] * 3
    )
    return [tensor.numpy() for tensor in wanted]


def draw(seed: int, *shapes: tuple[int, ...], integers: bool = True) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for shape in shapes:
        numbers = rng.integers(-3, 4, shape) if integers else rng.standard_normal(shape)
        yield numbers.astype(np.float32)


CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, int]]] = {
    **{f"{width} columns": ((2, 3, 5, width), (5, 3, 3, 3), {"padding": 1}) for width in (LANES - 1, LANES, LANES + 1)},
    **{f"{filters} filters": ((1, 2, 6, 20), (filters, 2, 1, 3), {}) for filters in (ROWS - 1, ROWS, ROWS + 1)},
    "a row of a tile and a number": ((1, 2, 4, VECTORS * LANES + 1), (3, 2, 2, 1), {}),
    "planes of 7, batch over the ends of panels": ((13, 40, 7, 7), (24, 40, 3, 3), {"padding": 1}),
    "many blocks of channels": ((2, 300, 6, 18), (9, 300, 1, 1), {}),
    "a kernel of several chains": ((1, 2, 30, 31), (3, 2, 24, 23), {"padding": 2}),
    "several chains, filters of a vector and a part": ((2, 2, 22, 30), (LANES + 3, 2, 21, 29), {}),
    "stride 2": ((2, 20, 15, 33), (12, 20, 3, 3), {"stride": 2, "padding": 1}),
    "stride 3, a kernel that leaves gaps": ((2, 9, 20, 40), (10, 9, 2, 2), {"stride": 3}),
    "stride 2 and dilation 2": ((1, 4, 17, 41), (6, 4, 3, 3), {"stride": 2, "dilation": 2, "padding": 3}),
    "a margin wider than the kernel": ((1, 2, 5, 20), (3, 2, 2, 2), {"padding": 4}),
    "stride 4": ((1, 3, 21, 6 * LANES + 5), (9, 3, 5, 5), {"stride": 4, "padding": 2}),
    "more taps than lanes": ((1, 9, 9, 20), (10, 9, 5, 5), {"padding": 2}),
    "channels beyond whole vectors": ((2, 2 * LANES + 3, 7, 9), (11, 2 * LANES + 3, 1, 1), {}),
    "a plane of 1 x 1 taps cut where tiles end": ((1, 300, 23, 29), (9, 300, 1, 1), {}),
    "groups": ((2, 12, 9, 19), (15, 4, 3, 3), {"groups": 3, "padding": 1}),
    "one channel a group": ((2, 10, 9, 19), (10, 1, 3, 3), {"groups": 10}),
    "one position": ((5, 33, 1, 1), (17, 33, 1, 1), {}),
    "a kernel as large as the image": ((6, 6, 3, 4), (15, 2, 3, 4), {"groups": 3}),
    "one output, and zeros around": ((5, 5, 1, 2), (9, 5, 3, 2), {"padding": 1, "stride": 3}),
    "channels of whole vectors, stride 2": ((3, 5 * LANES, 7, 9), (9, 5 * LANES, 3, 3), {"stride": 2, "padding": 1}),
    "filters of one vector, four and a part": ((1, 2, 3, 5), (4 * LANES + 3, 2, 2, 2), {"padding": 1}),
    "stride 2 of a kernel of 1 x 1": ((2, 20, 9, 14), (2 * LANES, 20, 1, 1), {"stride": 2}),
    "stride 3 of kernels in a row": ((1, 20, 11, 13), (LANES, 20, 1, 5), {"stride": 3}),
    "a plane that crowds the cache": ((1, 2 * 16, 16, 16), (LANES, 32, 2, 2), {}),
    "filters of two groups, stride 2": ((2, 2 * ROWS, 11, 9), (2 * LANES + 6, ROWS, 3, 3), {"groups": 2, "stride": 2}),
    "nothing but padding": ((1, 2, 1, 4), (6, 1, 6, 3), {"groups": 2, "stride": 2, "dilation": 3, "padding": 8}),
    "one channel a group, stride 2": ((2, 2, 11, 9), (34, 1, 3, 3), {"groups": 2, "stride": 2, "dilation": 2}),
    "one channel a group, taps of one phase each": ((2, 3, 6, 9), (9, 1, 1, 2), {"groups": 3, "stride": 2}),
    "taps far apart": ((2, 2 * LANES + 3, 21, 23), (2 * LANES + 6, 2 * LANES + 3, 3, 3), {"dilation": 9, "padding": 9}),
    "taps that read nothing": ((1, LANES, 20, 20), (LANES, LANES, 3, 3), {"dilation": 21, "padding": 21}),
    "a band narrower than the result": ((1, 2, 2, 1100), (LANES, 2, 1, 2), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_values_of_pytorch_exactly_on_integers(case: str) -> None:
    shape, kernel, options = CASES[case]
    x, weight = draw(0, shape, kernel)
    (grad,) = draw(1, co.conv2d(x, weight, **options).shape)
    for one, other in zip(results(x, weight, grad, **options), by_pytorch(x, weight, grad, **options), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def _shared_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share out work however little it is."""
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("_shared_out")
@pytest.mark.parametrize("case", CASES)
def test_same_bits_whatever_the_number_of_threads(case: str) -> None:
    shape, kernel, options = CASES[case]
    x, weight = draw(0, shape, kernel, integers=False)
    (grad,) = draw(1, co.conv2d(x, weight, **options).shape, integers=False)
    bits = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(count)
        bits.append([result.tobytes() for result in results(x, weight, grad, **options)])
    assert all(one == bits[0] for one in bits)


@pytest.mark.parametrize(
    "case", ["planes of 7, batch over the ends of panels", "stride 2", "groups", "many blocks of channels"]
)
def test_same_bits_alone_and_in_a_batch(case: str) -> None:
    shape, kernel, options = CASES[case]
    x, weight = draw(0, shape, kernel, integers=False)
    together = co.conv2d(x, weight, **options, backend="direct")
    (grad,) = draw(1, together.shape, integers=False)
    grad_x = co.conv2d_input_grad(grad, weight, shape, **options, backend="direct")
    for n in range(len(x)):
        one = slice(n, n + 1)
        assert co.conv2d(x[one], weight, **options, backend="direct").tobytes() == together[one].tobytes()
        alone = co.conv2d_input_grad(grad[one], weight, (1, *shape[1:]), **options, backend="direct")
        assert alone.tobytes() == grad_x[one].tobytes()


@pytest.fixture
def _plans_forgotten() -> Iterator[None]:
    """Let no plan made under other rules be used again."""
    forget_plans()
    yield
    forget_plans()


def forget_plans() -> None:
    direct_plan.plan_correlation.cache_clear()
    filter_plan.plan_filter_lanes.cache_clear()
    remembered.forget()


@pytest.mark.usefixtures("_plans_forgotten")
def test_same_bits_whatever_the_way_and_the_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = draw(0, (3, 70, 9, 2 * LANES + 3), (11, 70, 3, 3), integers=False)
    expected = co.conv2d(x, weight, padding=1, backend="direct").tobytes()
    monkeypatch.setattr(conv2d_direct, "filter_steps_of", lambda _plan: math.inf)
    constants = [("PLANE_NUMBERS", 1), ("STRUNG_VECTORS", 1), ("LARGEST_BUFFER", 1), ("SUM_NUMBERS", 1)]
    for is_strung, (name, number) in itertools.product((False, True), constants):
        with monkeypatch.context() as changed:
            changed.setattr(direct_plan, "_is_strung", lambda *_, is_strung=is_strung: is_strung)
            changed.setattr(direct_correlation if name == "SUM_NUMBERS" else direct_plan, name, number)
            forget_plans()
            assert co.conv2d(x, weight, padding=1, backend="direct").tobytes() == expected, (is_strung, name)
    monkeypatch.setattr(conv2d_direct, "filter_steps_of", lambda _plan: 0)
    for name, number in (("COPIED_NUMBERS", 1), ("BAND_OUTPUTS", 1), ("BAND_OUTPUTS", 24), ("SUM_NUMBERS", 1)):
        with monkeypatch.context() as changed:
            changed.setattr(filter_lanes if name == "SUM_NUMBERS" else filter_plan, name, number)
            forget_plans()
            assert co.conv2d(x, weight, padding=1, backend="direct").tobytes() == expected, (name, number)


@pytest.mark.usefixtures("_plans_forgotten")
@pytest.mark.parametrize("case", CASES)
def test_values_whichever_the_lanes_are(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Positions in the lanes, or filters, whatever takes fewer steps: the same bits, of the input gradient the same
    values, since the strides of that share blocks of filters."""
    shape, kernel, options = CASES[case]
    x, weight = draw(2, shape, kernel)
    (grad,) = draw(3, co.conv2d(x, weight, **options, backend="direct").shape)
    both = []
    for steps in (0.0, math.inf):
        monkeypatch.setattr(conv2d_direct, "filter_steps_of", lambda _plan, steps=steps: steps)
        forget_plans()
        result = co.conv2d(x / 7, weight, **options, backend="direct").tobytes()
        both.append((result, co.conv2d_input_grad(grad, weight, shape, **options, backend="direct").tolist()))
    assert both[0] == both[1]


@pytest.mark.parametrize(
    "case", ["channels of whole vectors, stride 2", "channels beyond whole vectors", "stride 2 of a kernel of 1 x 1"]
)
def test_same_bits_whatever_the_blocks_of_channels(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    shape, kernel, options = CASES[case]
    # Of a kernel of one tap, the last vector of channels may be a part of one.
    channels = 5 * LANES + (3 if kernel[2] == 1 else 0)
    shape, kernel = (shape[0], channels, *shape[2:]), (kernel[0], channels, *kernel[2:])
    stride, margin = (options.get("stride", 1),) * 2, options.get("padding", 0)
    x, grad = draw(3, shape, co.conv2d(*draw(3, shape, kernel), **options).shape, integers=False)

    def weight_grad() -> np.ndarray:
        bound = direct_weight_grad.bind_conv2d_weight_grad(
            grad, x, kernel, stride=stride, padding=((margin,) * 2,) * 2, dilation=(1, 1), groups=1
        )
        return bound(grad, x)

    whole, plan = weight_grad(), weight_grad_plan.plan_weight_grad.__wrapped__
    monkeypatch.setattr(direct_weight_grad, "plan_weight_grad", plan)
    monkeypatch.setattr(weight_grad_plan, "TURNED_NUMBERS", 1)
    monkeypatch.setattr(weight_grad_plan, "BLOCK_VECTORS", 1)
    np.testing.assert_array_equal(weight_grad(), whole)
    blocks = plan(shape[1:], grad.shape[1:], kernel[2:], stride, (margin,) * 2, (1, 1), 1, FLOAT32)
    assert blocks.channel_blocks > 1


def test_same_bits_however_many_windows_are_copied_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shape, kernel, options = CASES["one output, and zeros around"]
    x, weight, grad = draw(5, shape, kernel, (shape[0], kernel[0], 1, 1), integers=False)
    together = results(x, weight, grad, **options)
    remembered.forget()
    monkeypatch.setattr(single_outputs, "LARGEST_BUFFER", 2 * math.prod(kernel[1:]))
    for one, other in zip(results(x, weight, grad, **options), together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not single_outputs.are_single((1, 1), 3 * kernel[1], kernel[2:])


def test_an_infinite_weight_beyond_the_edge_adds_nothing() -> None:
    weight, grad = np.ones((1, 1, 3, 3), np.float32), np.ones((1, 1, 4, 20), np.float32)
    weight[0, 0, 0, 0] = np.inf
    expected = co.conv2d_input_grad(grad, weight, (1, 1, 6, 22), backend="im2col")
    np.testing.assert_array_equal(co.conv2d_input_grad(grad, weight, (1, 1, 6, 22), backend="direct"), expected)
    assert np.isfinite(expected).any()


@pytest.mark.parametrize("filters", [LANES, 3])
def test_an_infinite_weight_meets_the_zeros_around_an_input(filters: int) -> None:
    """In the convolution they are part of the input; so the result is the same if they are written into it."""
    x, weight = draw(4, (2, 40, 7, 9), (filters, 40, 3, 3))
    weight[1, 30, 0, 2], weight[2, 5, 2, 2] = np.inf, np.nan
    expected = co.conv2d(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), weight, backend="im2col")
    np.testing.assert_array_equal(co.conv2d(x, weight, padding=1, backend="direct"), expected)
    assert np.isnan(expected[:, 1, 0]).all()
    assert np.isinf(expected[:, 1, 2]).any()


def test_what_is_infinite_meets_zeros_that_are_left_out() -> None:
    """Taps so far apart that most, or all, of what one reads is not in the plane."""
    for far, special in itertools.product((9, 18), range(2)):
        x, weight, grad = draw(6, (2, LANES, 18, 17), (LANES, LANES, 3, 3), (2, LANES, 18, 17))
        (weight, grad)[special][1, 2, 0, 1] = np.inf
        padded = np.pad(x, ((0, 0), (0, 0), (far, far), (far, far)))
        convolved = co.conv2d(padded, weight, dilation=far, backend="im2col")
        np.testing.assert_array_equal(co.conv2d(x, weight, padding=far, dilation=far, backend="direct"), convolved)
        of_weight = co.conv2d_weight_grad(grad, padded, weight.shape, dilation=far, backend="im2col")
        found = co.conv2d_weight_grad(grad, x, weight.shape, padding=far, dilation=far, backend="direct")
        np.testing.assert_array_equal(found, of_weight)
        assert np.isnan((convolved, of_weight)[special]).any()


def test_infinite_weights_whatever_the_size_of_the_result() -> None:
    """Many weights and few results, all taps read or not: the weights' own loops do it, for one image and for many."""
    weight, grad = np.ones((40, 24, 3, 3), np.float32), np.ones((2, 40, 2, 2), np.float32)
    weight[3, 5, 0, 2] = np.inf
    for shape, stride in (((2, 24, 4, 4), 1), ((2, 24, 3, 3), 2)):
        options = {"stride": stride, "padding": stride - 1}
        expected = co.conv2d_input_grad(grad, weight, shape, **options, backend="numba")
        result = co.conv2d_input_grad(grad, weight, shape, **options, backend="direct")
        np.testing.assert_array_equal(result, expected)
        alone = co.conv2d_input_grad(grad[:1], weight, (1, *shape[1:]), **options, backend="direct")
        np.testing.assert_array_equal(alone, expected[:1])


def test_steps_larger_than_anything() -> None:
    x = np.arange(30, dtype=np.float32).reshape(1, 1, 5, 6)
    weight = np.ones((1, 1, 1, 1), np.float32)
    options = {"stride": 2**31 - 1, "dilation": 2**31 - 1, "backend": "direct"}
    np.testing.assert_array_equal(co.conv2d(x, weight, **options), x[:, :, :1, :1])
    grad_x, grad_weight, _ = co.conv2d_backward(weight, x + 1, weight, **options)
    np.testing.assert_array_equal(np.flatnonzero(grad_x), [0])
    np.testing.assert_array_equal(grad_weight, weight)


def test_an_empty_batch() -> None:
    x, weight = np.ones((0, 2, 5, 6), np.float32), np.ones((3, 2, 2, 2), np.float32)
    grad = np.ones((0, 3, 4, 5), np.float32)
    shapes = [result.shape for result in results(x, weight, grad)]
    assert shapes == [(0, 3, 4, 5), (0, 2, 5, 6), (3, 2, 2, 2), (3,)]
    assert not direct_weight_grad.conv2d_weight_grad(
        grad, x, weight.shape, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
    ).any()
    assert conv2d_direct.conv2d_bias_grad(grad).tolist() == [0, 0, 0]
