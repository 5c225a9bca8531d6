"""Winograd's kernels where tiles, bands, panels and chains end; the public side is tested with the other backends."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

import convoracle as co
from convoracle.fast import remembered, threads
from convoracle.fast.simd.vectors import VECTOR_BITS, lanes_of
from convoracle.fast.winograd import conv2d as winograd
from convoracle.fast.winograd import convolution, few_channels, one_axis, plan, weight_grad_plan, workspace
from convoracle.harness import bounds

NAMES = ("conv2d", "input_grad", "weight_grad", "bias_grad")


class Layer(NamedTuple):
    """A layer of square kernels, and so many images."""

    n: int
    c: int
    size: tuple[int, int]
    f: int
    groups: int = 1
    padding: Any = 1
    dilation: tuple[int, int] = (1, 1)
    taps: int = 3

    def outputs(self) -> tuple[int, int]:
        pads = self.padding if isinstance(self.padding, tuple) else ((self.padding,) * 2,) * 2
        rows, columns = (
            size + sum(ends) - (self.taps - 1) * step
            for size, ends, step in zip(self.size, pads, self.dilation, strict=True)
        )
        return rows, columns

    def options(self) -> dict[str, Any]:
        return {"padding": self.padding, "dilation": self.dilation, "groups": self.groups}

    def integers(self, dtype: str) -> tuple[np.ndarray, ...]:
        """x, weight, bias and grad_output of the integers -1, 0 and 1."""
        rng = np.random.default_rng(self.c * self.f)
        shapes = (
            (self.n, self.c, *self.size),
            (self.f, self.c // self.groups, self.taps, self.taps),
            (self.f,),
            (self.n, self.f, *self.outputs()),
        )
        return tuple(rng.integers(-1, 2, shape).astype(dtype) for shape in shapes)

    def floats(self, dtype: str) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng(self.c * self.f)
        return tuple(rng.standard_normal(operand.shape).astype(dtype) for operand in self.integers(dtype))


LAYERS = {
    "smaller than a tile": Layer(2, 3, (1, 2), 5),
    "a line of two-tiles": Layer(1, 4, (1, 40), 3, padding=((1, 1), (2, 0))),
    "padding beyond the window": Layer(1, 2, (3, 4), 7, padding=((4, 0), (1, 5))),
    "cropped": Layer(3, 3, (9, 6), 4, padding=0),
    "groups, channels fill no vector": Layer(3, 12, (7, 7), 20, groups=4),
    "tails everywhere": Layer(2, 19, (13, 11), 21),
    "more filters than a panel": Layer(1, 5, (6, 9), 70),
    "more channels than filters": Layer(2, 37, (5, 10), 2),
    "more images than a band": Layer(40, 3, (7, 5), 4),
    "several bands": Layer(1, 4, (50, 33), 6),
    "a row of tiles in several bands": Layer(1, 2, (5, 3000), 3),
    "dilated rows": Layer(2, 3, (11, 9), 5, padding=2, dilation=(2, 1)),
    "dilated columns": Layer(2, 3, (9, 11), 5, dilation=(1, 2)),
    "phases with a tile more": Layer(1, 3, (33, 18), 4, padding=((7, 9), (4, 4)), dilation=(8, 4)),
    "phases without outputs": Layer(1, 2, (7, 9), 3, padding=12, dilation=(12, 12)),
    "dilated, several bands": Layer(1, 4, (60, 50), 6, padding=3, dilation=(3, 2)),
    "dilated, a row in several bands": Layer(1, 2, (5, 3000), 3, dilation=(1, 3)),
    "dilated, several images in a band": Layer(7, 2, (6, 8), 3, groups=1, padding=((3, 1), (0, 4)), dilation=(2, 3)),
    "5x5, smaller than a kernel": Layer(2, 3, (1, 2), 5, padding=2, taps=5),
    "5x5, padding beyond the window": Layer(1, 2, (3, 4), 7, padding=((6, 0), (1, 7)), taps=5),
    "5x5, cropped": Layer(3, 3, (9, 6), 4, padding=0, taps=5),
    "5x5, tails everywhere": Layer(2, 19, (13, 11), 37, padding=((2, 1), (3, 2)), taps=5),
    "5x5, more channels than filters": Layer(2, 37, (5, 10), 2, padding=2, taps=5),
    "5x5, groups": Layer(3, 12, (7, 7), 20, groups=4, padding=2, taps=5),
    "5x5, a row of tiles in several bands": Layer(1, 2, (5, 3000), 3, padding=2, taps=5),
    "5x5, few channels, more filters than a tile": Layer(2, 3, (9, 29), 7, padding=((2, 1), (0, 4)), taps=5),
    "5x5, dilated, several bands": Layer(1, 4, (60, 50), 6, padding=6, dilation=(3, 2), taps=5),
}


def results(layer: Layer, operands: tuple[np.ndarray, ...], backend: str = "winograd") -> dict[str, np.ndarray]:
    """The convolution and its gradients."""
    x, weight, bias, grad = operands
    out = co.conv2d(x, weight, bias, **layer.options(), backend=backend)
    gradients = co.conv2d_backward(grad, x, weight, **layer.options(), backend=backend)
    return dict(zip(NAMES, (out, *gradients), strict=True))


def exact(layer: Layer) -> dict[str, np.ndarray]:
    """The same in integers."""
    return results(layer, layer.integers("int64"), "im2col")


def in_float64(layer: Layer, operands: tuple[np.ndarray, ...]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The same in float64 by another backend, and the componentwise bounds on the errors of that."""
    wide = tuple(operand.astype(np.float64) for operand in operands)
    found, sizes = (results(layer, arrays, "im2col") for arrays in (wide, tuple(map(np.abs, wide))))
    terms = max(layer.taps**2 * max(layer.c, layer.f) + 1, layer.n * found["conv2d"][0, 0].size)
    return found, {name: bounds.componentwise(sizes[name], found[name], terms, "float64") for name in NAMES}


