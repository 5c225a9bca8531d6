"""Speed of the harness itself: the cases of profile ``ci``, every check on, an honest candidate.

``python -m benchmarks.bench_verdicts`` prints verdicts (cases times candidates) a second of all processors together,
and what a verdict's time goes to::

    drawing       the case: once, for all candidates
    the question  operands, their exact results, bounds and proofs by the oracle: once, for all candidates
    the calls     the candidate's own time, of the dozen calls of a verdict
    the checks    arrays laid out and filled again, results compared

Candidates take turns at each case, as a campaign's do that verifies several backends of one operation. There are eight
here, as many as conv2d has built-in backends besides `auto`. Another column has fifty, fewer than `convoracle score`
has of conv2d, and one has a single one, which pays for drawing and oracle by itself. They are all the same one, so that
this is no benchmark of backends.

Most of it is Python's own work: an interpreter built without profile-guided optimization (pyenv's default) takes up
to a third longer than that of a distribution.
"""

import concurrent.futures
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BACKEND = "direct"
CANDIDATES = 8
MANY = 50
CASES = 200
WARMING = 40


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
        """Compile the oracle and the candidate."""
        seconds_per_verdict(operation, cases=WARMING)

    def track_verdict(self, operation: str) -> float:
        """Measure a campaign."""
        return round(1e6 * seconds_per_verdict(operation), 1)


@dataclass
class Spent:
    """What a campaign took, in seconds: `drawing` and `question` once a case, `calls` and `checks` once a verdict."""

    cases: int
    candidates: int
    drawing: float = 0.0
    question: float = 0.0
    calls: float = 0.0
    checks: float = 0.0
    widths: list[int] = field(default_factory=list)

    @property
    def total(self) -> float:
        """The whole campaign."""
        return self.drawing + self.question + self.calls + self.checks

    @property
    def per_verdict(self) -> float:
        """One verdict."""
        return self.total / (self.cases * self.candidates)


def seconds_per_verdict(operation: str, cases: int = CASES, candidates: int = CANDIDATES) -> float:
    """Return the time of a campaign, divided by its verdicts."""
    return spent_on(operation, cases, candidates).per_verdict


def spent_on(operation: str, cases: int = CASES, candidates: int = CANDIDATES) -> Spent:
    """Carry out a campaign and return where its time went. Its seed is new, so that nothing is remembered."""
    from convoracle.harness.candidates.source import Source
    from convoracle.harness.cases.draw import draw
    from convoracle.harness.examine import examine
    from convoracle.harness.operations import OPERATIONS

    described = OPERATIONS[operation]
    candidate = Source("backend", BACKEND).load(operation)
    called = _Timed(candidate.bound_to(described))
    seed = time.time_ns() % 2**31
    spent = Spent(cases, candidates)
    for number in range(cases):
        started = time.perf_counter()
        case = draw(described, candidate.limits, candidate.dtypes, seed, number)
        drawn = time.perf_counter()
        spent.drawing += drawn - started
        checks: list[float] = []
        for _ in range(candidates):
            called.seconds, began = 0.0, time.perf_counter()
            outcome = examine(described, called, case, candidate.accuracy, candidate.limits)
            if outcome.problem is not None:
                raise AssertionError(f"{operation}: an honest candidate was accused: {outcome.problem.sentence}")
            checks.append(time.perf_counter() - began - called.seconds)
            spent.calls += called.seconds
        # The first examination waits for the question; where there is no other, all of it counts as checks.
        usual = statistics.median(checks[1:] or checks)
        spent.question += checks[0] - usual
        spent.checks += usual + sum(checks[1:])
        spent.widths.append(case.output_shape()[-1])
    return spent


class _Timed:
    """A candidate with a clock."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.seconds = 0.0

    def __call__(self, *operands: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return self.function(*operands, **options)
        finally:
            self.seconds += time.perf_counter() - started


def _measure(operation: str) -> tuple[Spent, Spent, Spent]:
    from convoracle.harness.campaigns.worker import collect_rarely

    spent_on(operation, WARMING, 2)
    collect_rarely()  # as a campaign's processes do
    return spent_on(operation), spent_on(operation, CASES // 2, MANY), spent_on(operation, candidates=1)


def main(operations: tuple[str, ...] = Verdict.params) -> None:
    """Print the verdicts a second of as many processes as there are processors."""
    processors = os.cpu_count() or 1
    spawn: Any = multiprocessing.get_context("spawn")
    # A process for each processor, not a thread more.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    print(f"verdicts a second on {processors} processors; candidate: {BACKEND}; {CASES} cases of profile ci")
    print(f"{'':20}{CANDIDATES} candidates{MANY:8}   one alone   median W_out   ", end="")
    print("of a verdict: drawing, question, calls, checks")
    with concurrent.futures.ProcessPoolExecutor(processors, mp_context=spawn) as pool:
        for operation in operations:
            together, many, alone = zip(*pool.map(_measure, [operation] * processors), strict=True)
            shares = [
                sum(getattr(one, part) for one in together) / sum(one.total for one in together)
                for part in ("drawing", "question", "calls", "checks")
            ]
            print(
                f"{operation:20}{_rate(together):12,.0f}{_rate(many):8,.0f}{_rate(alone):12,.0f}"
                f"{statistics.median(width for one in together for width in one.widths):15g}   "
                + ", ".join(f"{share:.0%}" for share in shares),
                flush=True,
            )


def _rate(campaigns: tuple[Spent, ...]) -> float:
    """Return the verdicts a second of processes together."""
    return sum(1.0 / one.per_verdict for one in campaigns)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or Verdict.params)
