"""The comparisons, each on the last value it must let pass and the first it must not."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from convoracle.harness import bounds, checks
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.cases.draw import draw
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Output

F32 = np.dtype("float32")


def output(**changes: Any) -> Output:
    plain = Output("result", (2, 2), lambda arrays: arrays["x"], terms=(("x",),), products=3, roundings=4)
    return dataclasses.replace(plain, **changes)


def test_form_wants_a_plain_array_of_the_shape_and_dtype() -> None:
    good = np.zeros((2, 2), F32)
    assert checks.form(output(), good, F32) is None
    for got, kind, words in (
        ([[0.0, 0.0], [0.0, 0.0]], "dtype", "result is a builtins.list, not a numpy.ndarray"),
        (None, "dtype", "result is a builtins.NoneType, not"),
        (np.float32(0.0), "dtype", "result is a numpy.float32, not"),
        (np.ma.masked_array(good), "dtype", "result is a numpy.ma.MaskedArray, not"),
        (good[:1], "shape", r"result has shape (1, 2), not (2, 2)"),
        (good[None], "shape", r"result has shape (1, 2, 2), not (2, 2)"),
        (good.astype("float64"), "dtype", "result has dtype float64, not float32"),
        (good.astype(">f4"), "dtype", "result has dtype >f4, not float32"),
    ):
        problem = checks.form(output(), got, F32)
        assert problem is not None
        assert (problem.kind, problem.check) == (kind, kind)
        assert problem.sentence.startswith(words)


def test_exact_lets_nothing_pass_but_the_sign_of_zero_and_nan_for_nan() -> None:
    expected = np.array([[1.0, 0.0], [np.nan, -3.0]])
    assert checks.exact(output(), expected.astype(F32), expected, "data") is None
    assert checks.exact(output(), np.array([[1, -0.0], [np.nan, -3]], F32), expected, "data") is None
    for index in np.ndindex(2, 2):
        wrong = expected.astype(F32)
        wrong[index] = np.nextafter(wrong[index], F32.type(9), dtype=F32) if wrong[index] == wrong[index] else 0.0
        problem = checks.exact(output(), wrong, expected, "these data")
        assert problem is not None
        assert (problem.kind, problem.check, problem.index) == ("values", "exact", index)
        assert problem.sentence == "1 of 4 values of result are wrong on these data"
        assert problem.got == wrong[index] or index == (1, 0)
    assert checks.exact(output(), np.full((2, 2), np.nan, F32), np.ones((2, 2)), "data") is not None
    big = np.array([[2**53 - 1]], np.int64)
    assert checks.exact(output(shape=(1, 1)), big, big.astype(float), "data") is None
    assert checks.exact(output(shape=(1, 1)), big - 1, big.astype(float), "data") is not None


def test_rounded_multiplies_before_it_rounds() -> None:
    sums, divisors = np.array([[7.0, -2.0], [0.0, 5.0]]), np.array([[3, 3], [4, 7]])
    exact = sums / divisors
    assert checks.rounded(output(), exact.astype(F32), sums, divisors, "data") is None
    assert checks.rounded(output(), exact + 0.49 / divisors, sums, divisors, "data") is None
    for off in (0.51, -0.51):
        problem = checks.rounded(output(), exact + off / divisors, sums, divisors, "data")
        assert problem is not None
        assert problem.check == "exact by rounding"
        assert problem.sentence.startswith("4 of 4")
        assert problem.expected == 7 / 3
    assert checks.rounded(output(), np.full((2, 2), np.nan), sums, divisors, "data") is not None
    assert checks.rounded(output(), np.full((2, 2), np.inf), sums, divisors, "data") is not None


def test_bounded_compares_with_the_bound_of_each_element() -> None:
    high, low = np.array([[1.0, 2.0], [3.0, 4.0]]), np.full((2, 2), 0.25)
    bound = np.array([[0.5, 1.0], [2.0, 4.0]])
    ratio, problem = checks.bounded(output(), high + low + bound, (high, low), bound, "bounded")
    assert (ratio, problem) == (1.0, None)
    ratio, problem = checks.bounded(output(), high + low - bound, (high, low), bound, "bounded")
    assert (ratio, problem) == (1.0, None)
    assert checks.bounded(output(), high + low + bound / 4, (high, low), bound, "bounded") == (0.25, None)
    got = high + low
    got[1, 0] += 2.5
    got[0, 1] += 1.125
    ratio, problem = checks.bounded(output(), got, (high, low), bound, "bounded")
    assert ratio == 1.25
    assert problem is not None
    assert (problem.kind, problem.check, problem.index) == ("values", "bounded", (1, 0))
    assert problem.sentence.startswith("2 of 4 values of result are further from the exact result than rounding can")
    assert "is 1.25 times its bound 2 (4 roundings)" in problem.sentence
    assert (problem.expected, problem.got) == (3.0, 5.75)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bounded_is_infinitely_wrong_where_no_number_came_back(value: float) -> None:
    got = np.ones((2, 2), F32)
    got[0, 1] = value
    ratio, problem = checks.bounded(output(), got, (np.ones((2, 2)), np.zeros((2, 2))), np.ones((2, 2)), "bounded")
    assert ratio == np.inf
    assert problem is not None
    assert problem.index == (0, 1)
    assert "infinitely many times" in problem.sentence


def test_magnitude_is_the_operation_on_absolute_values() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw(operation, {"bias": {True}}, ("float32",), 0, 10)
    (one,) = operation.outputs(case)
    shapes = operation.operand_shapes(case)
    minus = {name: np.full(shape, -1.0) for name, shape in shapes.items()}
    plus = {name: np.ones(shape) for name, shape in shapes.items()}
    assert (checks.magnitude(one, minus) == one.compute(plus)).all()
    assert checks.magnitude(one, minus).max() <= one.products + 1


def test_allowance_adds_the_transform_only_to_normwise() -> None:
    operation = OPERATIONS["conv2d"]
    limits = {"kernel_size": {3}, "stride": {1}, "dilation": {1}, "groups": {1}}
    case = draw(operation, limits, ("float32",), 0, 10)
    (one,) = operation.outputs(case)
    rng = np.random.default_rng(0)
    operands = {name: rng.standard_normal(shape) for name, shape in operation.operand_shapes(case).items()}
    size = checks.magnitude(one, operands)
    plain = bounds.componentwise(size, size, one.roundings, "float32")
    assert (checks.allowance(one, operands, size, size, "float32", "componentwise") == plain).all()
    x, weight = operands["x"], operands["weight"]
    of_weight = max(float(np.abs(kernel).sum()) for kernel in weight)
    of_x = max(float(np.sqrt((image**2).sum())) for image in x)
    by_fft = bounds.fft(case.transform_bits(), one.products, of_x * of_weight, "float32")
    by_winograd = bounds.winograd(case.c, float(np.abs(x).max()) * of_weight, "float32")
    normwise = checks.allowance(one, operands, size, size, "float32", "normwise")
    # The same few additions in another order: a relative difference of less than their number times 2**-53.
    wanted = plain + max(by_fft, by_winograd)
    assert (np.abs(normwise - wanted) <= wanted * x.size * 2.0**-53).all()
    pooled = OPERATIONS["avg_pool2d_backward"]
    case = draw(pooled, {}, ("float32",), 0, 10)
    assert (
        checks.transform_bound(pooled.outputs(case)[0], {"grad_output": np.ones(case.output_shape())}, "float32") == 0
    )


def test_the_norms_of_each_gradient_cover_what_meets_in_one_element() -> None:
    """`||a||_2 * ||b||_1` bounds every output element, whatever the data: Cauchy-Schwarz needs the right axes."""
    rng = np.random.default_rng(1)
    convolutions = [name for name in OPERATIONS if name.startswith("conv") and not name.endswith("bias_grad")]
    for name in (*convolutions, "avg_pool2d"):
        operation = OPERATIONS[name]
        for number in range(10 if name.startswith("conv2d") else 3):
            case = draw(operation, {}, ("float32",), 0, number)
            operands = {key: rng.uniform(0.5, 1.0, shape) for key, shape in operation.operand_shapes(case).items()}
            for one in operation.outputs(case):
                if len(one.terms[0]) == 2 or one.box_norm:
                    without_bias = {key: value for key, value in operands.items() if key != "bias"}
                    norm = checks.transform_bound(one, operands, "float32") / bounds.fft(
                        one.transform_bits, one.products, 1.0, "float32"
                    )
                    assert norm * (1 + 2.0**-40) >= one.compute(without_bias).max()


def test_unaliased_tells_shared_memory_from_neighbours() -> None:
    buffer = np.zeros((4, 4))
    assert checks.unaliased(buffer[2:], {"its input x": buffer[:2]}, "result") is None
    problem = checks.unaliased(buffer[1:3], {"its input x": buffer[:2]}, "result")
    assert problem is not None
    assert (problem.kind, problem.check) == ("contract", "no aliasing")
    assert problem.sentence == "result shares memory with its input x"
    records = np.zeros((3, 3), [("value", "f8"), ("index", "i8")])
    assert checks.unaliased(records["index"], {"result": records["value"]}, "indices") is None


def test_unaliased_tells_one_element_from_two() -> None:
    one = np.lib.stride_tricks.as_strided(np.zeros(1), (1,), (0,))
    assert checks.unaliased(one, {}, "result") is None
    two = np.lib.stride_tricks.as_strided(np.zeros(1), (2,), (0,))
    problem = checks.unaliased(two, {}, "result")
    assert problem is not None
    assert problem.sentence == "elements of result share memory with each other"
    assert checks.unaliased(np.broadcast_to(np.zeros(1), (2,)), {}, "result") is None, "nobody can write to these"


def test_the_truth_of_exponentials_states_an_error_below_any_bound() -> None:
    operation = OPERATIONS["softmax"]
    case = parse(operation, "n=2 c=4 spatial=3x2 axis=1 dtype=float64 layout=C seed=40")
    (one,) = operation.outputs(case)
    x = np.zeros(case.x_shape())
    x[:, 0] = -2000.0  # a share of zero
    high, _, own_error = checks.truth(one, {"x": x}, "float64", x)
    allowed = checks.allowance(one, {"x": x}, high, x, "float64", "componentwise")
    assert (own_error == 2.0**-50 * allowed + 2.0**-1074).all()
    assert own_error.min() >= 2.0**-1074
