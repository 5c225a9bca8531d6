"""What a verdict says, in words and as plain values."""

import json
from collections import Counter

import numpy as np
import pytest

from convoracle.harness import Failure, Report

FAILURE = Failure(
    kind="values",
    check="exact",
    message="1 of 4 values of result are wrong on integers",
    call="conv2d(x(1, 1, 2, 2)) in float32, memory layout C",
    case="n=1 c=1",
    found_in=7,
    command="convoracle verify conv2d --backend numba --case 'n=1 c=1'",
    index=(0, 0, 1, 1),
    expected=np.float64(3.0),
    got=np.float32("nan"),
)


def report(**changes: object) -> Report:
    plain: dict[str, object] = {
        "operation": "conv2d",
        "candidate": "numba",
        "accuracy": "componentwise",
        "dtypes": ("float32", "float64"),
        "examples": 40,
        "seed": 0,
        "cases": 40,
        "seconds": 1.25,
        "ratios": {"componentwise": 0.5},
    }
    return Report(**{**plain, **changes})  # type: ignore[arg-type]


def test_the_text_of_a_failure() -> None:
    assert str(FAILURE).splitlines() == [
        "values (check: exact): 1 of 4 values of result are wrong on integers",
        "  smallest call  conv2d(x(1, 1, 2, 2)) in float32, memory layout C",
        "  at [0, 0, 1, 1]  expected 3, got nan",
        "  reproduce      convoracle verify conv2d --backend numba --case 'n=1 c=1'",
    ]


def test_the_text_of_a_report() -> None:
    assert str(report()) == (
        "conv2d: numba is right: 40 cases of float32, float64, grade A, "
        "largest error 0.5 of its componentwise bound, in 1.2 s"
    )
    assert "1 case of" in report(cases=1).headline()
    assert ", exact left out 3 times (no proof)," in report(unproved=Counter(exact=3)).headline()
    assert "largest error" not in report(ratios={}).headline()
    wrong = report(failures=[FAILURE], cases=8)
    lines = str(wrong).splitlines()
    assert lines[0] == "conv2d: numba is WRONG, found after 8 cases in 1.2 s"
    assert lines[1:] == [f"  {line}" for line in str(FAILURE).splitlines()]


@pytest.mark.parametrize(
    ("changes", "passed", "grade"),
    [
        ({}, True, "A"),
        ({"ratios": {"componentwise": 1.0}}, True, "A"),
        ({"ratios": {}}, True, "A"),
        ({"ratios": {"componentwise": 1.01, "normwise": 0.2}, "accuracy": "normwise"}, True, "B"),
        ({"ratios": {"componentwise": 0.9, "normwise": 0.2}, "accuracy": "normwise"}, True, "A"),
        ({"failures": [FAILURE]}, False, "fail"),
        ({"cases": 0}, False, "fail"),
    ],
)
def test_grades(changes: dict[str, object], passed: bool, grade: str) -> None:
    one = report(**changes)
    assert (one.passed, one.grade) == (passed, grade)


def test_the_ratio_is_that_of_the_declared_accuracy() -> None:
    ratios = {"componentwise": 3.0, "normwise": 0.25}
    assert report(ratios=ratios, accuracy="normwise").ratio == 0.25
    assert report(ratios=ratios).ratio == 3.0
    assert report(ratios={}).ratio is None


def test_everything_is_in_the_dictionary_and_the_dictionary_in_json() -> None:
    one = report(failures=[FAILURE], ratios={"componentwise": float("inf")}, checked=Counter(exact=2))
    again = json.loads(json.dumps(one.as_dict(), allow_nan=False))
    assert again["passed"] is False
    assert again["grade"] == "fail"
    assert again["ratio"] == "inf"
    assert again["dtypes"] == ["float32", "float64"]
    assert again["checked"] == {"exact": 2}
    assert (again["cases"], again["examples"], again["seed"], again["seconds"]) == (40, 40, 0, 1.25)
    (failure,) = again["failures"]
    assert failure == {
        "kind": "values",
        "check": "exact",
        "message": FAILURE.message,
        "call": FAILURE.call,
        "case": FAILURE.case,
        "found_in": 7,
        "index": [0, 0, 1, 1],
        "expected": 3.0,
        "got": "nan",
        "command": FAILURE.command,
        "diagnosis": None,
        "when": None,
        "where": None,
        "data": None,
        "history": None,
        "shape": None,
        "memory": None,
        "products": None,
        "hint": None,
        "instead": None,
        "operands": None,
    }
