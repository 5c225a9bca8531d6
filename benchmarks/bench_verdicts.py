"""Speed of the harness itself: the cases of profile ``ci``, every check on, candidates that take turns.

``python -m benchmarks.bench_verdicts`` prints verdicts (cases times candidates) a second of all processors together.
"""

import concurrent.futures
import functools
import multiprocessing
import os
import statistics
import sys
import time
from typing import Any

import convoracle

BACKEND = "direct"
CANDIDATES = 8
CASES = 200


class Verdict:
    """Microseconds of one verdict on one processor, the oracle's part shared by eight honest candidates."""

    params = (
        "conv2d",
        "conv2d_input_grad",
        "conv2d_weight_grad",
        "conv_transpose2d",
        "max_pool2d",
        "avg_pool2d",
    )
    param_names = ("operation",)
    unit = "us"
    timeout = 300

    def setup(self, operation: str) -> None:
        """Compile the oracle."""
        seconds_per_verdict(operation, cases=8)

    def track_verdict(self, operation: str) -> float:
        """Measure a campaign."""
        return round(1e6 * seconds_per_verdict(operation), 1)


def seconds_per_verdict(operation: str, cases: int = CASES) -> float:
    """Return the time of a campaign, divided by its verdicts. Its seed is new, so that nothing is remembered."""
    from convoracle.harness.draw import draw
    from convoracle.harness.examine import examine
    from convoracle.harness.operations import OPERATIONS

    described = OPERATIONS[operation]
    candidates = [functools.partial(getattr(convoracle, operation), backend=BACKEND) for _ in range(CANDIDATES)]
    dtypes = ("float32", "float64")
    seed = time.time_ns() % 2**31
    started = time.perf_counter()
    for number in range(cases):
        case = draw(described, {}, dtypes, seed, number)
        for candidate in candidates:
            outcome = examine(described, candidate, case, "componentwise")
            if outcome.problem is not None:
                raise AssertionError(f"{operation}: an honest candidate was accused: {outcome.problem.sentence}")
    return (time.perf_counter() - started) / (cases * CANDIDATES)


def median_output_width(operation: str = "conv2d") -> float:
    """Return the median width of a result in the cases measured: small results would make it easy."""
    from convoracle.harness.draw import draw
    from convoracle.harness.operations import OPERATIONS

    described = OPERATIONS[operation]
    drawn = [draw(described, {}, ("float32", "float64"), 0, number) for number in range(CASES)]
    return statistics.median(described.outputs(case)[0].shape[-1] for case in drawn)


def _warm_and_measure(operation: str) -> float:
    seconds_per_verdict(operation, cases=8)
    return seconds_per_verdict(operation)


def main(operations: tuple[str, ...] = Verdict.params) -> None:
    """Print the verdicts a second of as many processes as there are processors."""
    processors = os.cpu_count() or 1
    spawn: Any = multiprocessing.get_context("spawn")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process for each processor, not a thread more
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    with concurrent.futures.ProcessPoolExecutor(processors, mp_context=spawn) as pool:
        for operation in operations:
            times = list(pool.map(_warm_and_measure, [operation] * processors))
            rate = sum(1.0 / seconds for seconds in times)
            width = median_output_width(operation)
            print(f"{operation}: {rate:,.0f} verdicts a second on {processors} processors; median W_out {width:g}")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or Verdict.params)
