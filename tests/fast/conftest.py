"""Fixtures of the tests of `fast`: the backends, the memory layouts, and one call of every operation."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import convoracle as co

BACKENDS = ("im2col", "numba", "scipy", "scipy-fft")


LayOut = Callable[[np.ndarray], np.ndarray]


class Call(NamedTuple):
    """The arguments of one call of an operation, floats in `dtype`."""

    operation: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(
        self, *, backend: str, lay_out: Callable[[np.ndarray], np.ndarray] = np.copy
    ) -> tuple[np.ndarray, ...]:
        """Run it on arrays in a layout; whatever comes out, as a tuple. Fails if an array was changed or is aliased."""
        laid_out = [lay_out(a) if isinstance(a, np.ndarray) else a for a in self.arguments]
        results = getattr(co, self.operation)(*laid_out, **self.options, backend=backend)
        results = results if isinstance(results, tuple) else (results,)
        for before, after in zip(self.arguments, laid_out, strict=True):
            if isinstance(before, np.ndarray):
                np.testing.assert_array_equal(after, before)
                assert not any(np.shares_memory(result, after) for result in results)
        return results


def example_call(operation: str, dtype: str, *, trivial: bool = False) -> Call:
    """One call on random data; a trivial one has 1x1 windows, for which returning the input would be right too."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        is_integer = np.dtype(dtype).kind == "i"
        return (rng.integers(-9, 10, shape) if is_integer else rng.standard_normal(shape)).astype(dtype)

    conv: dict[str, Any]
    pool: dict[str, Any]
    if trivial:
        shape, kernel, conv_out, pool_out = (2, 1, 5, 6), (1, 1, 1, 1), (2, 1, 5, 6), (2, 1, 5, 6)
        weight, bias = np.ones(kernel, dtype), None
        conv, pool = {}, {"kernel_size": 1}
    else:
        shape, kernel, conv_out, pool_out = (3, 4, 7, 8), (6, 2, 3, 2), (3, 6, 3, 3), (3, 4, 4, 3)
        weight, bias = draw(*kernel), draw(6)
        conv = {"stride": (2, 3), "padding": ((1, 2), (0, 1)), "dilation": (2, 1), "groups": 2}
        pool = {"kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "ceil_mode": True}
    indices = rng.integers(0, shape[2] * shape[3], pool_out)
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "conv2d": ((draw(*shape), weight, bias), conv),
        "conv2d_input_grad": ((draw(*conv_out), weight, shape), conv),
        "conv2d_weight_grad": ((draw(*conv_out), draw(*shape), kernel), conv),
        "conv2d_bias_grad": ((draw(*conv_out),), {}),
        "conv2d_backward": ((draw(*conv_out), draw(*shape), weight), conv),
        "max_pool2d": ((draw(*shape),), {**pool, "return_indices": True}),
        "max_pool2d_backward": ((draw(*pool_out), indices, shape), {}),
        "avg_pool2d": ((draw(*shape),), pool),
        "avg_pool2d_backward": ((draw(*pool_out), shape), pool),
    }
    return Call(operation, *calls[operation])


LAYOUTS: dict[str, LayOut] = {}


def layout(function: LayOut) -> LayOut:
    LAYOUTS[function.__name__] = function
    return function


@layout
def fortran(array: np.ndarray) -> np.ndarray:
    return np.asfortranarray(array)


@layout
def sliced(array: np.ndarray) -> np.ndarray:
    larger = np.full(tuple(2 * n + 1 for n in array.shape), 7, array.dtype)
    view = larger[tuple(slice(1, None, 2) for _ in array.shape)]
    view[...] = array
    return view


@layout
def reversed_axes(array: np.ndarray) -> np.ndarray:
    backwards = tuple(slice(None, None, -1) for _ in array.shape)
    return np.ascontiguousarray(array[backwards])[backwards]


@layout
def byteswapped(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder())


@layout
def read_only(array: np.ndarray) -> np.ndarray:
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


@layout
def unaligned(array: np.ndarray) -> np.ndarray:
    storage = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    storage[...] = array
    return storage


@pytest.fixture(params=LAYOUTS)
def lay_out(request: pytest.FixtureRequest) -> LayOut:
    return LAYOUTS[request.param]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[backend for backend in BACKENDS if backend != "scipy-fft"])
def exact_backend(request: pytest.FixtureRequest) -> str:
    """A backend that does every operation in every dtype."""
    return request.param


@pytest.fixture(scope="session")
def make_call() -> Callable[..., Call]:
    return example_call


@pytest.fixture(autouse=True)
def _no_backend_in_force(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start every test from the default, and let none leave a choice behind."""
    monkeypatch.delenv("CONVORACLE_BACKEND", raising=False)
    yield
    co.set_backend(None)
