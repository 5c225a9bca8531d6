"""Verification as an assertion, for test suites."""

from collections.abc import Callable
from typing import Any

from convoracle.harness.report import Report
from convoracle.harness.verify import verify


def assert_right(operation: str, candidate: Callable[..., Any], **options: Any) -> Report:
    """Verify a candidate as `convoracle.harness.verify` does, and return the report of one that is right.

    Raises
    ------
    AssertionError
        With the whole report, if the candidate is wrong.
    """
    __tracebackhide__ = True
    report = verify(operation, candidate, **options)
    assert report.passed, str(report)
    return report
