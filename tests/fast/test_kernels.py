"""How kernels are called: chosen once for arguments of the same shapes, with plain arrays, and bound once."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import kernels, remembered

X = np.random.default_rng(0).standard_normal((2, 4, 7, 8)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((4, 2, 3, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    remembered.forget()
    yield
    remembered.forget()


def bits(results: Any) -> list[bytes]:
    """The bits of the results of a call."""
    return [np.asarray(result).tobytes() for result in (results if isinstance(results, tuple) else (results,))]


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
        first, again = (bits(DOORS[door]()) for _ in range(2))
    assert first == again
    assert chosen == [door]


def test_kernels_get_plain_arrays_whatever_was_called_before(lay_out: Callable[[np.ndarray], np.ndarray]) -> None:
    got: list[np.ndarray] = []

    def bind(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        def call(x: np.ndarray) -> np.ndarray:
            got.append(x)
            return x.copy()

        return call

    kernel = kernels.kernel_from(bind, arrays=1)
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

    kernel = kernels.kernel_from(bind, arrays=1)
    for size in (3, 4, 3, 4):
        for factor in (1, 2):
            np.testing.assert_array_equal(kernel(np.ones(size), factor, shift=5), np.full(size, factor + 5.0))
    assert bound == [(3,), (3,), (4,), (4,)]
    np.testing.assert_array_equal(kernel(np.ones(3), np.arange(3), shift=0), np.arange(3))


def test_a_kernel_is_kept_bound_to_so_many_shapes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "BOUND", 3)
    bound: list[int] = []
    call: weakref.ref[Any] | None = None

    def bind(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        nonlocal call
        bound.append(len(x))

        def copy(x: np.ndarray) -> np.ndarray:
            return x.copy()

        call = weakref.ref(copy)
        return copy

    kernel = kernels.kernel_from(bind, arrays=1)
    kept = []
    for size in (1, 2, 3, 1, 2, 3, 4, 4):
        kernel(np.ones(size))
        kept.append(call)
    assert bound == [1, 2, 3, 4]
    gc.collect()
    assert [reference is not None and reference() is not None for reference in (kept[0], kept[-1])] == [False, True]
