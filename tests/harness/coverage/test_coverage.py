"""What campaigns reach: every two features together, and nearly every three, for every operation."""

import json
from collections import Counter
from typing import Any

import pytest

from convoracle.harness.cases.draw import draw, draw_small
from convoracle.harness.coverage.families import PLANNED, plan_name
from convoracle.harness.coverage.ledger import coverage_of, coverage_of_campaign
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.profiles import PROFILES

FLOATS = ("float32", "float64")
EVERY = ("float16", "float32", "float64", "int8", "int16", "int32", "int64")


@pytest.mark.parametrize("name", PLANNED)
def test_profile_ci_combines_every_two_features_and_99_percent_of_every_three(name: str) -> None:
    found = coverage_of_campaign(OPERATIONS[name], PROFILES["ci"].examples, 0, FLOATS)
    assert found is not None
    assert found.missing[2] == []
    assert found.share(3) >= 0.99
    assert found.outside == 0


@pytest.mark.parametrize("name", PLANNED)
def test_profile_ci_reaches_as_much_with_every_dtype(name: str) -> None:
    operation = OPERATIONS[name]
    dtypes = EVERY if operation.takes_integers else EVERY[:3]
    found = coverage_of_campaign(operation, PROFILES["ci"].examples, 0, dtypes)
    assert found is not None
    assert found.missing[2] == []
    assert found.share(3) >= 0.99


@pytest.mark.parametrize("name", ["conv2d", "linear"])
def test_every_dtype_has_its_share_of_cases(name: str) -> None:
    """Each once in every round of ten; a round of two floats is two."""
    rounds = [
        Counter(draw_small(OPERATIONS[name], {}, EVERY, 0, number).dtype for number in range(start, start + 10))
        for start in range(0, 300, 10)
    ]
    assert all(set(dtypes) == set(EVERY) for dtypes in rounds)
    floats = [draw_small(OPERATIONS[name], {}, FLOATS, 0, number).dtype for number in range(40)]
    assert all(set(floats[at : at + 2]) == set(FLOATS) for at in range(0, 40, 2))


@pytest.mark.parametrize("name", ["conv2d_backward", "max_pool2d_backward", "locally_connected2d_backward"])
def test_gradients_follow_the_plan_of_the_operation(name: str) -> None:
    found = coverage_of_campaign(OPERATIONS[name], PROFILES["ci"].examples, 1, FLOATS)
    assert found is not None
    assert found.missing[2] == []
    assert found.share(3) >= 0.99


def test_the_ledger_counts_what_cases_have_and_no_more() -> None:
    operation = OPERATIONS["conv2d"]
    one = coverage_of(operation, [draw(operation, {}, FLOATS, 0, 0)], FLOATS)
    assert one is not None
    count = len(one.features)
    assert one.reached[2] == count * (count - 1) // 2
    assert one.reached[3] == count * (count - 1) * (count - 2) // 6
    assert len(one.missing[3]) + one.reached[3] == one.feasible[3] < one.combined[3]
    none = coverage_of(operation, [], FLOATS)
    assert none is not None
    assert (none.cases, none.reached) == (0, {2: 0, 3: 0})


def test_missing_combinations_are_named() -> None:
    operation = OPERATIONS["avg_pool2d"]
    cases = [draw(operation, {"ceil_mode": {False}}, FLOATS, 0, number) for number in range(100)]
    found = coverage_of(operation, cases, FLOATS)
    assert found is not None
    assert any("ceil_mode=yes" in text for text in found.missing[2])
    assert not any(text.count("ceil_mode=no") and "dtype" in text for text in found.missing[2])
    limited = coverage_of(operation, cases, FLOATS, {"ceil_mode": {False}})
    assert limited is not None
    assert not any("ceil_mode=yes" in text for text in limited.missing[2])


def test_infeasible_combinations_are_not_counted() -> None:
    found = coverage_of(OPERATIONS["conv2d"], [], FLOATS)
    assert found is not None
    impossible = [
        "kernel_h=1, rest_h=some, stride_h=1",  # nothing is left over by a stride of 1
        "stride_h=1, rest_h=some",
        "padding_h=none, fit_h=beyond",
        "groups=depthwise, channels in a group=5 or more",
    ]
    for text in impossible:
        assert text not in found.missing[2]
    assert "stride_h=2, rest_h=some" in found.missing[2]
    assert "padding_h=symmetric, fit_h=beyond" in found.missing[2]


def test_cases_nobody_draws_count_as_outside() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw(operation, {}, ("float16",), 0, 0)
    found = coverage_of(operation, [case], FLOATS)
    assert found is not None
    assert (found.cases, found.outside, found.reached) == (1, 1, {2: 0, 3: 0})


@pytest.mark.parametrize(
    "name", [name for name in OPERATIONS if not name.startswith(("conv", "locally")) and "pool" not in name]
)
def test_operations_without_windows_are_counted(name: str) -> None:
    found = coverage_of_campaign(OPERATIONS[name], 1, 0, FLOATS)
    assert found is not None
    assert (found.cases, found.outside) == (1, 0)
    assert found.reached[2] == len(found.features) * (len(found.features) - 1) // 2


def test_the_ledger_is_plain_values() -> None:
    found = coverage_of_campaign(OPERATIONS["max_pool2d"], 5, 0, FLOATS)
    assert found is not None
    plain: dict[str, Any] = json.loads(json.dumps(found.as_dict()))
    assert plain["cases"] == 5
    assert plain["2-way"]["reached"] + len(plain["2-way"]["missing"]) == plain["2-way"]["feasible"]


def test_every_planned_operation_has_its_own_plan() -> None:
    assert {plan_name(operation) for operation in OPERATIONS.values()} == set(PLANNED)
