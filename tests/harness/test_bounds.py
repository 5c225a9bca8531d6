"""The bounds: true of every honest order of summation, and so tight that nothing less would be."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convoracle.harness import bounds
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import FLOAT_KINDS, floats

ULP = Fraction(1, 2**53)


def test_gamma_in_literals() -> None:
    assert bounds.gamma(0, 0.125) == 0.0
    assert bounds.gamma(1, 0.125) == 0.125 / 0.875
    assert bounds.gamma(3, 0.125) == 0.6
    assert bounds.gamma(7, 0.125) == 7.0
    assert bounds.gamma(8, 0.125) == float("inf")
    assert bounds.gamma(9, 0.125) == float("inf")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constants_are_those_of_the_format(dtype: str) -> None:
    info = np.finfo(dtype)
    assert bounds.UNIT_ROUNDOFF[dtype] == float(info.eps) / 2
    assert bounds.SMALLEST_SUBNORMAL[dtype] == float(info.smallest_subnormal)
    assert bounds.EXACT_BITS[dtype] == info.nmant + 1


def test_float16_accumulates_in_float32_but_integers_must_fit_itself() -> None:
    assert bounds.UNIT_ROUNDOFF["float16"] == bounds.UNIT_ROUNDOFF["float32"]
    assert bounds.SMALLEST_SUBNORMAL["float16"] == bounds.SMALLEST_SUBNORMAL["float32"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_integers_are_representable_up_to_the_capacity_and_no_further(dtype: str) -> None:
    capacity = 2 ** bounds.EXACT_BITS[dtype]
    assert int(np.array(capacity - 1).astype(dtype)) == capacity - 1
    assert int(np.array(capacity).astype(dtype)) == capacity
    assert int(np.array(capacity + 1).astype(dtype)) != capacity + 1


ORDERS = ("forward", "backward", "pairwise", "bias last")


def dot(x: np.ndarray, w: np.ndarray, bias: np.generic, order: str) -> np.generic:
    """A dot product plus a bias in the arithmetic of the operands, in one of several orders."""
    products = list(x * w)
    if order == "backward":
        products.reverse()
    terms = [*products, bias] if order == "bias last" else [bias, *products]
    if order == "pairwise":
        while len(terms) > 1:
            terms = [sum(terms[i + 1 : i + 2], terms[i]) for i in range(0, len(terms), 2)]
        return terms[0]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def exact_dot(x: np.ndarray, w: np.ndarray, bias: np.generic) -> Fraction:
    pairs = zip(x.tolist(), w.tolist(), strict=True)
    return sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(float(bias)))


def bound_of(x: np.ndarray, w: np.ndarray, bias: np.generic, roundings: int, dtype: str) -> float:
    """The bound as the harness asks for it: from the magnitude in float64."""
    magnitude = np.array(float(np.abs(x).astype(float) @ np.abs(w).astype(float) + abs(float(bias))))
    truth = np.array(float(exact_dot(x, w, bias)))
    return float(bounds.componentwise(magnitude, truth, roundings, dtype))


@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from(FLOAT_KINDS), st.sampled_from(["float32", "float64"]))
def test_every_order_of_summation_keeps_the_componentwise_bound(seed: int, n: int, kind: str, dtype: str) -> None:
    choices = Choices(seed)
    x, w, b = (floats(choices, kind, shape, dtype).astype(dtype) for shape in ((n,), (n,), (1,)))
    for order in ORDERS:
        error = abs(Fraction(float(dot(x, w, b[0], order))) - exact_dot(x, w, b[0]))
        assert error <= Fraction(bound_of(x, w, b[0], n + 1, dtype)), order


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 30])
def test_the_bound_is_nearly_reached(n: int, dtype: str) -> None:
    """A product halfway between two numbers, then additions that each lose almost half a unit: `n` full roundings."""
    u = bounds.UNIT_ROUNDOFF[dtype]
    size = np.dtype(dtype).type
    half = size({"float32": 2.0**-12, "float64": 2.0**-26}[dtype])
    x = np.full(n, size(1.0))
    w = np.full(n, size(u * (1 - 4 * u)))
    x[0], w[0] = size(1.0) + half, size(1.0) + {"float32": half, "float64": size(2.0**-27)}[dtype]
    error = abs(Fraction(float(dot(x, w, size(0.0), "forward"))) - exact_dot(x, w, size(0.0)))
    assert error <= Fraction(bound_of(x, w, size(0.0), n, dtype))
    assert error > Fraction(bound_of(x, w, size(0.0), n - 1, dtype)), "one rounding less would be a false alarm"


@pytest.mark.parametrize("digits", [8, 11], ids=["bfloat16", "float16"])
@pytest.mark.parametrize("what", ["products", "partial sums"])
def test_arithmetic_of_half_the_precision_breaks_the_bound(what: str, digits: int) -> None:
    def rounded(value: float) -> np.float32:
        fraction, exponent = np.frexp(value)
        return np.float32(np.ldexp(np.rint(np.ldexp(fraction, digits)), int(exponent) - digits))

    choices = Choices(5, what)
    broken = 0
    for _ in range(20):
        x, w = (floats(choices, "uniform", (9,), "float32").astype(np.float32) for _ in range(2))
        total = np.float32(0.0)
        for product in x * w:
            total = total + rounded(product) if what == "products" else rounded(total + product)
        error = abs(Fraction(float(total)) - exact_dot(x, w, np.float32(0.0)))
        broken += error > Fraction(bound_of(x, w, np.float32(0.0), 10, "float32"))
    assert broken > 10  # one would do; now and then the errors cancel


def test_the_underflow_term_is_needed_and_enough() -> None:
    x, w = np.full(6, np.float32(2.0**-75)), np.full(6, np.float32(2.0**-75))
    got = dot(x, w, np.float32(0.0), "forward")
    assert got == 0.0  # each product is a tie between zero and the smallest subnormal
    magnitude = np.array(6 * 2.0**-150)
    bound = float(bounds.componentwise(magnitude, magnitude, 6, "float32"))
    assert bound >= 6 * 2.0**-150
    assert bounds.gamma(6, 2.0**-24) * float(magnitude) < 6 * 2.0**-150
    assert bound < 2 * 6 * 2.0**-149


@pytest.mark.parametrize(("magnitude", "truth", "n"), [(3.0, 1.5, 4), (100.0, -0.25, 3000), (2.0**-10, 2.0**-20, 2)])
def test_the_formulas_in_fractions(magnitude: float, truth: float, n: int) -> None:
    u = Fraction(1, 2**24)
    plain = n * u / (1 - n * u) * Fraction(magnitude) + n * Fraction(1, 2**149)
    half = plain * (1 + Fraction(1, 2**11)) + Fraction(1, 2**11) * abs(Fraction(truth)) + Fraction(1, 2**25)
    for dtype, formula in (("float32", plain), ("float16", half)):
        bound = Fraction(float(bounds.componentwise(np.array(magnitude), np.array(truth), n, dtype)))
        # The magnitude is itself computed, with up to n roundings in float64; the formula takes a dozen of its own.
        for_magnitude = n if dtype == "float32" else 0
        assert formula * (1 + (for_magnitude - 12) * ULP) <= bound <= formula * (1 + (n + 12) * ULP)


def test_the_final_rounding_of_float16_is_nearly_reached() -> None:
    for truth in (1 + 2.0**-11, 2.0**-25):  # ties: of two float16 numbers, and of zero and the smallest subnormal
        error = abs(float(np.float16(truth)) - truth)
        assert error == min(truth, 2.0**-11)
        bound = float(bounds.componentwise(np.array(truth), np.array(truth), 1, "float16"))
        assert error <= bound
        assert bound < 1.01 * error + 2.0**-24


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_float16_with_float32_sums_keeps_its_bound(seed: int, n: int) -> None:
    choices = Choices(seed)
    x, w, b = (floats(choices, "uniform", shape, "float16").astype(np.float32) for shape in ((n,), (n,), (1,)))
    error = abs(Fraction(float(np.float16(dot(x, w, b[0], "forward")))) - exact_dot(x, w, b[0]))
    assert error <= Fraction(bound_of(x, w, b[0], n + 1, "float16"))


def test_float16_sums_break_the_bound_of_float16() -> None:
    choices = Choices(8)
    broken = 0
    for _ in range(10):
        x, w = (floats(choices, "uniform", (60,), "float16").astype(np.float16) for _ in range(2))
        error = abs(Fraction(float(dot(x, w, np.float16(0), "forward"))) - exact_dot(x, w, np.float16(0)))
        broken += error > Fraction(bound_of(x, w, np.float16(0), 61, "float16"))
    assert broken >= 5


def test_the_error_of_the_float64_loops_is_the_componentwise_bound_of_float64() -> None:
    size = np.array([0.5, 3.0])
    assert bounds.float64_error(size, 9).tolist() == bounds.componentwise(size, size, 9, "float64").tolist()
