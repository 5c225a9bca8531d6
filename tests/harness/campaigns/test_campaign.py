"""Campaigns in worker processes: every job its verdict, in the order of the jobs, also on one worker."""

from collections import Counter

import pytest

from convoracle.harness.campaigns.campaign import Verdict, campaign
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source
from convoracle.harness.cases.draw import draw
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.verify import run

IM2COL = Source("backend", "im2col")


def test_verdicts_come_in_the_order_of_the_jobs_and_equal_those_of_this_process() -> None:
    jobs = [
        Job(IM2COL, "max_pool2d", 6, 3, ("float32",)),
        Job(Source("function", "no_such_module_here:conv2d"), "conv2d", 6, 3, None),
        Job(IM2COL, "conv2d_bias_grad", 5, 3, ("float64", "int8")),
        Job(IM2COL, "avg_pool2d", 5, 3, ("int8",)),
    ]
    begun: Counter[Job] = Counter()
    settled: list[Verdict] = []
    verdicts = campaign(
        jobs,
        workers=1,
        on_progress=lambda job, cases, doing: begun.update({job: 1}) or None,
        on_verdict=settled.append,
    )
    assert [verdict.job for verdict in verdicts] == jobs
    assert sorted(map(id, settled)) == sorted(map(id, verdicts))
    assert begun == {jobs[0]: 6, jobs[2]: 5}
    for position in (0, 2):
        job, report = jobs[position], verdicts[position].report
        assert report is not None
        operation = OPERATIONS[job.operation]
        here = run(operation, IM2COL.load(job.operation).taking(job.dtypes, operation), examples=job.examples, seed=3)
        there = report.as_dict()
        assert report.passed
        assert {**there, "seconds": 0} == {**here.as_dict(), "seconds": 0}
    assert "cannot be imported: ModuleNotFoundError" in str(verdicts[1].refused)
    refused = "im2col takes float16, float32, float64, none of which was asked for (int8)"
    assert verdicts[3].refused == refused


def test_no_jobs_are_no_verdicts() -> None:
    assert campaign([]) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_progress_tells_each_case_before_it_is_run(name: str) -> None:
    operation = OPERATIONS[name]
    candidate = IM2COL.load(name).taking(("float32",), operation)
    told: list[tuple[int, str]] = []
    report = run(operation, candidate, examples=3, seed=2, progress=lambda number, case: told.append((number, case)))
    assert report.passed
    told = list(dict.fromkeys(told))  # a case that takes long, as for compiling, is told again
    assert [number for number, _ in told] == [0, 1, 2]
    assert len({case for _, case in told}) == 3
    assert f"seed={draw(operation, {}, ('float32',), 2, 1).seed}" in told[1][1]
