"""Limits: what a candidate says it cannot do is neither drawn nor shrunk to, and nonsense is named."""

import dataclasses
from typing import Any

import pytest

from convoracle.harness import verify
from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.limits import Limits, allowed, check, inside, within
from convoracle.harness.explain.cases.shrink import shrink
from convoracle.harness.operations import OPERATIONS


def odd(value: int) -> bool:
    return value % 2 == 1


LIMITS: list[tuple[str, Limits]] = [
    ("conv2d", {"stride": {1}, "dilation": {1}, "groups": {1}}),
    ("conv2d", {"kernel_size": {3}, "padding": {0, 1}}),
    ("conv2d", {"kernel_size": {(3, 3), (5, 1)}, "stride": {(2, 2), (1, 3)}}),
    ("conv2d", {"padding": {"same", "valid"}}),
    ("conv2d", {"padding": {"same", 2, ((0, 1), (2, 0))}}),
    ("conv2d", {"padding": lambda padding: isinstance(padding, tuple)}),
    ("conv2d", {"kernel_size": odd, "stride": [4], "dilation": (5,)}),
    ("conv2d", {"kernel_size": lambda k: k >= 6, "groups": lambda groups: groups == 5}),
    ("conv2d", {"bias": {False}}),
    ("conv2d_input_grad", {"stride": {2, 3}, "groups": {2}}),
    ("conv2d_weight_grad", {"padding": {0}}),
    ("conv2d_backward", {"dilation": {(1, 2)}}),
    ("max_pool2d", {"padding": {1}}),
    ("max_pool2d", {"padding": {(1, 0)}, "kernel_size": {2, 3}}),
    ("max_pool2d", {"padding": lambda amount: amount <= 1, "stride": lambda step: step <= 2}),
    ("max_pool2d", {"stride": {None}}),
    ("max_pool2d", {"stride": {2}, "kernel_size": {2}}),
    ("max_pool2d", {"ceil_mode": {False}, "return_indices": {False}, "dilation": {1}}),
    ("max_pool2d_backward", {"kernel_size": odd}),
    ("avg_pool2d", {"divisor_override": {None}, "count_include_pad": {True}}),
    ("avg_pool2d_backward", {"divisor_override": {5}, "stride": {(3, 1), (2, 2)}}),
]


def satisfied(limits: Limits, case: Any) -> bool:
    """The meaning of a limit, written out independently: for each axis or side, or for the value as it is passed."""
    for name, limit in limits.items():
        value = getattr(case, name)
        if name == "stride" and value is None and (callable(limit) or None not in limit):
            value = case.kernel_size
        asked = limit if callable(limit) else limit.__contains__
        forms: list[Any] = [value]
        if isinstance(value, int) and not isinstance(value, bool):
            forms.append((value, value))
        whole = callable(limit) and name == "padding" and not name_is_pool(case)
        by_axis = not whole and isinstance(value, tuple) and all(asked_of_axis(asked, axis) for axis in value)
        if not by_axis and not any(asked(form) for form in (forms[:1] if callable(limit) else forms)):
            return False
    return True


def name_is_pool(case: Any) -> bool:
    return hasattr(case, "ceil_mode")


def asked_of_axis(asked: Any, axis: Any) -> bool:
    if isinstance(axis, tuple):
        return axis[0] == axis[1] and bool(asked(axis[0]))
    return bool(asked(axis))


@pytest.mark.parametrize(("name", "limits"), LIMITS)
def test_limits_hold_for_every_case_drawn_and_shrunk(name: str, limits: Limits) -> None:
    operation = OPERATIONS[name]
    drawn = [draw(operation, limits, ("float32",), 3, number) for number in range(60)]
    assert all(satisfied(limits, case) for case in drawn)
    assert all(inside(limits, case) for case in drawn)
    for limit in limits:
        kept = {getattr(case, limit) for case in drawn}
        assert kept, limit
    seen: list[Any] = []

    def fails(case: Any) -> bool:
        seen.append(case)
        return True

    smallest = shrink(operation, drawn[0], limits, fails, seconds=2.0, examples=60)
    assert all(satisfied(limits, case) for case in [*seen, smallest])


def test_values_that_only_the_limits_name_are_drawn() -> None:
    operation = OPERATIONS["conv2d"]
    drawn = [draw(operation, {"stride": {7}, "groups": {5}}, ("float32",), 0, number) for number in range(20)]
    assert {case.groups for case in drawn} == {5}
    assert {case.stride for case in drawn} == {7, (7, 7)}
    assert all(case.c % 5 == 0 and case.f % 5 == 0 for case in drawn)
    sides = {draw(operation, {"padding": {((0, 2), (1, 0)), 3}}, ("float32",), 0, n).padding for n in range(30)}
    assert sides == {((0, 2), (1, 0)), 3, (3, 3)}


