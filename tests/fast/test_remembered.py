"""Calls found in memory do what calls that are checked do: the same bits, and the same errors."""

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import remembered

X = np.random.default_rng(0).standard_normal((2, 4, 7, 8)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((4, 2, 3, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    remembered.forget()
    yield
    remembered.forget()


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
