"""What all failing cases need: found where data decides, and not where it may be an accident."""

import itertools
from collections.abc import Callable

import numpy as np

from convoracle.harness import Failure
from convoracle.harness.explain.cases.necessary import needed
from convoracle.harness.explain.cases.rule import Rule, Statements
from convoracle.harness.oracle import compiled

NUMBERS = [dict(zip("abc", numbers, strict=True)) for numbers in itertools.product(range(6), repeat=3)]


def said(numbers: dict[str, int]) -> Statements:
    return {f"{name} > {least}": (number > least, 1) for name, number in numbers.items() for least in range(5)}


def found(fails: Callable[[int, dict[str, int]], bool]) -> Rule | None:
    verdicts = [(said(numbers), fails(position, numbers)) for position, numbers in enumerate(NUMBERS)]
    return needed([one for one, wrong in verdicts if wrong], [one for one, wrong in verdicts if not wrong])


def test_what_some_cases_fail_with_and_no_case_without() -> None:
    rule = found(lambda position, numbers: numbers["b"] > 3 and position % 5 < 2)
    assert rule is not None
    assert rule.statements == ("b > 3",)
    assert str(rule).startswith("fails only where b > 3: true of all ")


def test_two_statements_where_the_second_leaves_much_less() -> None:
    rule = found(lambda position, numbers: numbers["b"] > 3 and numbers["c"] > 2 and position % 3 < 2)
    assert rule is not None
    assert set(rule.statements) == {"b > 3", "c > 2"}


def test_nothing_where_it_may_be_an_accident() -> None:
    assert found(lambda position, numbers: position % 5 < 2) is None
    assert found(lambda position, numbers: numbers["b"] > 3 and position in (25, 60, 96, 133)) is None


def test_zero_padding_of_a_maximum_needs_padding(explained: Callable[..., Failure]) -> None:
    """Whether a window's maximum is negative is a matter of the data."""

    def zero_padded(x: np.ndarray, kernel_size: object, **options: object) -> object:
        from convoracle import reference

        options["return_indices"] = False
        result = reference.max_pool2d(x, kernel_size, **options, loops=compiled(reference.max_pool2d_loops))
        return np.maximum(result, 0) if np.any(options["padding"]) else result

    rule = explained("max_pool2d", zero_padded, limits={"return_indices": {False}}).rule
    assert rule is not None
    assert rule.is_needed
    assert any("padding" in statement for statement in rule.statements), rule
