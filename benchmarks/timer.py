"""The time of a call: the median of many samples, each long enough for the clock."""

import gc
import statistics
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

LEAST_SAMPLES = 3
LEAST_NS = 100_000_000
LEAST_SAMPLE_NS = 1_000_000


def median_ns_per_step(call: Callable[[], Any], steps: int) -> float:
    """Return the median wall-clock time of a call in nanoseconds, divided by the number of steps it does.

    The caller has warmed it up. Four digits are given: no machine repeats the fifth.

    Short calls are made several times per sample. The median of all samples is robust against the interruptions of a
    shared machine, of which the mean is not; the minimum would hide a kernel that is slow every other time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        samples = [float(_sample(call, 1))]
        calls = max(1, round(LEAST_SAMPLE_NS / samples[0]))
        if calls > 1:
            samples.clear()
        end = perf_counter_ns() + LEAST_NS
        while len(samples) < LEAST_SAMPLES or perf_counter_ns() < end:
            samples.append(_sample(call, calls) / calls)
    finally:
        if was_enabled:
            gc.enable()
    return float(f"{statistics.median(samples) / steps:.4g}")


def _sample(call: Callable[[], Any], calls: int) -> int:
    started = perf_counter_ns()
    for _ in range(calls):
        call()
    return perf_counter_ns() - started
