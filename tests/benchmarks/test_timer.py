"""The timer takes the median of enough samples, and leaves the garbage collector as it found it."""

import gc
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def timer(suite: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The timer on a clock that only the calls advance."""
    module = importlib.import_module("benchmarks.timer")
    monkeypatch.setattr(module, "perf_counter_ns", lambda: CLOCK[0])
    CLOCK[0] = 0
    return module


CLOCK = [0]


def taking(durations: Iterator[int]) -> None:
    CLOCK[0] += next(durations)


def test_the_median_forgets_interruptions(timer: ModuleType) -> None:
    durations = iter([400_000_000, 90_000_000, 120_000_000])
    assert timer.median_ns_per_step(lambda: taking(durations), 1000) == 120_000.0
    assert next(durations, None) is None


def test_short_calls_are_taken_together(timer: ModuleType) -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        CLOCK[0] += 1000

    assert timer.median_ns_per_step(call, 3) == 333.3
    assert calls == 1 + timer.LEAST_NS // 1000


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(timer: ModuleType, is_enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        with pytest.raises(StopIteration):
            timer.median_ns_per_step(lambda: taking(iter([])), 1)
        assert gc.isenabled() is is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
