"""The verdict on a liar, asked for in one way by every test that has one."""

import importlib
import math
from collections.abc import Callable
from typing import Any

import pytest

from convoracle.harness import Failure, verify

MOST_ELEMENTS_OF_X = 200
MOST_SECONDS = 20.0


@pytest.fixture(autouse=True)
def _short_explanations(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes seconds for every liar: the diagnosis has tests of its own, in tests/harness/explain."""
    if "explain" not in request.path.parts:
        failing = importlib.import_module("convoracle.harness.explain.failing")
        for name in ("DATA_SECONDS", "SAMPLE_SECONDS", "DIAGNOSIS_SECONDS", "RESERVED_SECONDS", "PRODUCTS_SECONDS"):
            monkeypatch.setattr(failing, name, 0.0)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Failure]:
    """Return a function that verifies a liar, demands that it is caught as it should be, and returns the failure."""

    def caught(operation: str, liar: Callable[..., Any], *kinds: str, **options: Any) -> Failure:
        report = verify(operation, liar, **options)
        assert not report.passed, str(report)
        assert report.grade == "fail"
        assert report.seconds < MOST_SECONDS
        failure = report.failures[0]
        assert failure.kind in kinds, str(report)
        assert report.cases == failure.found_in + 1 <= 200
        assert elements_of_x(failure.case) <= MOST_ELEMENTS_OF_X, str(report)
        if failure.kind != "stateful":
            with monkeypatch.context() as patched:
                patched.setattr(importlib.import_module("convoracle.harness.explain.failing"), "SHRINK_SECONDS", 0.0)
                again = verify(operation, liar, **{**options, "case": failure.case})
            same = [(one.kind, one.check, one.case) for one in again.failures]
            assert same == [(failure.kind, failure.check, failure.case)], f"{report}\n{again}"
            assert again.cases == 1
        return failure

    return caught


def elements_of_x(case: str) -> int:
    """Return N * C * H * W of a descriptor, of those extents that x has."""
    fields = dict(word.split("=") for word in case.split())
    return math.prod(int(fields[name]) for name in ("n", "c", "d", "h", "w") if name in fields)
