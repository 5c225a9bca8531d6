"""Arrays in and out of every operation: dtypes, memory layouts, ownership."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry, remembered

VARIANTS = [(operation, backend) for operation in registry.operations() for backend in registry.variants(operation)]
OF_3X3 = ("winograd",)
"""Backends that convolve with 3x3 kernels of stride and dilation 1 only."""
RESULT_DTYPES = {
    "float16": "float16",
    "float32": "float32",
    "float64": "float64",
    "int8": "int64",
    "int16": "int64",
    "int32": "int64",
    "int64": "int64",
}


@pytest.mark.parametrize(("operation", "backend"), VARIANTS)
def test_same_bits_whatever_the_layout(
    operation: str,
    backend: str,
    layouts: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    make_call: Callable[..., Any],
) -> None:
    call = make_call(operation, "float32", of_3x3=backend in OF_3X3)
    for name, lay_out in layouts.items():
        remembered.forget()
        for result, expected in zip(call(backend=backend, lay_out=lay_out), call(backend=backend), strict=True):
            assert result.tobytes() == expected.tobytes(), name


@pytest.mark.parametrize(("operation", "backend"), VARIANTS)
@pytest.mark.parametrize("trivial", [False, True])
def test_results_are_plain_and_new(operation: str, backend: str, trivial: bool, make_call: Callable[..., Any]) -> None:
    call = make_call(operation, "float64", trivial=trivial, of_3x3=backend in OF_3X3)
    first, second = call(backend=backend), call(backend=backend)
    for result, again in zip(first, second, strict=True):
        assert type(result) is np.ndarray
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert result.dtype.isnative
        assert not np.shares_memory(result, again)
        assert result.tobytes() == again.tobytes()


@pytest.mark.parametrize(("operation", "backend"), VARIANTS)
def test_result_dtype(operation: str, backend: str, make_call: Callable[..., Any]) -> None:
    for dtype in registry.variant(operation, backend).dtypes:
        results = make_call(operation, dtype, of_3x3=backend in OF_3X3)(backend=backend)
        values = results[:1] if operation == "max_pool2d" else results
        assert {result.dtype.name for result in values} == {RESULT_DTYPES[dtype]}


@pytest.mark.parametrize(("operation", "backend"), VARIANTS)
def test_float16_is_accumulated_in_float32_and_rounded_once(
    operation: str, backend: str, make_call: Callable[..., Any]
) -> None:
    if "float16" not in registry.variant(operation, backend).dtypes:
        with pytest.raises(ValueError, match=f"{operation}: backend '{backend}' cannot do dtype float16"):
            make_call(operation, "float16")(backend=backend)
        return
    half = make_call(operation, "float16")
    single = half._replace(
        arguments=tuple(
            a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == np.float16 else a for a in half.arguments
        )
    )
    # float32 has faster algorithms than what is chosen for float16, which sum in other orders.
    same = "numba" if backend == "auto" else backend
    for result, expected in zip(half(backend=backend), single(backend=same), strict=True):
        assert result.tobytes() == expected.astype(result.dtype).tobytes()


def test_float16_overflows_to_infinity_without_a_warning(exact_backend: str) -> None:
    x, weight = np.full((1, 1, 2, 2), 60000, np.float16), np.ones((1, 1, 2, 2), np.float16)
    assert co.conv2d(x, weight, backend=exact_backend).item() == np.inf


def test_narrow_integers_do_not_overflow(exact_backend: str) -> None:
    x, weight = np.full((1, 3, 5, 5), 127, np.int8), np.full((1, 3, 5, 5), -128, np.int8)
    assert co.conv2d(x, weight, backend=exact_backend).item() == 75 * 127 * -128


MEANS = ("cross_entropy", "cross_entropy_backward", "euclidean_loss", "euclidean_loss_backward")
"""Operations that have no result for an empty batch; their own tests say what they raise."""
PER_IMAGE = tuple(
    operation
    for operation in registry.operations()
    if not operation.endswith(("weight_grad", "bias_grad"))
    and not (operation.startswith(("conv", "local")) and operation.endswith("_backward"))
    # A matrix product is free to sum in another order for another number of rows.
    and not operation.startswith("linear")
    and operation not in MEANS
)


@pytest.mark.parametrize(("operation", "backend"), [variant for variant in VARIANTS if variant[0] in PER_IMAGE])
def test_an_image_gives_the_same_bits_alone_and_in_a_batch(
    operation: str, backend: str, make_call: Callable[..., Any]
) -> None:
    batch = make_call(operation, "float32", of_3x3=backend in OF_3X3)
    alone = batch._replace(arguments=tuple(last_image(argument) for argument in batch.arguments))
    for result, expected in zip(alone(backend=backend), batch(backend=backend), strict=True):
        assert result.tobytes() == expected[-1:].tobytes()


def last_image(argument: Any) -> Any:
    """The last image of a batch of 3, the shape of a batch of one; weights, biases and sizes as they are."""
    if isinstance(argument, tuple) and len(argument) > 2:
        return (1, *argument[1:])
    return argument[-1:] if isinstance(argument, np.ndarray) and len(argument) == 3 else argument


@pytest.mark.parametrize(("operation", "backend"), [variant for variant in VARIANTS if variant[0] not in MEANS])
def test_an_empty_batch(operation: str, backend: str, make_call: Callable[..., Any]) -> None:
    full = make_call(operation, "float64", of_3x3=backend in OF_3X3)
    empty = full._replace(arguments=tuple(no_images(argument) for argument in full.arguments))
    for result, expected in zip(empty(backend=backend), full(backend=backend), strict=True):
        # A gradient of weights sums over no images; everything else has none.
        shape = (0, *expected.shape[1:]) if expected.shape[0] == 3 else expected.shape
        assert result.shape == shape
        assert not result.any()


def no_images(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return (0, *argument[1:]) if len(argument) > 2 and argument[0] == 3 else argument
    return argument[:0] if isinstance(argument, np.ndarray) and len(argument) == 3 else argument
