"""Operands: integers that nothing can round, as large as the proof allows, and floats of every kind."""

import math
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bounds import EXACT_BITS
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.operands import exact_amplitude, integers, random_floats, shapes_of_values
from convoracle.harness.checks import magnitude
from convoracle.harness.operations import OPERATIONS, Operation

LINEAR = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "conv2d_bias_grad", "conv2d_backward"]


def cases(operation: Operation, dtype: str, count: int = 40) -> list[Any]:
    return [draw_small(operation, {}, (dtype,), 2, number) for number in range(count)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", [*LINEAR, "max_pool2d_backward"])
def test_no_partial_sum_of_integers_can_exceed_the_capacity_and_few_are_far_below(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    capacity = 2 ** EXACT_BITS[dtype]
    proved = 0
    for case in cases(operation, dtype):
        outputs = operation.outputs(case)
        amplitude = exact_amplitude(outputs, dtype)
        worst = []
        for output in outputs:
            degree = max(len(term) for term in output.terms)
            most = output.products * amplitude**degree + (len(output.terms) - 1) * amplitude
            assert most <= capacity
            more = output.products * (amplitude + 1) ** degree + (len(output.terms) - 1) * (amplitude + 1) ** degree
            worst.append(more)
        assert max(worst) > capacity, "a larger amplitude would be exact too"
        if amplitude:
            proved += 1
            operands = integers(operation, case, amplitude)
            for output in outputs:
                assert magnitude(output, operands).max(initial=0.0) <= capacity
            sizes = np.concatenate([np.abs(operands[key]).ravel() for key in shapes_of_values(operation, case)])
            assert sizes.max() <= amplitude
            assert sizes.max() > amplitude / 2 or sizes.size < 8, "a few numbers may all be small"
    assert proved > 20


def test_amplitudes_in_literals() -> None:
    conv = OPERATIONS["conv2d"]
    case = draw_small(conv, {"kernel_size": {3}, "groups": {1}, "bias": {True}}, ("float32",), 0, 9)
    outputs = conv.outputs(case)
    assert outputs[0].products == 9 * case.c
    for dtype, bits in (("float16", 11), ("float32", 24), ("float64", 53)):
        assert exact_amplitude(outputs, dtype) == math.isqrt(2**bits // (9 * case.c + 1))
    assert exact_amplitude(outputs, "int8") == 127
    assert exact_amplitude(outputs, "int16") == 2**15 - 1
    assert exact_amplitude(outputs, "int64") == math.isqrt(2**62 // (9 * case.c + 1))
    bias_grad = OPERATIONS["conv2d_bias_grad"]
    outputs = bias_grad.outputs(case)
    assert exact_amplitude(outputs, "float32") == 2**24 // (case.n * math.prod(case.output_size()))


@pytest.mark.parametrize("name", OPERATIONS)
def test_integers_are_integers_a_function_of_the_case_and_signed(name: str) -> None:
    operation = OPERATIONS[name]
    values = set()
    for case in cases(operation, "float64", 10):
        first, second = integers(operation, case), integers(operation, case)
        other = integers(operation, case, stream="other integers")
        assert list(first) == list(operation.operand_shapes(case))
        for key, array in first.items():
            assert (array == second[key]).all()
            assert (array == np.rint(array)).all()
            assert array.shape == operation.operand_shapes(case)[key]
            if key != "indices":
                assert array.dtype == np.float64
                values |= {np.sign(value) for value in array.flat}
                # The data of a selection are tied on purpose, now and then all of them.
                all_tied = operation.outputs(case)[0].is_selection and (array == array.flat[0]).all()
                assert array.size < 9 or all_tied or (array != other[key]).any()
    assert values == {-1.0, 0.0, 1.0} or name != "max_pool2d"
    assert {-1.0, 1.0} <= values


def test_simple_seeds_draw_small_integers_and_sparse_ones_are_mostly_zero() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw_small(operation, {}, ("float32",), 0, 0)
    small = type(case)(**{**vars(case), "seed": 3})
    large = type(case)(**{**vars(case), "seed": 4})
    assert np.abs(integers(operation, small)["x"]).max() == 3
    assert np.abs(integers(operation, large)["x"]).max() > 100
    assert np.abs(integers(operation, large, 7)["x"]).max() == 7
    sparse = integers(operation, large, 50, sparse=3)
    # The weight, as the last operand of several axes, keeps one element in eight; x and the bias keep all.
    assert 0 < np.count_nonzero(sparse["weight"]) < sparse["weight"].size / 4
    assert np.count_nonzero(sparse["x"]) > 0.9 * sparse["x"].size


def test_selections_have_ties_and_often_nothing_above_zero() -> None:
    operation = OPERATIONS["max_pool2d"]
    drawn = [integers(operation, case)["x"] for case in cases(operation, "float32")]
    below_zero = sum(bool((x < 0).all()) for x in drawn)
    assert 5 < below_zero < 25
    assert sum(len(np.unique(x)) <= 5 for x in drawn) > 10
    assert max(np.abs(x).max() for x in drawn) > 2**20


def test_integers_of_means_divide() -> None:
    operation = OPERATIONS["avg_pool2d_backward"]
    for case in cases(operation, "float64", 30):
        (output,) = operation.outputs(case)
        grad = integers(operation, case, 4)["grad_output"]
        assert (grad % output.multiple == 0).all()
        result = output.compute({"grad_output": grad})
        assert (result == np.rint(result)).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["conv2d", "max_pool2d_backward", "avg_pool2d"])
def test_random_floats_are_of_all_kinds_and_representable(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    kinds = set()
    for case in cases(operation, dtype, 30):
        kind, operands = random_floats(operation, case)
        kinds.add(kind)
        assert list(operands) == list(operation.operand_shapes(case))
        for key, array in operands.items():
            assert array.dtype == (np.int64 if key == "indices" else np.float64)
            assert (array.astype(dtype).astype(np.float64) == array).all() or key == "indices"
        if "indices" in operands:
            assert (operands["indices"] == integers(operation, case)["indices"]).all()
    assert kinds == {"uniform", "wide", "cancelling"}


def test_integer_dtypes_reach_their_ends_and_sums_beyond_float64() -> None:
    conv = OPERATIONS["conv2d"]
    case = draw_small(conv, {}, ("int8",), 0, 0)
    arrays = integers(conv, case)
    assert all(array.dtype == np.int64 for array in arrays.values())
    assert min(int(array.min()) for array in arrays.values()) == -128
    assert max(int(array.max()) for array in arrays.values()) == 127
    wide = draw_small(conv, {}, ("int64",), 0, 0)
    (output,) = conv.outputs(wide)
    sums = output.compute(integers(conv, wide))
    assert sums.dtype == np.int64
    assert int(np.abs(sums).max()) > 2**53
