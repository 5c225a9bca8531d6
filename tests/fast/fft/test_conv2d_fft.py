"""Convolutions by products of spectra where blocks and tiles end; the public side is tested with the other backends."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest

import convoracle as co
from convoracle.fast import threads
from convoracle.fast.fft import conv2d as conv2d_fft
from convoracle.fast.fft import correlation, plan
from convoracle.fast.fft import weight_grad as fft_weight_grad
from convoracle.harness import bounds

Case = tuple[tuple[int, ...], tuple[int, ...], dict[str, int]]

CASES: dict[str, Case] = {
    "one block": ((2, 1, 20, 23), (1, 1, 5, 4), {"padding": 2}),
    "many blocks": ((1, 1, 150, 170), (1, 1, 5, 7), {"padding": 3}),
    "depthwise": ((2, 5, 30, 31), (5, 1, 9, 9), {"padding": 4, "groups": 5}),
    "groups of channels and filters": ((2, 6, 20, 21), (8, 3, 5, 4), {"groups": 2}),
    "stride": ((2, 2, 33, 40), (3, 2, 5, 4), {"stride": 3, "padding": 2}),
    "dilation": ((1, 2, 33, 40), (3, 2, 3, 4), {"dilation": 3, "padding": 2}),
    "stride and dilation": ((2, 2, 33, 40), (2, 1, 3, 4), {"stride": 2, "dilation": 3, "padding": 5, "groups": 2}),
    "a margin wider than the kernel": ((1, 1, 5, 6), (2, 1, 2, 2), {"padding": 9}),
    "rows that no window reaches": ((1, 1, 11, 12), (2, 1, 2, 2), {"stride": 4}),
}


def operands(case: Case, *, integers: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The input, the weights and an output gradient."""
    shape, kernel, options = case
    rng = np.random.default_rng(0)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return rng.integers(-1, 2, shape).astype(float) if integers else rng.standard_normal(shape)

    x, weight = draw(shape), draw(kernel)
    return x, weight, draw(co.conv2d(x, weight, **options, backend="im2col").shape)


def results(case: Case, x: np.ndarray, weight: np.ndarray, grad: np.ndarray, backend: str = "fft") -> list[np.ndarray]:
    """The convolution and its gradients."""
    return [
        co.conv2d(x, weight, **case[2], backend=backend),
        *co.conv2d_backward(grad, x, weight, **case[2], backend=backend),
    ]


def are_right(case: Case, x: np.ndarray, weight: np.ndarray, grad: np.ndarray) -> None:
    """Rounded they are the exact integers: the proven error of all of them is less than a half."""
    largest = max(array[0].size if array is not weight else array.size for array in (x, weight, grad))
    norm = max(np.linalg.norm(a) * np.abs(b).sum() for a in (x, weight, grad) for b in (x, weight, grad))
    assert bounds.fft(2 * np.log2(64 * largest), largest, norm, "float64") < 0.5
    for one, other in zip(results(case, x, weight, grad), results(case, x, weight, grad, "im2col"), strict=True):
        assert one.flags.c_contiguous
        np.testing.assert_array_equal(np.rint(one), other)


@pytest.mark.parametrize("name", CASES)
def test_integers_exactly_by_rounding(name: str) -> None:
    are_right(CASES[name], *operands(CASES[name]))


@pytest.fixture
def _plans_forgotten() -> Iterator[None]:
    """Let no plan made under other rules be used again."""
    plan.plan_blocks.cache_clear()
    yield
    plan.plan_blocks.cache_clear()


@pytest.mark.usefixtures("_plans_forgotten")
@pytest.mark.parametrize("name", ["STACK_BYTES", "TILE_BYTES", "PLANE_BYTES"])
def test_a_plane_or_a_block_at_a_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, name, 1)
    monkeypatch.setattr(fft_weight_grad, "TILE_BYTES", 1)
    monkeypatch.setattr(correlation, "TILE_BYTES", 1)
    for case in ("groups of channels and filters", "stride and dilation", "many blocks"):
        are_right(CASES[case], *operands(CASES[case]))


