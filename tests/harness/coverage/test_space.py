"""The space of cases: what is feasible in it, against brute force; and cases made from it, against what they are."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.coverage.axes import pool_axis, pool_windows, same_sides
from convoracle.harness.coverage.block import Block, Feature, of_values
from convoracle.harness.coverage.combinations import Combinations
from convoracle.harness.coverage.families import PLANNED, family_of
from convoracle.harness.coverage.plan import Plan
from convoracle.harness.coverage.space import Space
from convoracle.harness.coverage.steering import steered
from convoracle.harness.operations import OPERATIONS

FLOATS = ("float32", "float64")


def small_space() -> Space:
    """Two blocks that share a feature, and one by itself."""
    shared = Feature("shared", ("no", "yes"))
    first = Block(
        "first",
        ("a", "b", "shared"),
        (Feature("a", ("0", "1", "2"), ("low", "low", "high")), Feature("b", ("0", "1")), shared),
        lambda rows: rows,
        np.array([[0, 0, 0], [1, 1, 0], [2, 0, 1], [2, 1, 1]]),
    )
    second = Block(
        "second",
        ("c", "shared"),
        (Feature("c", ("0", "1", "2")), shared),
        lambda rows: rows,
        np.array([[0, 0], [1, 0], [1, 1], [2, 1]]),
    )
    return Space([first, second, of_values("alone", ["x", "y"])])


def every_case(space: Space) -> list[tuple[int, ...]]:
    """Every combination of the blocks' options that agrees about the shared feature, as levels of all features."""
    found = []
    for first, second, alone in product(*(block.options for block in space.blocks)):
        if first[2] == second[1]:
            found.append((*first, second[0], *alone))
    return found


@pytest.mark.parametrize("strength", [2, 3])
def test_feasible_is_what_some_case_has(strength: int) -> None:
    space = small_space()
    cases = np.array(every_case(space))
    if strength == 3:
        cases = np.stack([classes[cases[:, at]] for at, classes in enumerate(space.classes)], -1)
    for chosen, exists in space.feasible(strength).items():
        for levels in product(*map(range, exists.shape)):
            has = any((case[list(chosen)] == levels).all() for case in cases)
            assert exists[levels] == has, (chosen, levels)


@pytest.mark.parametrize("strength", [2, 3])
def test_the_cases_of_a_small_space_reach_all_of_it(strength: int) -> None:
    space = small_space()
    combined = Combinations(space, strength)
    assert combined.wanted.sum() == combined.feasible.sum() > 0
    for case in every_case(space):
        numbers = combined.numbers(np.array([case]))[0]
        assert len(numbers) == len(list(combinations(range(5), strength)))
        for number, chosen in zip(numbers, combined.chosen, strict=True):
            assert [feature for feature, _ in combined.of(int(number))] == list(chosen)
        combined.add(np.array([case]))
    assert not combined.wanted.any()


def test_a_plan_covers_a_small_space_in_few_cases_and_keeps_its_pins() -> None:
    space = small_space()
    plan = Plan(space, lambda number: {"alone": ("x" if number % 2 else "y",)}, lambda row, number: True, "small")
    combined = Combinations(space, 2)
    for number in range(14):
        levels = plan.levels(plan.row(number))
        assert levels[-1] == (number + 1) % 2
        combined.add(levels[None])
    assert not combined.wanted.any()


@pytest.mark.parametrize("name", PLANNED)
def test_a_case_has_the_levels_that_were_planned(name: str) -> None:
    operation = OPERATIONS[name]
    plan = steered(operation, {}, FLOATS)
    assert plan is not None
    for seed, number in product((0, 5), range(60)):
        case = plan.case(seed, number)
        assert case is not None, number
        operation.operand_shapes(case)
        values = [np.array([row]) for row in plan.family.values_of(case)]
        np.testing.assert_array_equal(plan.space.levels_of(values)[0], plan.levels(number))


@pytest.mark.parametrize("name", PLANNED)
def test_random_cases_have_no_combination_that_is_called_infeasible(name: str) -> None:
    """Cases from another generator, whose numbers are within the ranges, as far as they are."""
    from convoracle.harness.cases.choices import Choices

    operation, family = OPERATIONS[name], family_of(OPERATIONS[name])
    assert family is not None
    space = Space(family.blocks({}))
    feasible = {strength: Combinations(space, strength) for strength in (2, 3)}
    known = [set(map(tuple, block.options.tolist())) for block in space.blocks]
    counted = 0
    for number in range(300):
        try:
            case = operation.draw(Choices(9, name, number), {}, FLOATS, number)
            operation.operand_shapes(case)
        except ValueError:
            continue
        values = family.values_of(case)
        if any(tuple(row) not in options for row, options in zip(values, known, strict=True)):
            continue
        counted += 1
        levels = space.levels_of([np.array([row]) for row in values])
        for combined in feasible.values():
            assert combined.feasible[combined.numbers(levels)].all(), case
    assert counted > 20


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("conv2d", {"dilation": {1}, "groups": {1}}),
        ("conv2d", {"padding": {"valid", "same"}, "bias": {False}}),
        ("conv2d", {"stride": {(1, 1), (2, 2)}, "padding": {0, 1}}),
        ("conv2d", {"kernel_size": lambda size: size % 2 == 1, "padding": lambda value: value != "same_lower"}),
        ("conv2d", {"kernel_size": {11}}),
        ("max_pool2d", {"stride": {None}, "padding": {0}, "return_indices": {False}}),
        ("avg_pool2d", {"divisor_override": {None}, "ceil_mode": {True}}),
        ("conv_transpose2d", {"output_padding": {0}, "groups": {1, 2}}),
        ("conv3d", {"dilation": {1}}),
    ],
)
def test_limits_hold(name: str, limits: Limits) -> None:
    operation = OPERATIONS[name]
    cases = [draw_small(operation, limits, FLOATS, 0, number) for number in range(60)]
    assert all(inside(limits, case) for case in cases)
    assert len(set(cases)) == 60
    for start in range(0, 60, 2):
        assert {case.dtype for case in cases[start : start + 2]} == set(FLOATS)


def test_sides_of_same_are_the_reference_s() -> None:
    for n, k, s, d, rule in product(range(1, 9), range(1, 5), range(1, 4), range(1, 3), ("same", "same_lower")):
        (expected, _) = reference.resolve_padding(rule, (n, n), (k, k), (s, s), (d, d))
        numbers = (np.array([value]) for value in (n, d * (k - 1) + 1, s))
        before, after = same_sides(*numbers, np.array([rule == "same_lower"]))
        assert (int(before[0]), int(after[0])) == expected


def test_windows_of_a_pool_are_the_reference_s() -> None:
    for letter, is_last in (("h", False), ("w", True)):
        block = pool_axis(letter, is_last, True)
        for k, s, d, p, n, ceil, _ in block.options[:: len(block.options) // 300].tolist():
            expected: Any = reference.pool_output_size(n, k, stride=s, padding=p, dilation=d, ceil_mode=bool(ceil))
            got = pool_windows(*(np.array([value]) for value in (n, k, s, d, p, ceil)))
            assert int(got[0]) == expected
