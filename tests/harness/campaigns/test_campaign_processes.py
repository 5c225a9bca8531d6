"""Who does which jobs: processes that are done take from the others; one that dies takes its own job with it alone."""

import importlib
import sys
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from convoracle.harness.campaigns import campaign as module
from convoracle.harness.campaigns.campaign import campaign
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source

# Backends of ours, but for what they do besides: one dies at some later call, one notes which process it is in.
SOURCES = """
import dataclasses, os, pathlib
from dataclasses import dataclass
from convoracle.harness.candidates.source import Source

FOLDER = pathlib.Path(__file__).parent

@dataclass(frozen=True)
class Fatal(Source):
    def load(self, operation):
        candidate, count = super().load(operation), iter(range(100_000))

        def function(*operands, **options):
            if next(count) == 20:  # a case takes some ten calls
                os.abort()
            return candidate.function(*operands, **options)

        return dataclasses.replace(candidate, function=function)

@dataclass(frozen=True)
class Noting(Source):
    def load(self, operation):
        with open(FOLDER / "processes.txt", "a") as notes:
            notes.write(f"{os.getpid()}\\n")
        return super().load(operation)
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The sources, in a module that other processes can import too."""
    (tmp_path / "sources_of_campaign.py").write_text(SOURCES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sources_of_campaign", raising=False)
    return importlib.import_module("sources_of_campaign")


def job(name: str, operation: str = "relu", source: type[Source] = Source) -> Job:
    return Job(source("backend", name), operation, 4, 3, ("float32",))


def test_a_crash_of_one_backend_leaves_the_others_of_its_process_their_verdicts(sources: ModuleType) -> None:
    jobs = [job("im2col"), job("im2col", source=sources.Fatal), job("numba"), job("im2col", "relu_backward")]
    before, crash, after, other = campaign(jobs, workers=1)
    for verdict in (before, after, other):
        assert verdict.report is not None
        assert (verdict.report.passed, verdict.report.cases) == (True, 4)
    assert crash.report is not None
    (failure,) = crash.report.failures
    assert (failure.kind, failure.message) == ("crash", "the candidate's process died: killed by SIGABRT")
    assert failure.case.startswith("n=")
    assert 1 <= failure.found_in == crash.report.cases - 1


def test_a_second_process_takes_jobs_of_the_first(sources: ModuleType, tmp_path: Path) -> None:
    jobs = [job("im2col", source=sources.Noting), job("numba", source=sources.Noting)]
    verdicts = campaign(jobs, workers=2)
    assert [verdict.job for verdict in verdicts] == jobs
    assert all(verdict.report is not None and verdict.report.passed for verdict in verdicts)
    assert len(set((tmp_path / "processes.txt").read_text().split())) == 2


def running(*jobs: Job) -> Any:
    """A process that has these jobs, without a process."""
    process: Any = None
    return module._Worker(list(jobs), process, process, module._is_ours(jobs[0]))


def test_a_process_takes_what_waits_before_it_takes_from_others() -> None:
    waiting = deque([[job("scipy", "linear")]])
    busy = running(job("im2col"), job("numba"), job("scipy"))
    assert module._next(waiting, [busy]) == [job("scipy", "linear")]
    assert not waiting
    assert module._next(waiting, [busy, running(job("im2col", "linear"), job("numba", "linear"))]) == [job("scipy")]
    assert busy.jobs == [job("im2col"), job("numba")], "of the one with most, the last that it would come to"


def test_nothing_is_taken_of_a_job_under_way_or_of_a_stranger_s_process() -> None:
    stranger = Source("function", "module:relu")
    theirs = [Job(stranger, operation, 4, 3, None) for operation in ("relu", "linear", "sigmoid")]
    assert module._next(deque(), [running(job("im2col")), running(*theirs)]) == []


def test_a_process_of_ours_is_given_no_stranger_s_jobs() -> None:
    waiting = deque([[Job(Source("function", "module:relu"), "relu", 4, 3, None)]])
    assert module._next(waiting, [], only_ours=True) == []
    assert len(waiting) == 1


def test_jobs_are_queued_by_operation_if_ours_and_by_candidate_if_not() -> None:
    stranger = Source("function", "module:relu")
    theirs = [Job(stranger, operation, 4, 3, None) for operation in ("relu", "conv2d")]
    ours = [job("im2col"), job("numba", "linear"), job("scipy"), job("im2col", "conv2d")]
    queues = list(module._queues([*ours, *theirs]))
    assert queues[0] == [job("im2col", "conv2d")], "what takes longest to compile comes first"
    assert [job("im2col"), job("scipy")] in queues
    assert sorted(theirs, key=str) in [sorted(queue, key=str) for queue in queues]
    assert len(queues) == 4
