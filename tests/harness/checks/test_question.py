"""A question by its parts: what is proved, what is asked, and what must come back."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from convoracle.harness.cases.descriptor import parse
from convoracle.harness.cases.draw import draw
from convoracle.harness.checks import question as module
from convoracle.harness.checks.gradient import direction_for, inner, whole
from convoracle.harness.checks.other_options import OtherOptions
from convoracle.harness.checks.proof import Proof
from convoracle.harness.checks.question import Question
from convoracle.harness.checks.truth import allowance, magnitude, truth
from convoracle.harness.operations import OPERATIONS, named

CONV = "n=2 c=4 h=6 w=7 f=2 kernel_size=3x2 stride=1 padding=0 dilation=1 groups=1 bias=yes dtype={} layout=C+C seed={}"
MEAN = (
    "n=2 c=3 h=5 w=7 kernel_size=2x3 stride=1 padding=0 ceil_mode=no count_include_pad=yes divisor_override=none "
    "dtype={} layout=C seed={}"
)


def conv(dtype: str = "float32", seed: int = 40, accuracy: str = "componentwise") -> Question:
    return Question(named("conv2d"), parse(named("conv2d"), CONV.format(dtype, seed)), accuracy)


def mean(dtype: str = "float32", seed: int = 40) -> Question:
    return Question(named("avg_pool2d"), parse(named("avg_pool2d"), MEAN.format(dtype, seed)), "componentwise")


@pytest.mark.parametrize("asked", [conv(), conv("float16"), conv(accuracy="normwise"), mean(), conv("int8")])
def test_what_is_asked_is_proved_and_what_is_a_thousand_times_larger_is_not(asked: Question) -> None:
    operands = asked.integers.operands
    assert asked.integers.expected is not None
    assert asked.proves(operands)
    assert not asked.proves({name: array * (2**60 if asked.is_integer else 1000.0) for name, array in operands.items()})


def test_exactness_is_proved_up_to_the_capacity_and_no_further() -> None:
    asked = conv()
    operands = {name: np.zeros(shape) for name, shape in named("conv2d").operand_shapes(asked.case).items()}
    operands["bias"][1] = 2**24
    assert asked.proves(operands)
    operands["bias"][1] = -(2**24) - 1
    assert not asked.proves(operands)


def test_an_amplitude_that_is_not_proved_is_an_error_of_the_harness(monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.exact_amplitude
    monkeypatch.setattr(module, "exact_amplitude", lambda outputs, dtype: 2 * right(outputs, dtype))
    with pytest.raises(ArithmeticError, match="conv2d: the proof of exactness failed"):
        _ = conv().integers


def test_rounding_to_integers_is_asked_only_where_the_bound_is_below_a_half() -> None:
    asked = mean()
    (output,) = asked.outputs
    size = magnitude(output, asked.integers.operands)
    allowed = allowance(output, asked.integers.operands, size, size, "float32", "componentwise")
    assert float((allowed * 6).max()) < 0.5
    assert float((allowed * 6).max()) > 0.25, "and the integers are as large as that allows, or nearly"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("make", [conv, mean])
def test_the_bound_of_floats_has_the_error_of_the_truth_in_it(make: Any, dtype: str) -> None:
    asked = make(dtype)
    (output,), operands = asked.outputs, asked.floats.operands
    size = magnitude(output, operands)
    high, low, own_error = truth(output, operands, dtype, size)
    allowed = allowance(output, operands, high, size, dtype, "componentwise") + own_error
    assert (asked.floats.bounds[0]["componentwise"] == allowed).all()
    assert (asked.floats.truths[0][0] == high).all()
    assert (asked.floats.truths[0][1] == low).all()
    assert (own_error > 0).any() or (make is conv and dtype == "float64")


def test_a_normwise_question_has_both_bounds() -> None:
    (bounds,) = conv(accuracy="normwise").floats.bounds
    assert list(bounds) == ["normwise", "componentwise"]
    assert (bounds["normwise"] > bounds["componentwise"]).all()


def test_the_other_integers_are_of_four_kinds() -> None:
    of_any_sign, of_one_sign, of_equal_rows, of_one_number = (
        conv(seed=seed).other_integers.operands["x"] for seed in (44, 45, 46, 47)
    )
    assert set(np.sign(of_any_sign).flat) == {-1, 0, 1}
    assert of_one_sign.min() == 0
    assert of_one_sign.max() == 3
    assert (of_equal_rows == of_equal_rows[:, :, :1]).all()
    assert (of_equal_rows != of_equal_rows[..., :1]).any()
    assert (of_one_number == of_one_number[:, :, :1, :1]).all()
    assert len(np.unique(of_one_number)) > 1
    assert np.abs(of_any_sign).max() > 2**15  # in halves this would be rounded


@pytest.mark.parametrize("make", [conv, mean])
def test_one_element_is_changed_by_one_towards_zero_or_two_are_exchanged(make: Any) -> None:
    changed_operands = set()
    exchanged = 0
    for seed in range(40, 70):
        asked = make(seed=seed)
        before, after = asked.integers.operands, asked.one_changed.operands
        changed = [(name, place) for name in before for place in np.argwhere(before[name] != after[name])]
        name, place = changed[0]
        if len(changed) == 2:
            assert np.sort(before[name], axis=None).tolist() == np.sort(after[name], axis=None).tolist()
            assert [array[name].flat[end] for array in (before, after) for end in (0, -1)] == 2 * [
                before[name].flat[end] for end in (0, -1)
            ]
            exchanged += 1
            continue
        assert len(changed) == 1
        old, new = before[name][tuple(place)], after[name][tuple(place)]
        assert abs(new - old) == 1
        assert abs(new) < abs(old)
        changed_operands.add(name)
    assert changed_operands == set(before)
    assert exchanged


def test_directions_have_no_zeros_and_depend_on_the_seed_and_the_name() -> None:
    first = direction_for((50,), 1, "grad_x")
    assert set(first.tolist()) == {-3, -2, -1, 1, 2, 3}
    assert (first == direction_for((50,), 1, "grad_x")).all()
    assert (first != direction_for((50,), 2, "grad_x")).any()
    assert (first != direction_for((50,), 1, "grad_weight")).any()


def test_inner_products_are_exact_modulo_2_to_the_64() -> None:
    large = np.array([2**62, 2**62, 1], np.int64)
    assert inner(large, np.array([1, -1, 7])) == 7
    assert inner(np.array([2.0**52 + 1]), np.array([1])) == 2**52 + 1
    assert inner(large, np.array([2, 2, 5])) == 5
    assert whole(np.array([0.4, -1.6, 3.0], np.float32)).tolist() == [0, -2, 3]


def test_specials_hold_one_value_a_plane_or_all_and_multiply_no_zero_but_in_planes_of_zeros() -> None:
    kinds, zeros = set(), set()
    for seed in range(40, 56):
        answered = conv(seed=seed).specials
        assert answered is not None
        (name,) = [name for name, array in answered.operands.items() if not np.isfinite(array).all()]
        array = answered.operands[name]
        by_plane = (~np.isfinite(array)).reshape(int(np.prod(array.shape[:2])), -1).sum(axis=1)
        singles, together = min(3, len(by_plane)), 3 if len(by_plane) > 3 else 0
        assert sorted(by_plane[by_plane > 0]) == [1] * singles + [together] * (together > 0)
        kinds |= {str(value) for value in array[~np.isfinite(array)]}
        for other, values in answered.operands.items():
            if other != name:
                planes = values.reshape(int(np.prod(values.shape[:2])), -1) == 0
                assert (planes.all(axis=1) | ~planes.any(axis=1)).all()
                count = int(planes.all(axis=1).sum())
                zeros.add("all" if count == len(planes) else min(count, 2))
    assert kinds == {"nan", "inf", "-inf"}
    assert zeros == {0, 1, "all"}


def test_what_is_not_proved_exact_is_not_asked_and_transforms_get_zeros() -> None:
    text = CONV.format("float16", 40).replace("c=4", "c=240").replace("3x2", "3x3")
    case = parse(named("conv2d"), text)
    too_many = Question(named("conv2d"), case, "componentwise")
    assert too_many.integers.expected is None
    assert too_many.specials is None
    sparse = Question(named("conv2d"), case, "normwise").integers
    assert sparse.expected is not None
    assert 0 < np.count_nonzero(sparse.operands["weight"]) < sparse.operands["weight"].size / 2


@pytest.mark.parametrize("operation", ["max_pool2d_backward", "avg_pool2d_backward"])
def test_gradients_of_pools_hold_special_values(operation: str) -> None:
    asked = Question(named(operation), draw(named(operation), {}, ("float32",), 0, 1), "componentwise")
    assert asked.specials is not None
    assert not np.isfinite(asked.specials.operands["grad_output"]).all()


def test_integers_have_no_specials_and_no_scale() -> None:
    assert conv("int32").specials is None
    assert conv("int32").scales.scaled is None


def scales(asked: list[Question]) -> set[int]:
    return {exponent for _, exponent in filter(None, (one.scales.scaled for one in asked))}


@pytest.mark.parametrize(("dtype", "ends", "last"), [("float16", {-24, -6, 3}, 15), ("float32", {-149, -60, 60}, 127)])
def test_scales_reach_down_to_the_smallest_subnormal_and_up_to_the_largest_sum(
    dtype: str, ends: set[int], last: int
) -> None:
    asked = [conv(dtype, seed) for seed in range(40, 60)]
    found = scales(asked)
    assert found > ends
    for exponent in found - ends:
        sizes = [magnitude(one.outputs[0], one.integers.operands).max() for one in asked if one.scales.scaled]
        assert last - 8 < exponent + np.log2(max(sizes)) <= last
    names = {names for names, _ in filter(None, (one.scales.scaled for one in asked))}
    # Every term has one of them: x and the bias, or the weight and the bias.
    assert names == {frozenset({"x", "bias"}), frozenset({"weight", "bias"})}


def test_algorithms_through_a_transform_are_not_scaled_to_the_edge() -> None:
    assert scales([conv(seed=seed, accuracy="normwise") for seed in range(40, 60)]) == {-60, 60}


def test_means_are_scaled_no_further_down_than_their_rounding_allows() -> None:
    found = scales([mean("float32", seed) for seed in range(40, 60)])
    assert -149 < min(found) < -126  # the inputs are subnormal, and rounding costs less than what is left of them
    assert 60 < max(found) < 127


def test_other_options_differ_in_one_option_inside_the_limits() -> None:
    asked = conv()
    found = asked.near.other_options({})
    assert found is not None
    other, answered = found
    differing = [
        field.name
        for field in dataclasses.fields(other)
        if getattr(other, field.name) != getattr(asked.case, field.name)
    ]
    assert len(differing) == 1
    assert answered.expected is not None
    assert answered.expected[0].values.shape == other.output_shape()
    nothing_else = {"stride": {1}, "padding": {0}, "dilation": {1}}
    assert asked.near.other_options(nothing_else) is None
    only = asked.near.other_options({**nothing_else, "padding": {0, 2}})
    assert only is not None
    assert only[0] == dataclasses.replace(asked.case, padding=2)


@pytest.mark.parametrize(("excess", "is_proved"), [(0.999, True), (1.0, False), (1.5, False)])
def test_an_error_of_one_half_proves_nothing(excess: float, is_proved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = mean()
    operands = asked.integers.operands
    monkeypatch.setattr(Proof, "_excess", lambda *arguments: excess)
    assert asked.proves(operands) is is_proved


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        (conv(), {"stride", "padding", "dilation"}),
        (mean(), {"kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"}),
    ],
)
def test_every_option_is_among_the_other_ones(asked: Question, options: set[str]) -> None:
    names = [field.name for field in dataclasses.fields(asked.case)]
    changed = [
        {name for name in names if getattr(other, name) != getattr(asked.case, name)}
        for other in OtherOptions(asked.operation, asked.case)
    ]
    assert {name for (name,) in changed} == options


def test_other_options_that_are_not_proved_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = conv()
    assert asked.integers.expected is not None
    monkeypatch.setattr(Question, "proves", lambda question, operands: False)
    assert asked.near.other_options({}) is None


def test_integers_are_exact_at_any_accuracy() -> None:
    operation = OPERATIONS["conv2d"]
    asked = Question(operation, draw(operation, {}, ("int8",), 0, 3), "normwise")
    assert not asked.rounds
    assert asked.integers.expected is not None


def test_whole_numbers_of_means_are_their_sums() -> None:
    got = np.array([[[[7 / 6, -0.5 + 0.01]]]], np.float32)
    asked = mean()
    shape = asked.outputs[0].shape
    (found,) = asked.whole((np.broadcast_to(got[0, 0, 0, 0], shape),))
    assert (found == 7).all()
    (found,) = asked.whole((np.broadcast_to(got[0, 0, 0, 1], shape),))
    assert (found == -3).all()
    (same,) = conv().whole((got,))
    assert same is got
