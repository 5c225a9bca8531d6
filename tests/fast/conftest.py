"""Fixtures of the tests of `fast`: the backends, the memory layouts, and one call of every operation."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import remembered

BACKENDS = ("im2col", "numba", "scipy", "scipy-fft", "direct", "auto")


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
        # A loss is a NumPy scalar, which is what an array of no dimension gives when it is indexed.
        results = tuple(np.asarray(one) for one in (results if isinstance(results, tuple) else (results,)))
        for before, after in zip(self.arguments, laid_out, strict=True):
            if isinstance(before, np.ndarray):
                np.testing.assert_array_equal(after, before)
                assert not any(np.shares_memory(result, after) for result in results)
        return results


def example_call(operation: str, dtype: str, *, trivial: bool = False, of_3x3: bool = False) -> Call:
    """One call on random data; a trivial one has 1x1 windows, for which returning the input would be right too.

    Convolutions `of_3x3` have a kernel of this size and take steps of one, which is all that some backends do.
    """
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        is_integer = np.dtype(dtype).kind == "i"
        return (rng.integers(-9, 10, shape) if is_integer else rng.standard_normal(shape)).astype(dtype)

    conv: dict[str, Any]
    pool: dict[str, Any]
    if trivial:
        shape, kernel, conv_out, pool_out = (2, 1, 5, 6), (1, 1, 1, 1), (2, 1, 5, 6), (2, 1, 5, 6)
        weight, bias = np.ones(kernel, dtype), None
        conv, pool, transpose, transposed = {}, {"kernel_size": 1}, {}, shape
        local, local_options, local_out, factor, coarse = np.ones((5, 6, 1, 1, 1, 1), dtype), {}, shape, 1, shape
        line, line_kernel, line_out, line_conv = (2, 1, 6), (1, 1, 1), (2, 1, 6), {}
        volume, volume_kernel, volume_out, volume_conv = (2, 1, 4, 5, 6), (1, 1, 1, 1, 1), (2, 1, 4, 5, 6), {}
    else:
        shape, kernel, conv_out, pool_out = (3, 4, 7, 8), (6, 2, 3, 2), (3, 6, 3, 3), (3, 4, 4, 3)
        weight, bias = draw(*kernel), draw(6)
        conv = {"stride": (2, 3), "padding": ((1, 2), (0, 1)), "dilation": (2, 1), "groups": 2}
        pool = {"kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "ceil_mode": True}
        transpose = {"stride": (2, 3), "padding": 1, "output_padding": (0, 2), "dilation": (2, 1), "groups": 2}
        transposed = (3, 6, 15, 23)
        local, local_out, factor, coarse = draw(2, 3, 5, 4, 3, 2), (3, 5, 2, 3), (2, 3), (3, 4, 4, 3)
        local_options = {"stride": (3, 3), "padding": ((1, 2), (0, 1)), "dilation": (2, 1)}
        line, line_kernel, line_out = (3, 4, 8), (6, 2, 3), (3, 6, 3)
        line_conv = {"stride": 2, "padding": ((0, 1),), "dilation": 2, "groups": 2}
        volume, volume_kernel, volume_out = (3, 4, 5, 4, 6), (6, 2, 2, 3, 2), (3, 6, 3, 3, 2)
        volume_conv = {"stride": (2, 1, 3), "padding": ((1, 1), (0, 1), (0, 0)), "dilation": (2, 1, 1), "groups": 2}
    if of_3x3:
        kernel, conv = (*kernel[:2], 3, 3), {"padding": 1, "groups": conv.get("groups", 1)}
        conv_out, weight = (*conv_out[:2], *shape[2:]), np.zeros(kernel, dtype) if trivial else draw(*kernel)
        weight[:, :, 1, 1] += trivial
    back = np.ones(kernel, dtype) if trivial else draw(4, 3, 3, 2)
    lines, volumes = (np.ones(kernel, dtype) if trivial else draw(*kernel) for kernel in (line_kernel, volume_kernel))
    indices = rng.integers(0, shape[2] * shape[3], pool_out)
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "conv2d": ((draw(*shape), weight, bias), conv),
        "conv2d_input_grad": ((draw(*conv_out), weight, shape), conv),
        "conv2d_weight_grad": ((draw(*conv_out), draw(*shape), kernel), conv),
        "conv2d_bias_grad": ((draw(*conv_out),), {}),
        "conv2d_backward": ((draw(*conv_out), draw(*shape), weight), conv),
        "conv1d": ((draw(*line), lines, bias), line_conv),
        "conv1d_input_grad": ((draw(*line_out), lines, line), line_conv),
        "conv1d_weight_grad": ((draw(*line_out), draw(*line), line_kernel), line_conv),
        "conv1d_bias_grad": ((draw(*line_out),), {}),
        "conv1d_backward": ((draw(*line_out), draw(*line), lines), line_conv),
        "conv3d": ((draw(*volume), volumes, bias), volume_conv),
        "conv3d_input_grad": ((draw(*volume_out), volumes, volume), volume_conv),
        "conv3d_weight_grad": ((draw(*volume_out), draw(*volume), volume_kernel), volume_conv),
        "conv3d_bias_grad": ((draw(*volume_out),), {}),
        "conv3d_backward": ((draw(*volume_out), draw(*volume), volumes), volume_conv),
        "conv_transpose2d": ((draw(*shape), back, bias), transpose),
        "conv_transpose2d_input_grad": ((draw(*transposed), back, shape), transpose),
        "conv_transpose2d_weight_grad": ((draw(*transposed), draw(*shape), back.shape), transpose),
        "conv_transpose2d_bias_grad": ((draw(*transposed),), {}),
        "conv_transpose2d_backward": ((draw(*transposed), draw(*shape), back), transpose),
        "locally_connected2d": ((draw(*shape), local, None if trivial else draw(5, 2, 3)), local_options),
        "locally_connected2d_backward": ((draw(*local_out), draw(*shape), local), local_options),
        "linear": ((draw(3, 5), draw(4, 5), draw(4)), {}),
        "linear_backward": ((draw(3, 4), draw(3, 5), draw(4, 5)), {}),
        "downsample2d": ((draw(*shape), factor), {}),
        "downsample2d_backward": ((draw(*coarse), shape, factor), {}),
        "upsample2d": ((draw(*coarse), factor, shape[2:]), {}),
        "upsample2d_backward": ((draw(*shape), coarse, factor), {}),
        "relu": ((np.abs(draw(3, 4, 5)) if trivial else draw(3, 4, 5),), {}),
        "relu_backward": ((draw(3, 4, 5), np.ones((3, 4, 5), dtype) if trivial else draw(3, 4, 5)), {}),
        "sigmoid": ((draw(3, 4, 5),), {}),
        "sigmoid_backward": ((draw(3, 4, 5), draw(3, 4, 5)), {}),
        "softmax": ((draw(3, 4, 5),), {"axis": -1}),
        "softmax_backward": ((draw(3, 4, 5), draw(3, 4, 5)), {}),
        "log_softmax": ((draw(3, 4, 5),), {"axis": -1}),
        "log_softmax_backward": ((draw(3, 4, 5), draw(3, 4, 5)), {}),
        "mean_subtract": ((draw(3, 4, 5),), {"axis": -1}),
        "mean_subtract_backward": ((draw(3, 4, 5),), {}),
        "cross_entropy": ((draw(3, 5), np.array([4, 0, 2])), {}),
        "cross_entropy_backward": ((draw(3, 5), np.array([4, 0, 2]), 0.5), {}),
        "euclidean_loss": ((draw(3, 5), draw(3, 5)), {}),
        "euclidean_loss_backward": ((draw(3, 5), draw(3, 5), 0.5), {}),
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


@pytest.fixture(scope="session")
def layouts() -> dict[str, LayOut]:
    return LAYOUTS


@pytest.fixture(params=LAYOUTS)
def lay_out(request: pytest.FixtureRequest) -> LayOut:
    return LAYOUTS[request.param]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[backend for backend in BACKENDS if backend not in ("scipy-fft", "direct")])
def exact_backend(request: pytest.FixtureRequest) -> str:
    """A backend that does every operation in every dtype."""
    return request.param


@pytest.fixture(scope="session")
def make_call() -> Callable[..., Call]:
    return example_call


@pytest.fixture(autouse=True)
def _no_backend_in_force(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start every test from the default with nothing remembered, and let none leave a choice behind."""
    for variable in ("CONVORACLE_BACKEND", "CONVORACLE_ACCURACY"):
        monkeypatch.delenv(variable, raising=False)
    remembered.forget()
    yield
    remembered.forget()
    co.set_backend(None)
