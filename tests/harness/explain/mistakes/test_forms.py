"""The loose forms that mistakes are put into: without a mistake they are the oracle."""

import numpy as np
import pytest

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.operands import integers
from convoracle.harness.explain.mistakes.convolution_forms import convolution_of, convolve
from convoracle.harness.explain.mistakes.dialect import oracle
from convoracle.harness.explain.mistakes.pooling_forms import pool, pooling_of
from convoracle.harness.explain.mistakes.windows import axes_of
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Output

CONVOLUTIONS = [name for name in OPERATIONS if name.startswith("conv")]
POOLS = ["max_pool2d", "avg_pool2d", "avg_pool2d_backward"]


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_every_convolution_and_gradient_is_one_sum(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(30):
        case = draw_small(operation, {}, ("float64", "int32"), 0, number)
        arrays = integers(operation, case, 3)
        form = convolution_of(operation, case)
        assert form is not None
        results = convolve(form, case, arrays)
        assert results is not None
        for got, right in zip(results, oracle(operation, case, arrays), strict=True):
            assert got.dtype == right.dtype
            np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize("name", POOLS)
def test_every_pool_is_a_table_of_windows(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(60):
        case = draw_small(operation, {}, ("float64",), 0, number)
        arrays = integers(operation, case, 3)
        form = pooling_of(operation, case)
        assert form is not None
        results = pool(form, case, arrays)
        assert results is not None
        for got, right, output in zip(results, oracle(operation, case, arrays), operation.outputs(case), strict=True):
            assert got.shape == right.shape
            assert (np.abs(got - right) <= rounding(output, arrays)).all()


def rounding(output: Output, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return how far two orders of the same additions may come apart: nothing for copies."""
    if output.is_selection:
        return np.zeros(())
    size = np.abs(output.compute({name: np.abs(array) for name, array in arrays.items()}))  # divisors may be negative
    return 2 * output.roundings * np.finfo(float).eps * size


@pytest.mark.parametrize("name", [*CONVOLUTIONS, "max_pool2d", "avg_pool2d"])
def test_axes_count_windows_as_the_oracle_does(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(40):
        case = draw_small(operation, {}, ("float64",), 1, number)
        for axis in axes_of(case):
            if name.startswith("conv_transpose"):
                assert axis.enlarged() == axis.size
            else:
                assert axis.counted() == axis.windows


@pytest.mark.parametrize(
    ("outside", "read"), [("edge", [1, 1, 1, 2, 3]), ("around", [2, 3, 1, 2, 3]), ("mirror", [3, 2, 1, 2, 3])]
)
def test_what_is_read_outside(outside: str, read: list[int]) -> None:
    import dataclasses

    operation = OPERATIONS["conv2d"]
    case = dataclasses.replace(
        draw_small(operation, {}, ("float64",), 0, 0),
        n=1,
        c=1,
        f=1,
        h=1,
        w=3,
        kernel_size=(1, 1),
        groups=1,
        bias=False,
        stride=1,
        dilation=1,
        padding=((0, 0), (2, 0)),
    )
    form = convolution_of(operation, case)
    assert form is not None
    axes = tuple(dataclasses.replace(axis, outside=outside) for axis in form.axes)
    arrays = {"x": np.array([[[[1.0, 2.0, 3.0]]]]), "weight": np.ones((1, 1, 1, 1))}
    results = convolve(dataclasses.replace(form, axes=axes), case, arrays)
    assert results is not None
    assert results[0].ravel().tolist() == read
