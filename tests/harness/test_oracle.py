"""The oracle as the harness runs it: compiled, and exact for any floats."""

import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import FLOAT_KINDS, split
from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.operands import random_floats
from convoracle.harness.checks import add, truth
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.oracle import bits_of_parts, compiled, divide, exact_sum, split_halves

# The same loops, interpreted on Fractions: nothing is rounded, and nothing of `oracle` is used.
INTERPRETED: dict[str, Callable[[Any, Any], Any]] = {
    "conv2d": lambda case, a: reference.conv2d(a["x"], a["weight"], a.get("bias"), **case.options()),
    "conv2d_input_grad": lambda case, a: reference.conv2d_input_grad(
        a["grad_output"], a["weight"], case.x_shape(), **case.options()
    ),
    "conv2d_weight_grad": lambda case, a: reference.conv2d_weight_grad(
        a["grad_output"], a["x"], case.weight_shape(), **case.options()
    ),
    "conv2d_bias_grad": lambda case, a: reference.conv2d_bias_grad(a["grad_output"]),
    "conv2d_backward": lambda case, a: reference.conv2d_backward(
        a["grad_output"], a["x"], a["weight"], **case.options()
    ),
    "max_pool2d_backward": lambda case, a: reference.max_pool2d_backward(
        a["grad_output"], a["indices"], case.x_shape()
    ),
    "avg_pool2d": lambda case, a: reference.avg_pool2d(
        a["x"],
        case.kernel_size,
        case.stride,
        case.padding,
        case.ceil_mode,
        case.count_include_pad,
        case.divisor_override,
    ),
    "avg_pool2d_backward": lambda case, a: reference.avg_pool2d_backward(
        a["grad_output"],
        case.x_shape(),
        case.kernel_size,
        case.stride,
        case.padding,
        case.ceil_mode,
        case.count_include_pad,
        case.divisor_override,
    ),
}
LINEAR = list(INTERPRETED)


