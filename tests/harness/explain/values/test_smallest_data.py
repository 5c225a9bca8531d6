"""Data as small as it gets: the call still fails, nothing can be spared, and the numbers are plain."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.explain.values.smallest_data import non_zeros, smallest_data
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.oracle import compiled


def right(*operands: Any, **options: Any) -> Any:
    return reference.conv2d(*operands, loops=compiled(reference.conv2d_loops), **options)


def last_column_missing(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    result[..., -1] = 0
    return result


def operands_in(bits: int) -> Callable[..., Any]:
    def rounded(array: Any) -> Any:
        fraction, exponent = np.frexp(array)
        return np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits).astype(array.dtype)

    return lambda x, weight, bias, **options: right(rounded(x), rounded(weight), bias, **options)


def bias_ignored(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right(x, weight, None, **options)


def shrunk(liar: Callable[..., Any], number: int = 0, dtype: str = "float32", check: str = "exact") -> Evidence:
    operation = OPERATIONS["conv2d"]
    case = dataclasses.replace(draw_small(operation, {"bias": {True}}, (dtype,), 0, number))
    for data, operands in operands_of(operation, case, check):
        evidence = observe(operation, liar, case, "componentwise", data, operands)
        if evidence.wrong:
            smallest = smallest_data(
                lambda operands, data=data: observe(operation, liar, case, "componentwise", data, operands),
                evidence,
                seconds=30.0,
            )
            assert smallest.wrong == evidence.wrong
            return smallest
    raise AssertionError("the liar was not caught")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
@pytest.mark.parametrize("number", range(4))
def test_one_product_or_one_bias_is_left(dtype: str, number: int) -> None:
    smallest = shrunk(last_column_missing, number, dtype)
    values = [value for found in non_zeros(smallest.operands).values() for _, value in found]
    assert len(values) in (1, 2)
    assert set(values) == {1}
    assert smallest.is_exact


def test_the_bias_alone() -> None:
    places = non_zeros(shrunk(bias_ignored).operands)
    assert (places["x"], places["weight"]) == ([], [])
    assert [value for _, value in places["bias"]] == [1]


@pytest.mark.parametrize(("bits", "witness"), [(8, 257), (11, 2049)])
def test_a_loss_of_precision_is_shown_by_the_first_integer_that_does_not_fit(bits: int, witness: int) -> None:
    places = non_zeros(shrunk(operands_in(bits), check="bounded").operands)
    values = sorted(abs(value) for found in places.values() for _, value in found)
    assert values == [1, witness]


def test_what_cannot_be_spared_stays() -> None:
    """A liar that needs two non-zeros in x keeps two."""

    def needs_two(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = right(x, weight, bias, **options)
        return result + 1 if (x != 0).sum() > 1 else result

    places = non_zeros(shrunk(needs_two).operands)
    assert len(places["x"]) == 2
    assert (places["weight"], places["bias"]) == ([], [])


def test_no_time_no_change() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw_small(operation, {}, ("float32",), 0, 0)
    data, operands = next(operands_of(operation, case, "exact"))
    evidence = observe(operation, last_column_missing, case, "componentwise", data, operands)
    calls = []

    def call(operands: Any) -> Evidence:
        calls.append(operands)
        return evidence

    assert smallest_data(call, evidence, seconds=0.0) is evidence
    assert not calls
