"""The rule: exact where there is one, nearly so where there nearly is, and otherwise nothing."""

import itertools

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.cases.features import statements
from convoracle.harness.explain.cases.rule import Rule, Statements, learn
from convoracle.harness.operations import OPERATIONS


def said(**numbers: int) -> Statements:
    """Return statements as `features` makes them: above each threshold or not."""
    statements = {}
    for name, number in numbers.items():
        for threshold in range(4):
            statements[f"{name} > {threshold}"] = (number > threshold, 1 if threshold == 1 else 3)
            statements[f"{name} <= {threshold}"] = (number <= threshold, 2)
    return statements


EVERY = [dict(zip("abc", numbers, strict=True)) for numbers in itertools.product(range(4), repeat=3)]


def learned(fails: list[bool]) -> Rule | None:
    cases = [said(**numbers) for numbers in EVERY]
    return learn(
        [case for case, wrong in zip(cases, fails, strict=True) if wrong],
        [case for case, wrong in zip(cases, fails, strict=True) if not wrong],
    )


def test_one_statement() -> None:
    rule = learned([numbers["b"] > 1 for numbers in EVERY])
    assert rule == Rule(("b > 1",), False, 32, 32, 0, 32)
    assert str(rule) == "fails if and only if b > 1: in 32 of 32 failing and 0 of 32 passing cases"


def test_a_rule_that_was_not_put_to_the_test_only_seems_to_hold() -> None:
    rule = Rule(("b > 1",), False, 32, 32, 0, 32, is_tested=False)
    assert str(rule) == (
        "seems to fail where b > 1, not put to the test: in 32 of 32 failing and 0 of 32 passing cases"
    )


def test_two_and_three_statements() -> None:
    two = learned([numbers["a"] > 1 and numbers["c"] > 2 for numbers in EVERY])
    assert two is not None
    assert (set(two.statements), two.is_exact) == ({"a > 1", "c > 2"}, True)
    three = learned([numbers["a"] > 1 and numbers["b"] > 1 and numbers["c"] > 0 for numbers in EVERY])
    assert three is not None
    assert (set(three.statements), three.is_exact) == ({"a > 1", "b > 1", "c > 0"}, True)


def test_what_passes_may_be_the_simple_thing_to_say() -> None:
    rule = learned([numbers["a"] > 1 or numbers["b"] > 1 for numbers in EVERY])
    assert rule is not None
    assert rule.denies
    assert set(rule.statements) == {"a <= 1", "b <= 1"}
    assert str(rule).startswith("fails unless ")
    assert all(rule.says_failing(said(**numbers)) == (numbers["a"] > 1 or numbers["b"] > 1) for numbers in EVERY)


def test_a_few_exceptions_are_counted_not_hidden() -> None:
    fails = [numbers["b"] > 1 for numbers in EVERY]
    fails[0] = True
    rule = learned(fails)
    assert rule is not None
    assert not rule.is_exact
    assert (rule.statements, rule.caught, rule.failing, rule.accused) == (("b > 1",), 32, 33, 0)
    assert str(rule) == "fails where b > 1, with exceptions: in 32 of 33 failing and 0 of 31 passing cases"


def test_no_rule_where_there_is_none() -> None:
    assert learned([(numbers["a"] + numbers["b"] + numbers["c"]) % 2 == 0 for numbers in EVERY]) is None


def test_too_few_cases_teach_nothing() -> None:
    assert learn([said(a=3)] * 3, [said(a=0)] * 20) is None
    assert learn([said(a=3)] * 20, [said(a=0)] * 3) is None


def test_at_most_one_is_said_to_be_one_only_of_what_cannot_be_less() -> None:
    operation = OPERATIONS["conv2d"]
    found = statements(operation, draw_small(operation, {}, ("float32",), 0, 0))
    assert "N = 1" in found
    assert "padding before h <= 1" in found
    assert "padding before h = 1" not in found


def test_what_always_fails() -> None:
    rule = learn([said(a=3)] * 7, [])
    assert str(rule) == "fails always: in all 7 cases tried"