def test_inside_tells_outside() -> None:
    case = draw(OPERATIONS["conv2d"], {"stride": {2}, "padding": {1}, "bias": {True}}, ("float32",), 0, 3)
    assert inside({}, case)
    assert not inside({"stride": {1}}, case)
    assert not inside({"padding": {0, "same"}}, case)
    assert not inside({"bias": {False}}, case)
    assert not inside({"stride": lambda step: step > 2}, case)
    assert not inside({"padding": lambda padding: isinstance(padding, str)}, case)
    pool = draw(OPERATIONS["max_pool2d"], {"stride": {None}, "kernel_size": {2}}, ("float32",), 0, 3)
    assert pool.stride is None
    assert inside({"stride": {2}}, pool)
    assert not inside({"stride": {3}}, pool)


def test_who_takes_integers_is_not_given_sides() -> None:
    case = draw(OPERATIONS["conv2d"], {}, ("float32",), 0, 0)
    sides = ((1, 1), (0, 0))
    assert inside({"padding": {0, 1}}, dataclasses.replace(case, padding=(1, 0)))
    assert not inside({"padding": {0, 1}}, dataclasses.replace(case, padding=sides))
    assert not inside({"padding": {(0, 0), (1, 1)}}, dataclasses.replace(case, padding=sides))
    assert inside({"padding": {0, sides}}, dataclasses.replace(case, padding=sides))


def test_allowed_and_within() -> None:
    assert allowed(None, "anything")
    assert allowed({1, 2}, 2)
    assert not allowed({1, 2}, 3)
    assert allowed(odd, 3)
    assert not allowed(odd, 4)
    assert within({}, "stride", [1, 1, 2]) == [1, 1, 2]
    assert within({"stride": {2, 3}}, "stride", [1, 1, 2]) == [2]
    assert within({"stride": [9]}, "stride", [1, 1, 2]) == [9]
    assert within({"stride": lambda step: step > 5}, "stride", [1, 2]) == [6, 7, 8]
    assert within({"stride": lambda step: step in (1, 16, 17)}, "stride", [2, 3]) == [1, 16]
    with pytest.raises(ValueError, match=r"limits\['stride'\] leaves nothing to test: none of \[1, 2\] is allowed"):
        within({"stride": lambda step: step > 16}, "stride", [1, 2])


@pytest.mark.parametrize(
    ("operation", "limits", "message"),
    [
        ("conv2d", {"stride": set()}, r"limits\['stride'\] leaves nothing to test"),
        ("conv2d", {"stride": lambda step: False}, r"limits\['stride'\] leaves nothing to test"),
        ("conv2d", {"padding": lambda padding: False}, "limits leave nothing to test: no padding"),
        ("max_pool2d", {"padding": {7}}, r"limits\['padding'\] leaves nothing to test for a kernel"),
        ("max_pool2d", {"kernel_size": {1}, "padding": {1}}, "at most half of it is legal"),
        ("max_pool2d", {"ceil_mode": lambda mode: False}, r"limits\['ceil_mode'\] leaves nothing to test"),
        ("conv2d", {"stride": {0}}, r"limits\['stride'\] must hold integers of at least 1, .* got 0"),
        ("conv3d", {"kernel_size": {(3, 3)}}, r"limits\['kernel_size'\] must hold .* one for each axis, got \(3, 3\)"),
        ("conv2d", {"groups": {1, 1.5}}, r"limits\['groups'\] must hold integers of at least 1, .* got 1.5"),
        ("conv2d", {"stride": {None}}, r"limits\['stride'\] must hold integers .* got None"),
        ("conv2d", {"strides": {1}}, "conv2d: unknown limit 'strides'; known: kernel_size, stride, padding"),
        ("max_pool2d", {"groups": {1}}, "max_pool2d: unknown limit 'groups'; known: kernel_size"),
        ("conv2d_bias_grad", {"stride": {1}}, "conv2d_bias_grad: unknown limit 'stride'; known: "),
    ],
)
def test_impossible_and_unknown_limits_are_errors_of_the_caller(operation: str, limits: Limits, message: str) -> None:
    def never_called(*operands: Any, **options: Any) -> Any:
        raise AssertionError("called in spite of its limits")

    with pytest.raises(ValueError, match=message):
        verify(operation, never_called, limits=limits)


@pytest.mark.parametrize("limit", ["same", 3, None, 1.5])
def test_a_limit_that_cannot_be_asked_is_a_type_error(limit: Any) -> None:
    with pytest.raises(
        TypeError, match=r"conv2d: limits\['padding'\] must be a collection of allowed values or a func"
    ):
        check({"padding": limit}, ("padding",), "conv2d")