def as_fractions(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        return array
    return np.array([Fraction(float(value)) for value in array.flat], dtype=object).reshape(array.shape)


def cases(name: str, count: int) -> list[Any]:
    """The first few small cases of an operation in float64."""
    operation = OPERATIONS[name]
    drawn = (draw(operation, {}, ("float64",), 5, number) for number in range(8, 200))
    small = [case for case in drawn if 20 < case.n * case.c * case.h * case.w < 150]
    return small[:count]


@pytest.mark.parametrize("name", LINEAR)
def test_the_truth_equals_the_loops_on_fractions(name: str) -> None:
    operation = OPERATIONS[name]
    kinds = set()
    for case in cases(name, 6):
        kind, operands = random_floats(operation, case)
        kinds.add(kind)
        wanted = INTERPRETED[name](case, {key: as_fractions(value) for key, value in operands.items()})
        sizes = INTERPRETED[name](case, {key: as_fractions(np.abs(value)) for key, value in operands.items()})
        wanted, sizes = ((one,) if isinstance(one, np.ndarray) else one for one in (wanted, sizes))
        # A divisor may be negative.
        sizes = tuple(map(np.abs, sizes))
        for output, exact, size in zip(operation.outputs(case), wanted, sizes, strict=True):
            high, low, own_error = truth(output, operands, "float64", size.astype(float))
            assert high.shape == exact.shape == output.shape
            for index in np.ndindex(exact.shape):
                difference = abs(Fraction(float(high[index])) + Fraction(float(low[index])) - exact[index])
                # One part in 2**100 of the magnitudes is what `oracle` promises.
                assert difference <= Fraction(1, 2**100) * size[index]
                assert own_error[index] <= 2.0**-99 * float(size[index])
    assert len(kinds) > 1


def test_means_of_several_divisors_are_within_the_error_their_truth_states() -> None:
    operation = OPERATIONS["avg_pool2d_backward"]
    limits = {
        "kernel_size": {3},
        "stride": {2},
        "padding": {1},
        "count_include_pad": {False},
        "divisor_override": {None},
    }
    worst = Fraction(0)
    for number in range(8, 11):
        case = draw(operation, limits, ("float64",), 5, number)
        (output,) = operation.outputs(case)
        assert len(output.parts) > 1
        _, operands = random_floats(operation, case)
        exact = INTERPRETED["avg_pool2d_backward"](case, {key: as_fractions(one) for key, one in operands.items()})
        size = output.compute({key: np.abs(one) for key, one in operands.items()})
        high, low, own_error = truth(output, operands, "float64", size)
        for index in np.ndindex(exact.shape):
            difference = abs(Fraction(float(high[index])) + Fraction(float(low[index])) - exact[index])
            assert difference <= Fraction(float(own_error[index]))
            worst = max(worst, difference)
    assert worst > 0


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_truth_of_shorter_floats_is_within_the_error_it_states(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    for case in cases(name, 2):
        _, operands = random_floats(operation, case)
        wanted = INTERPRETED[name](case, {key: as_fractions(value) for key, value in operands.items()})
        for output, exact in zip(
            operation.outputs(case), (wanted,) if isinstance(wanted, np.ndarray) else wanted, strict=True
        ):
            size = output.compute({key: np.abs(value) for key, value in operands.items()})
            high, low, own_error = truth(output, operands, dtype, size)
            assert not low.any()
            for index in np.ndindex(exact.shape):
                assert abs(Fraction(float(high[index])) - exact[index]) <= Fraction(float(own_error[index]))


@pytest.mark.parametrize("products", [0, 1, 2, 127, 128, 8191, 8192, 10**6])
@pytest.mark.parametrize("factors", [1, 2])
def test_sums_of_products_of_parts_are_exact(factors: int, products: int) -> None:
    bits = bits_of_parts(factors, products)
    assert len(bits) == factors
    assert max(products, 1) * 2 ** sum(bits) <= 2**52
    assert products * 2 ** (sum(bits) + 3) > 2**52 or products < 2
    assert all(parts > 8 for parts in bits)


def test_two_factors_make_six_combinations_not_nine() -> None:
    values = Choices(1, "parts").fractions((50,)) * 2.0 - 1.0
    counts = [len(split(values, bits)) for bits in bits_of_parts(2, 127)]
    assert math.prod(counts) == 6


def test_exact_sum_keeps_what_float64_loops_lose() -> None:
    operands = {"x": np.array([2.0**60, 1.0, -(2.0**60), 2.0**-40]), "w": np.ones(4)}

    def dot(arrays: Any) -> np.ndarray:
        total = np.zeros(1)
        for a, b in zip(arrays["x"], arrays["w"], strict=True):
            total += a * b
        return total

    high, low = exact_sum(dot, operands, (("x", "w"),), 4)
    assert dot(operands)[0] != 1.0 + 2.0**-40
    assert (high[0], low[0]) == (1.0 + 2.0**-40, 0.0)


@pytest.mark.parametrize("kind", FLOAT_KINDS)
def test_divide_keeps_a_hundred_bits(kind: str) -> None:
    choices = Choices(2, kind)
    high = choices.fractions((400,)) * 2.0 ** choices.integers((400,), -30, 30) - 0.25
    low = high * 2.0**-53 * (choices.fractions((400,)) - 0.5)
    divisor = choices.integers((400,), 1, 60)
    upper, lower = divide(high, low, divisor)
    for one in zip(high, low, divisor, upper, lower, strict=True):
        a, b, d, q, r = (Fraction(float(value)) for value in one)
        assert abs((a + b) / d - (q + r)) <= abs((a + b) / d) / 2**100


def test_split_halves_are_short_and_exact() -> None:
    choices = Choices(9)
    every_bit = choices.integers((100,), 2**52, 2**53 - 1) * 2.0**-52
    values = np.concatenate([choices.fractions((100,)) - 0.5, every_bit])
    upper, lower = split_halves(values)
    for value, one, other in zip(values, upper, lower, strict=True):
        assert Fraction(float(one)) + Fraction(float(other)) == Fraction(float(value))
        for half in (one, other):
            numerator = abs(Fraction(float(half)).numerator)
            assert numerator.bit_length() <= 26


def test_add_keeps_a_hundred_bits() -> None:
    choices = Choices(10)
    pairs = []
    for _ in range(2):
        high = choices.fractions((300,)) * 2.0 ** choices.integers((300,), -20, 20)
        pairs.append((high, high * 2.0**-54 * choices.fractions((300,))))
    high, low = add(*pairs)
    for i in range(300):
        exact = sum(Fraction(float(part[i])) for pair in pairs for part in pair)
        assert abs(Fraction(float(high[i])) + Fraction(float(low[i])) - exact) <= exact / 2**100


def loops_of_a_test(x: np.ndarray, z: np.ndarray) -> None:
    for i in range(len(x)):
        z[i] = x[i] + i


def test_compiled_is_the_same_function_compiled_once() -> None:
    function: Any = compiled(reference.conv2d_bias_grad_loops)
    assert function.py_func is reference.conv2d_bias_grad_loops
    assert compiled(reference.conv2d_bias_grad_loops) is function


def test_without_numba_the_loops_come_back_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert compiled.__wrapped__(loops_of_a_test) is loops_of_a_test


def test_without_a_place_for_the_cache_the_loops_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    njit = numba.njit

    def without_cache(*arguments: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*arguments, **options)

    monkeypatch.setattr(numba, "njit", without_cache)
    function: Any = compiled.__wrapped__(loops_of_a_test)
    z = np.zeros(3)
    function(np.ones(3), z)
    assert function.py_func is loops_of_a_test
    assert z.tolist() == [1.0, 2.0, 3.0]
