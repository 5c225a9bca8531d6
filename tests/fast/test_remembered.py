"""Calls found in memory do what calls that are checked do: the same bits, and the same errors."""

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import kernels, remembered

X = np.random.default_rng(0).standard_normal((2, 4, 7, 8)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((4, 2, 3, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    remembered.forget()
    yield
    remembered.forget()


class Two(IntEnum):
    TWO = 2


def spellings(*numbers: int) -> st.SearchStrategy[Any]:
    """Ways to write an option, right and wrong, many of them equal to each other without being the same."""
    single = st.sampled_from(
        [
            spelling(n)
            for n in numbers
            for spelling in (int, float, complex, np.int64, np.int8, np.float64, str, np.array)
        ]
        + [True, False, None, Two.TWO, "same", "valid", b"same", np.True_, frozenset({1})]
    )
    several = st.lists(single, max_size=3)
    return (
        single | several | several.map(tuple) | st.tuples(several.map(tuple), st.lists(single, min_size=2, max_size=2))
    )


def outcome(call: Callable[[], Any]) -> Any:
    """The bits of the results, or the error."""
    try:
        results = call()
    except Exception as error:
        return type(error), str(error)
    results = results if isinstance(results, tuple) else (results,)
    return [(result.shape, result.dtype, result.tobytes()) for result in results]


def check_all_alike(call: Callable[..., Any], options: list[dict[str, Any]]) -> None:
    """Each of the calls must come to the same right after the others as it does with an empty memory."""
    afresh = []
    for one in options:
        remembered.forget()
        afresh.append(outcome(lambda one=one: call(**one)))
    remembered.forget()
    for _ in range(2):
        assert [outcome(lambda one=one: call(**one)) for one in options] == afresh


CONVOLUTION = st.fixed_dictionaries(
    {},
    optional={
        "stride": spellings(1, 2),
        "padding": spellings(0, 1),
        "dilation": spellings(1, 2),
        "groups": spellings(2),
        "data_format": st.sampled_from(["NCHW", "NHWC", "nchw", 1, None]),
        "backend": st.sampled_from([None, "im2col", "numba", "scipy-fft", "", "none such", 0, False, ("im2col",), []]),
        "accuracy": st.sampled_from([None, "componentwise", "normwise", "", "best", 1, ["normwise"]]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=st.lists(CONVOLUTION.map(lambda options: {"groups": 2, **options}), min_size=2, max_size=6))
@example(options=[{"stride": 1, "groups": 2}, {"stride": True, "groups": 2}, {"stride": 1.0, "groups": 2}])
@example(
    options=[{"padding": (1, 1), "groups": 2}, {"padding": (1, True), "groups": 2}, {"padding": [1, 1], "groups": 2}]
)
@example(options=[{"groups": 2}, {"groups": 2, "accuracy": ""}, {"groups": 2, "backend": ""}])
@example(options=[{"padding": ((1, 0), (0, 1)), "groups": 2}, {"padding": ((True, 0), (0, 1)), "groups": 2}])
def test_convolutions_however_options_are_written(options: list[dict[str, Any]]) -> None:
    with co.use_backend("im2col"):
        check_all_alike(lambda **one: co.conv2d(X, WEIGHT, **one), options)


SHAPE = st.sampled_from([(2, 4, 7, 8), [2, 4, 7, 8], (2, 4, 7.0, 8), (2, 4, 7), (2, 4, 7, 9), np.array([2, 4, 7, 8])])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes=st.lists(SHAPE, min_size=2, max_size=6))
@example(shapes=[(2, 4, 7, 8), [2, 4, 7, 8], (2, 4, 7.0, 8), (2, 4, np.int64(7), 8)])
def test_gradients_however_shapes_are_written(shapes: list[Any]) -> None:
    grad_output = co.conv2d(X, WEIGHT, groups=2, backend="im2col")
    call = {"groups": 2, "backend": "im2col"}
    check_all_alike(
        lambda input_shape: co.conv2d_input_grad(grad_output, WEIGHT, input_shape, **call),
        [{"input_shape": shape} for shape in shapes],
    )


POOL = st.fixed_dictionaries(
    {"kernel_size": spellings(2, 3)},
    optional={
        "stride": spellings(1, 2) | st.just(()),
        "padding": spellings(0, 1),
        "ceil_mode": st.sampled_from([True, False, 1, 0, np.True_, None]),
        "backend": st.sampled_from(["im2col", "direct", "none such", 1]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=st.lists(POOL, min_size=2, max_size=6), flag=st.sampled_from([True, False, 1, 0]))
@example(options=[{"kernel_size": 2, "ceil_mode": True}, {"kernel_size": 2, "ceil_mode": 1}], flag=True)
def test_pools_however_options_are_written(options: list[dict[str, Any]], flag: Any) -> None:
    with co.use_backend("im2col"):
        check_all_alike(lambda **one: co.max_pool2d(X, **one, return_indices=True), options)
        check_all_alike(lambda **one: co.max_pool2d(X, **one, return_indices=flag), options)
        check_all_alike(lambda **one: co.avg_pool2d(X, **one), options)
        check_all_alike(lambda **one: co.avg_pool2d(X, **one, count_include_pad=flag, divisor_override=flag), options)


def test_the_backend_in_force_counts_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def backend_of_call() -> str:
        whole = np.ones((1, 1, 3, 3), np.int64)
        try:
            co.conv2d(whole, whole)
        except ValueError as error:
            # The backends that do not take integers say their names.
            return str(error).split("'")[1]
        return "another"

    assert backend_of_call() == "another"
    for _ in range(2):
        with co.use_backend("scipy-fft"):
            assert backend_of_call() == "scipy-fft"
            with co.use_backend("direct"):
                assert backend_of_call() == "direct"
            assert backend_of_call() == "scipy-fft"
        assert backend_of_call() == "another"
    co.set_backend("direct")
    assert backend_of_call() == "direct"
    co.set_backend(None)
    assert backend_of_call() == "another"
    monkeypatch.setenv("CONVORACLE_BACKEND", "direct")
    co.set_backend(None)
    assert backend_of_call() == "direct"


def test_the_accuracy_in_force_counts_at_each_call() -> None:
    def call() -> Any:
        return co.conv2d(X, WEIGHT, groups=2, backend="scipy-fft")

    for _ in range(2):
        assert call().shape == (2, 4, 5, 6)
        with (
            co.use_backend("auto", accuracy="componentwise"),
            pytest.raises(ValueError, match="accuracy 'componentwise'"),
        ):
            call()


@pytest.mark.parametrize("backend", ["im2col", "direct"])
def test_values_may_change_between_calls(backend: str) -> None:
    x, weight = X.copy(), WEIGHT.copy()
    before = co.conv2d(x, weight, groups=2, backend=backend)
    x *= 2
    np.testing.assert_array_equal(co.conv2d(x, weight, groups=2, backend=backend), 2 * before)
    weight *= 2
    again = co.conv2d(x, weight, groups=2, backend=backend)
    np.testing.assert_array_equal(again, 4 * before)
    again[...] = 0
    np.testing.assert_array_equal(co.conv2d(x, weight, groups=2, backend=backend), 4 * before)


def test_indices_are_checked_at_each_call() -> None:
    values, indices = co.max_pool2d(X, 2, return_indices=True)
    for _ in range(2):
        co.max_pool2d_backward(values, indices, X.shape)
        for wrong in (-1, 56):
            with pytest.raises(ValueError, match=f"indices must be between 0 and H \\* W - 1 = 55, got .*{wrong}"):
                co.max_pool2d_backward(values, np.where(indices == indices.max(), wrong, indices), X.shape)
    swapped = indices.astype(indices.dtype.newbyteorder())
    for _ in range(2):
        expected = co.max_pool2d_backward(values, indices, X.shape)
        np.testing.assert_array_equal(co.max_pool2d_backward(values, swapped, X.shape), expected)


def test_classes_are_checked_at_each_call() -> None:
    logits = X.reshape(-1, 8)
    for dtype in (np.int64, np.int8):
        targets = np.arange(len(logits)).astype(dtype) % 8
        for _ in range(2):
            assert np.isfinite(co.cross_entropy(logits, targets))
            for wrong in (-1, 8):
                with pytest.raises(ValueError, match=f"targets must be between 0 and 7, got {wrong}"):
                    co.cross_entropy(logits, np.where(targets == 3, wrong, targets).astype(dtype))


SQUARE, FILTERS = X.reshape(-1, 8), np.ones((5, 4, 4, 3, 2, 2), np.float32)
DOORS: dict[str, Callable[[], Any]] = {
    "conv1d": lambda: co.conv1d(X[:, :, 0], WEIGHT[:, :, 0], groups=2),
    "conv2d": lambda: co.conv2d(X, WEIGHT, groups=2),
    "conv3d": lambda: co.conv3d(X[:, :, None], WEIGHT[:, :, None], groups=2),
    "conv_transpose2d": lambda: co.conv_transpose2d(X, WEIGHT, groups=2),
    "conv_transpose2d_input_grad": lambda: co.conv_transpose2d_input_grad(X, WEIGHT, (2, 4, 5, 6), groups=2),
    "conv_transpose2d_weight_grad": lambda: co.conv_transpose2d_weight_grad(X, X[:, :, :5, :6], (4, 2, 3, 3), groups=2),
    "conv_transpose2d_backward": lambda: co.conv_transpose2d_backward(X, X[:, :, :5, :6], WEIGHT, groups=2),
    "locally_connected2d": lambda: co.locally_connected2d(X[:, :3, :6, :5], FILTERS),
    "locally_connected2d_backward": lambda: co.locally_connected2d_backward(
        X[:, :4, :5, :4], X[:, :3, :6, :5], FILTERS
    ),
    "max_pool2d": lambda: co.max_pool2d(X, 2),
    "avg_pool2d": lambda: co.avg_pool2d(X, 2),
    "linear": lambda: co.linear(SQUARE, SQUARE[:3]),
    "linear_backward": lambda: co.linear_backward(SQUARE[:, :3], SQUARE, SQUARE[:3]),
    "relu": lambda: co.relu(X),
    "relu_backward": lambda: co.relu_backward(X, X),
    "sigmoid": lambda: co.sigmoid(X),
    "sigmoid_backward": lambda: co.sigmoid_backward(X, X),
    "softmax": lambda: co.softmax(X),
    "softmax_backward": lambda: co.softmax_backward(X, X),
    "log_softmax": lambda: co.log_softmax(X),
    "log_softmax_backward": lambda: co.log_softmax_backward(X, X),
    "cross_entropy": lambda: co.cross_entropy(SQUARE, np.zeros(len(SQUARE), np.int64)),
    "euclidean_loss": lambda: co.euclidean_loss(SQUARE, SQUARE),
    "mean_subtract": lambda: co.mean_subtract(X),
    "mean_subtract_backward": lambda: co.mean_subtract_backward(X),
    "downsample2d": lambda: co.downsample2d(X, 2),
    "downsample2d_backward": lambda: co.downsample2d_backward(X, (2, 4, 14, 16), 2),
    "upsample2d": lambda: co.upsample2d(X, 2),
    "upsample2d_backward": lambda: co.upsample2d_backward(X, (2, 4, 4, 4), 2),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_chooses_once(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    choose = kernels.choose_kernel

    def note(operation: str, *arguments: Any) -> Any:
        chosen.append(operation)
        return choose(operation, *arguments)

    monkeypatch.setattr(kernels, "choose_kernel", note)
    with co.use_backend("im2col"):
        first, again = (outcome(DOORS[door]) for _ in range(2))
    assert first == again
    assert isinstance(first, list), first
    assert chosen == [door]


def test_kernels_get_plain_arrays_whatever_was_called_before(lay_out: Callable[[np.ndarray], np.ndarray]) -> None:
    got: list[np.ndarray] = []

    def bind(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        def call(x: np.ndarray) -> np.ndarray:
            got.append(x)
            return x.copy()

        return call

    kernel = kernels.kernel_of(bind, arrays=1)
    calls: dict[Any, Callable[..., Any]] = {}
    for x in (X, lay_out(X), X, lay_out(X)):
        key, _ = remembered.recall("copy", (x,), (), "im2col")
        if key not in calls:
            calls[key] = kernels.bind_kernel(kernel, "float32", (x,), (), {})
        np.testing.assert_array_equal(calls[key](x), X)
    assert all(x.flags.carray and x.dtype == np.dtype(np.float32) for x in got)


def test_a_kernel_called_by_another_is_bound_once_for_arrays_of_the_same_shapes() -> None:
    bound: list[tuple[int, ...]] = []

    def bind(x: np.ndarray, factor: int, *, shift: int) -> Callable[[np.ndarray], np.ndarray]:
        bound.append(x.shape)
        return lambda x: x * factor + shift

    kernel = kernels.kernel_of(bind, arrays=1)
    for size in (3, 4, 3, 4):
        for factor in (1, 2):
            np.testing.assert_array_equal(kernel(np.ones(size), factor, shift=5), np.full(size, factor + 5.0))
    assert bound == [(3,), (3,), (4,), (4,)]
    np.testing.assert_array_equal(kernel(np.ones(3), np.arange(3), shift=0), np.arange(3))


@pytest.mark.parametrize("backend", ["im2col", "direct"])
def test_arrays_of_every_layout_after_a_plain_one(
    backend: str, lay_out: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    expected = co.conv2d(X, WEIGHT, groups=2, backend=backend).tobytes()
    for _ in range(2):
        laid_out = lay_out(X)
        assert co.conv2d(laid_out, lay_out(WEIGHT), groups=2, backend=backend).tobytes() == expected
        np.testing.assert_array_equal(laid_out, X)
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=X.shape)
    mapped[...] = X
    result = co.conv2d(mapped, WEIGHT, groups=2, backend=backend)
    assert type(result) is np.ndarray
    assert result.tobytes() == expected


def test_arrays_that_are_none_after_a_plain_one() -> None:
    co.conv2d(X, WEIGHT, groups=2)
    for other in (np.ma.masked_array(X), X.tolist(), X[0], X.astype(np.float64), X.astype(complex), None):
        with pytest.raises((TypeError, ValueError), match=r"^conv2d: "):
            co.conv2d(other, WEIGHT, groups=2)


@pytest.mark.parametrize("backend", ["im2col", "direct"])
def test_no_array_is_kept(backend: str) -> None:
    x, weight, bias = X.copy(), WEIGHT.copy(), np.ones(4, np.float32)
    kept = [weakref.ref(array) for array in (x, weight, bias)]
    result = co.conv2d(x, weight, bias, groups=2, backend=backend)
    kept += [weakref.ref(array) for array in co.conv2d_backward(result, x, weight, groups=2, backend=backend)]
    kept += [weakref.ref(co.avg_pool2d(x, 2, backend=backend)), weakref.ref(co.max_pool2d(x, 2, backend=backend))]
    del x, weight, bias, result
    gc.collect()
    assert [ref() for ref in kept] == [None] * len(kept)


def test_an_array_of_another_shape_is_another_call() -> None:
    x = X.copy()
    for shape in (x.shape, (4, 4, 7, 4), (1, 4, 14, 8)):
        np.testing.assert_array_equal(
            co.conv2d(x.reshape(shape), WEIGHT, groups=2, backend="direct").shape,
            (shape[0], 4, shape[2] - 2, shape[3] - 2),
        )


def test_few_calls_are_remembered_and_the_oldest_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "CAPACITY", 3)
    for stride in (1, 2, 3, 4, 5, 4, 3):
        co.conv2d(X, WEIGHT, groups=2, stride=stride, backend="im2col")
        assert len(remembered._calls) <= 3
    keys = [remembered.recall("conv2d", (X, WEIGHT, None), (s, 0, 1, 2), "im2col") for s in (1, 2, 3, 4, 5)]
    assert [call is not None for _, call in keys] == [False, False, True, True, True]


def test_a_call_that_raises_is_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="kernel"):
            co.conv2d(X[:, :, :2], WEIGHT, groups=2)
        with pytest.raises(TypeError, match="stride"):
            co.conv2d(X, WEIGHT, groups=2, stride=1.0)  # type: ignore[arg-type]
    assert not remembered._calls


def test_from_several_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # With so little room, calls are forgotten while others are looked for.
    monkeypatch.setattr(remembered, "CAPACITY", 2)
    cases = [{"stride": s, "padding": p, "backend": b} for s in (1, 2) for p in (0, 1) for b in ("im2col", "direct")]
    expected = [co.conv2d(X, WEIGHT, groups=2, **case).tobytes() for case in cases]

    def call(number: int) -> bool:
        case = number % len(cases)
        return co.conv2d(X, WEIGHT, groups=2, **cases[case]).tobytes() == expected[case]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(400)))
