"""A slow candidate is heard of between its calls; a verdict outlives its explanation."""

import functools
import time
from typing import Any

import pytest

from convoracle import reference
from convoracle.harness import verify
from convoracle.harness.campaigns import alive
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.explain import failing
from convoracle.harness.operations import named
from convoracle.harness.oracle import compiled
from convoracle.harness.verify import run

right = functools.partial(reference.relu, loops=compiled(reference.relu_loops))


def test_a_case_of_slow_calls_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "SECONDS", 0.01)
    heard: list[tuple[int, float]] = []
    begun: list[float] = []

    def slow(x: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(0.02)
        return right(x)

    run(
        named("relu"),
        Candidate(slow, "slow", concurrent=False),
        examples=1,
        seed=0,
        progress=lambda number, _: heard.append((number, time.monotonic())),
    )
    assert {number for number, _ in heard} == {0}
    times = [at for _, at in heard]
    assert len(times) > len(begun) / 2 > 3
    assert times == sorted(times)


def test_an_explanation_that_fails_loses_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(failing, "_explained", fails)
    (failure,) = verify("relu", lambda x: -right(x), examples=3).failures
    assert failure.kind == "values"
    assert "the explanation ended with RuntimeError: a mistake of ours; please report that" in failure.history
    assert failure.case in failure.command
