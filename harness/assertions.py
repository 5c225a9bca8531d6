"""Verification as an assertion, for test suites."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis.database import ExampleDatabase

from convoracle.harness.candidates.candidate import named
from convoracle.harness.report import Report
from convoracle.harness.verify import verify


def assert_right(
    operation: str, candidate: Callable[..., Any], *, database: ExampleDatabase | None = None, **options: Any
) -> Report:
    """Verify a candidate as `convoracle.harness.verify` does, and return the report of one that is right.

    Parameters
    ----------
    operation, candidate
        As for `convoracle.harness.verify`.
    database : hypothesis.database.ExampleDatabase, optional
        Where cases that failed are kept: the next run begins with them, and forgets those that no longer fail.
    **options
        Those of `convoracle.harness.verify`.

    Raises
    ------
    AssertionError
        With the whole report, if the candidate is wrong.
    """
    __tracebackhide__ = True
    for report in _remembered(operation, candidate, database, options):
        raise AssertionError(str(report))
    report = verify(operation, candidate, **options)
    if database is not None and "case" not in options:
        for failure in report.failures:
            database.save(_key(operation, candidate), failure.case.encode())
    if not report.passed:
        raise AssertionError(str(report))
    return report


def _remembered(
    operation: str, candidate: Callable[..., Any], database: ExampleDatabase | None, options: dict[str, Any]
) -> Iterator[Report]:
    """Yield the reports on cases that failed in an earlier run and fail again; forget the others."""
    if database is None or "case" in options:
        return
    key = _key(operation, candidate)
    for saved in sorted(database.fetch(key)):
        try:
            report = verify(operation, candidate, **{**options, "case": saved.decode()})
        except ValueError:  # written by a version with other fields
            database.delete(key, saved)
            continue
        if report.passed:
            database.delete(key, saved)
        else:
            yield report


def _key(operation: str, candidate: Callable[..., Any]) -> bytes:
    """Return what the cases of a candidate are kept under."""
    return f"convoracle {operation} {named(candidate)[0]}".encode()