def proven_bounds(layer: Layer, operands: tuple[np.ndarray, ...], dtype: str) -> dict[str, float]:
    """The harness's normwise bounds of the convolution and its gradients; a rounding for each term of the bias's."""
    x, weight, bias, grad = (np.abs(operand.astype(np.float64)) for operand in operands)
    of_filter = weight.sum(axis=(1, 2, 3)).max()
    of_channel = weight.reshape(layer.groups, -1, *weight.shape[1:]).sum(axis=(1, 3, 4)).max()
    outputs = layer.n * grad[0, 0].size
    return {
        "conv2d": bounds.winograd(layer.c // layer.groups, of_filter * x.max() + bias.max(), dtype),
        "input_grad": bounds.winograd(layer.f // layer.groups, of_channel * grad.max(), dtype),
        "weight_grad": bounds.winograd(outputs, grad.sum(axis=(0, 2, 3)).max() * x.max(), dtype),
        "bias_grad": bounds.gamma(outputs, bounds.UNIT_ROUNDOFF[dtype]) * grad.sum(axis=(0, 2, 3)).max(),
    }


@pytest.fixture
def _tiles_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compute few channels by tiles, too."""
    if request.param:
        monkeypatch.setattr(few_channels, "FEW", 0)
        remembered.forget()
    yield
    remembered.forget()


@pytest.mark.parametrize("_tiles_only", [False, True], ids=["as it is chosen", "by tiles"], indirect=True)
@pytest.mark.usefixtures("_tiles_only")
@pytest.mark.parametrize("name", LAYERS)
def test_integers_come_out_exactly_where_the_bound_is_below_one_half(name: str) -> None:
    layer = LAYERS[name]
    expected = exact(layer)
    for dtype in ("float64", "float32"):
        operands = layer.integers(dtype)
        bound = proven_bounds(layer, operands, dtype)
        assert dtype == "float32" or max(bound.values()) < 0.5
        for result, got in results(layer, operands).items():
            assert got.dtype == dtype
            assert got.flags.c_contiguous
            assert got.flags.writeable
            if bound[result] < 0.5:
                np.testing.assert_array_equal(np.rint(got), expected[result], err_msg=result)
            else:
                assert np.abs(got - expected[result]).max() <= bound[result], result


def test_no_images() -> None:
    layer = Layer(0, 4, (5, 6), 3)
    got = results(layer, layer.integers("float32"))
    assert [array.shape for array in got.values()] == [(0, 3, 5, 6), (0, 4, 5, 6), (3, 4, 3, 3), (3,)]
    assert not got["weight_grad"].any()


LARGE = Layer(3, 150, (18, 22), 130)
"""More than one chain of channels and several panels; weights too many to be kept."""


@pytest.fixture
def always_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let two threads be used for any work, and put Numba's number back."""
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("always_threads")
@pytest.mark.parametrize(
    "layer",
    [
        LARGE,
        Layer(5, 12, (32, 32), 12),
        Layer(2, 16, (9, 80), 24, groups=2, padding=2, taps=5),
        Layer(3, 20, (35, 31), 18, padding=4, dilation=(4, 3)),
    ],
)
def test_bits_depend_on_the_image_alone(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads, what else is in the batch, bands, and when weights are transformed: nothing of it changes a bit."""
    x, weight, bias, grad = operands = layer.floats("float32")
    numba.set_num_threads(1)
    expected = results(layer, operands)
    bound = proven_bounds(layer, operands, "float32")
    truth, own_error = in_float64(layer, operands)
    for name, got in expected.items():
        assert (np.abs(got - truth[name]) <= bound[name] + own_error[name]).all()

    def check(got: dict[str, np.ndarray], names: tuple[str, ...] = NAMES[:3]) -> None:
        for name in names:
            assert got[name].tobytes() == expected[name].tobytes(), name

    numba.set_num_threads(2)
    check(results(layer, operands))
    alone = results(layer, (x[1:2], weight, bias, grad[1:2]))
    for name in ("conv2d", "input_grad"):
        assert alone[name].tobytes() == expected[name][1:2].tobytes(), name
    choose, schedules = convolution.choose_schedule, set()

    def choose_and_see(*arguments: Any, **options: Any) -> Any:
        chosen = choose(*arguments, **options)
        schedules.add(chosen)
        return chosen

    def results_anew() -> dict[str, np.ndarray]:
        """What calls remember, they have planned with other constants."""
        remembered.forget()
        convolution.bind_convolution.cache_clear()
        return results(layer, operands)

    monkeypatch.setattr(convolution, "choose_schedule", choose_and_see)
    # Weights transformed before and kept; passed by; bands of few tiles, of all tiles.
    for small, kept, band in (
        (1 << 30, 0, 1 << 10),
        (1 << 30, 0, 1 << 30),
        (0, 0, 0),
        (0, 1 << 17, 0),
        (0, 1 << 30, 0),
    ):
        monkeypatch.setattr(convolution, "SMALL_WEIGHTS", small)
        monkeypatch.setattr(convolution, "KEPT_BYTES", kept)
        monkeypatch.setattr(plan, "BAND_BYTES", band)
        check(results_anew(), ("conv2d", "input_grad"))
    assert len(schedules) > 4
    monkeypatch.setattr(weight_grad_plan, "SUM_BYTES", 1)
    monkeypatch.setattr(workspace, "KEPT_BYTES", 0)
    monkeypatch.setattr(workspace, "CALL_BYTES", 0)
    check(results_anew())


@pytest.mark.usefixtures("always_threads")
@pytest.mark.parametrize("taps", [3, 5])
def test_bits_of_few_channels_depend_on_the_image_alone(taps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer(3, 6, (11, 93), 10, groups=2, padding=taps // 2, taps=taps)
    lanes = lanes_of(np.dtype(np.float32))
    assert few_channels.fits(5, 93, (1, 1), lanes, 4) == (VECTOR_BITS == few_channels.BITS)
    x, weight, bias, grad = operands = layer.floats("float32")
    numba.set_num_threads(1)
    expected = results(layer, operands)
    bound = proven_bounds(layer, operands, "float32")
    truth, own_error = in_float64(layer, operands)
    alone = results(layer, (x[1:2], weight, bias, grad[1:2]))
    numba.set_num_threads(2)
    by_two = results(layer, operands)
    monkeypatch.setattr(one_axis, "ROW_BYTES", 0)
    one_axis.plan_rows.cache_clear()
    remembered.forget()
    in_bands = results(layer, operands)
    one_axis.plan_rows.cache_clear()
    remembered.forget()
    for name in ("conv2d", "input_grad"):
        assert (np.abs(expected[name] - truth[name]) <= bound[name] + own_error[name]).all()
        assert alone[name].tobytes() == expected[name][1:2].tobytes(), name
        assert by_two[name].tobytes() == in_bands[name].tobytes() == expected[name].tobytes(), name


@pytest.mark.parametrize("layer", [LARGE, LAYERS["5x5, groups"], Layer(2, 5, (9, 32), 70, padding=2, taps=5)])
def test_prepared_weights_give_the_same_bits(layer: Layer) -> None:
    x, weight, bias, _ = layer.floats("float32")
    ends = (layer.padding, layer.padding)
    options: Any = {"stride": (1, 1), "padding": (ends, ends), "dilation": (1, 1), "groups": layer.groups}
    expected = winograd.conv2d(x, weight, bias, **options)
    changed = weight.copy()
    prepared = winograd.prepare(changed, (1, *x.shape[1:]), **options)
    changed[:] = np.nan
    assert winograd.conv2d_prepared(x, prepared, bias).tobytes() == expected.tobytes()
    x[1, 0, 3, 3] = np.inf
    expected = winograd.conv2d(x, weight, bias, **options)
    assert winograd.conv2d_prepared(x, prepared, bias).tobytes() == expected.tobytes()
    assert weight.nbytes < prepared.nbytes < 64 * weight.nbytes
