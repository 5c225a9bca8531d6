"""The time for an explanation: spent once, shared out, and the diagnosis has its part whatever came before."""

import pytest

from convoracle.harness.explain import budget as module
from convoracle.harness.explain.budget import Budget


def test_a_step_that_takes_longer_leaves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    steps: list[str] = []
    budget = Budget(12.0, steps.append)
    assert budget.step("first", 5.0) == 5.0
    now[0] += 8.0
    assert budget.step("second", 5.0) == 4.0
    assert budget.step("third", 5.0, reserved=3.0) == 1.0
    now[0] += 9.0
    assert budget.step("last", 5.0) == 0.0
    assert steps == ["first", "second", "third", "last"]