def test_long_images_are_cut_into_blocks() -> None:
    chosen = plan.plan_blocks((4000, 40), (1, 1), (5, 5), 1, 1, 1, np.dtype(np.float32))
    assert chosen.lengths[0] < 4000
    assert chosen.lengths[1] == 44 + 1


@pytest.fixture
def _shared_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share out work however little it is."""
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("_shared_out")
@pytest.mark.parametrize("name", ["many blocks", "depthwise", "stride and dilation"])
def test_same_bits_whatever_the_number_of_threads(name: str) -> None:
    arrays = operands(CASES[name], integers=False)
    bits = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(count)
        bits.append([result.tobytes() for result in results(CASES[name], *arrays)])
    assert all(one == bits[0] for one in bits)


@pytest.mark.parametrize("name", ["many blocks", "depthwise", "groups of channels and filters"])
def test_same_bits_alone_in_a_batch_and_prepared(name: str) -> None:
    shape, kernel, options = CASES[name]
    case = ((3, *shape[1:]), kernel, options)
    x, weight, grad = (array.astype(np.float32) for array in operands(case, integers=False))
    out, grad_x = results(case, x, weight, grad)[:2]
    padding = options.get("padding", 0)
    prepared = conv2d_fft.prepare(
        weight, (1, *shape[1:]), stride=(1, 1), padding=((padding, padding),) * 2, dilation=(1, 1),
        groups=options.get("groups", 1),
    )  # fmt: skip
    assert conv2d_fft.conv2d_prepared(x, prepared, None).tobytes() == out.tobytes()
    for n in range(len(x)):
        alone = results(case, x[n : n + 1], weight, grad[n : n + 1])
        assert alone[0].tobytes() == out[n].tobytes()
        assert alone[1].tobytes() == grad_x[n].tobytes()


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e200])
def test_what_is_not_finite_is_as_in_a_direct_convolution(value: float) -> None:
    case = ((3, 2, 12, 13), (2, 1, 3, 4), {"groups": 2, "padding": 1})
    arrays = operands(case, integers=False)
    plain = results(case, *arrays)
    for number, touched in ((0, (0, 2)), (1, (0, 1)), (2, (1, 2, 3))):
        special: list[Any] = [array.copy() for array in arrays]
        # 1e200 is finite, and so are its products; the sum of their squares in a transform need not be.
        special[number].reshape(-1)[special[number].size // 2] = value
        found, wanted = results(case, *special), results(case, *special, backend="direct")
        for n in touched:
            np.testing.assert_array_equal(np.isfinite(found[n]), np.isfinite(wanted[n]))
        if number == 0 and not np.isfinite(value):
            # Images beside it are not touched, and its own has the values of the direct convolution.
            assert found[0][0].tobytes() == plain[0][0].tobytes()
            assert found[0][1].tobytes() == wanted[0][1].tobytes()


def test_huge_numbers_that_overflow_in_the_transform_are_computed_again() -> None:
    x, weight = np.full((1, 1, 8, 9), 3e38, np.float32), np.full((1, 1, 1, 1), 0.5, np.float32)
    np.testing.assert_array_equal(co.conv2d(x, weight, backend="fft"), x * np.float32(0.5))


def test_workspace_is_bounded() -> None:
    x, weight = np.zeros((1, 64, 96, 96), np.float32), np.zeros((96, 64, 9, 9), np.float32)
    out = co.conv2d(x, weight, padding=4, backend="fft")
    for call in (
        lambda: co.conv2d(x, weight, padding=4, backend="fft"),
        lambda: co.conv2d_input_grad(out, weight, x.shape, padding=4, backend="fft"),
        lambda: co.conv2d_weight_grad(out[:, :8], x, (8, *weight.shape[1:]), padding=4, backend="fft"),
    ):
        tracemalloc.start()
        size = call().nbytes
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak - size < 64 << 20


def test_an_empty_batch() -> None:
    x, weight, grad = np.ones((0, 2, 5, 6)), np.ones((2, 1, 3, 3)), np.ones((0, 2, 3, 4))
    shapes = [result.shape for result in results((x.shape, weight.shape, {"groups": 2}), x, weight, grad)]
    assert shapes == [(0, 2, 3, 4), (0, 2, 5, 6), (2, 1, 3, 3), (2,)]
