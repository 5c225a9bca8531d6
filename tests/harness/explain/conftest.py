"""What the tests of the explanation have in common: a liar explained, in a fraction of the time a user waits."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from convoracle.harness import Failure, verify


@pytest.fixture
def reproduced(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Failure]:
    """Return a function that returns the failure of a liar with its test file, and without what takes seconds."""
    failing = importlib.import_module("convoracle.harness.explain.failing")
    for name in ("SAMPLE_SECONDS", "DIAGNOSIS_SECONDS", "RESERVED_SECONDS", "PRODUCTS_SECONDS"):
        monkeypatch.setattr(failing, name, 0.0)

    def reproduced(operation: str, liar: Callable[..., Any], **options: Any) -> Failure:
        report = verify(operation, liar, **options)
        assert not report.passed, str(report)
        return report.failures[0]

    return reproduced


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Failure]:
    """Return a function that returns the failure of a liar; it is hardly shrunk, but fully explained."""
    failing = importlib.import_module("convoracle.harness.explain.failing")
    monkeypatch.setattr(failing, "SECONDS", 100.0)
    monkeypatch.setattr(failing, "SHRINK_SECONDS", 0.5)
    monkeypatch.setattr(failing, "SAMPLE_SECONDS", 30.0)
    monkeypatch.setattr(failing, "DIAGNOSIS_SECONDS", 60.0)

    def explained(operation: str, liar: Callable[..., Any], **options: Any) -> Failure:
        report = verify(operation, liar, **options)
        assert not report.passed, str(report)
        return report.failures[0]

    return explained
