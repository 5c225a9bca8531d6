"""Many verifications at once, in worker processes that are watched, and replaced where they hang or die.

Whatever is not ours has a process of its own for all its jobs, so that a state it keeps shows, and harms nobody else.
Our own backends share processes, an operation at a time: so the oracle is compiled, and evaluated, once for all of
them.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from convoracle.fast import registry
from convoracle.harness.campaigns import worker
from convoracle.harness.campaigns.interrupts import held_back
from convoracle.harness.campaigns.worker import Finished, Job, Loaded, Refused, Started, Warm
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.checks import Problem
from convoracle.harness.explain.writing.wording import command_line, failure
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.report import Report

FIRST = ("conv2d", "conv2d_weight_grad")
"""The operations that processes begin with: their kernels take longest to compile, and serve most other operations."""

COMPILE_SECONDS = 180.0
"""How long the oracle, or a backend of ours, may take to be compiled before that counts as a hang."""

_NOT_LOADED = Loaded("componentwise", ())


@dataclass
class Verdict:
    """What became of a job: a report, or why there is none."""

    job: Job
    report: Report | None = None
    refused: str | None = None

    def why_not(self) -> str:
        """Return in one sentence whose job it is and why there is no report."""
        return f"{self.job.operation}, {self.job.source.name}: {self.refused}"


OnProgress = Callable[[Job, int, str], None]
OnVerdict = Callable[[Verdict], None]


@dataclass
class _Worker:
    """A process, the jobs it has still to do, and what it was last heard to do."""

    jobs: list[Job]
    process: BaseProcess
    connection: "Connection[Any, Any]"
    is_ours: bool
    heard: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.monotonic)
    is_warm: bool = False
    loaded: Loaded = _NOT_LOADED
    started: Started | None = None
    cases: int = 0


def campaign(
    jobs: Sequence[Job],
    *,
    workers: int | None = None,
    timeout: float = 15.0,
    on_progress: OnProgress | None = None,
    on_verdict: OnVerdict | None = None,
) -> list[Verdict]:
    """Carry out jobs and return their verdicts in the order of the jobs.

    An interrupt (Ctrl-C) ends the campaign, not the program: the verdicts reached so far are returned, and the other
    jobs as refused.

    Parameters
    ----------
    jobs : sequence of Job
        All jobs of one candidate that is not ours go to one process, in order.
    workers : int, optional
        How many processes at once; the number of processors by default.
    timeout : float
        Seconds a candidate may spend on one case.
    on_progress : callable, optional
        Told the job, the number of cases begun and, while a failure is explained, what is being done.
    on_verdict : callable, optional
        Told each verdict as it comes.
    """
    waiting = _queues(jobs)
    running: list[_Worker] = []
    verdicts: dict[Job, Verdict] = {}

    def settle(verdict: Verdict) -> None:
        verdicts[verdict.job] = verdict
        if on_verdict is not None:
            on_verdict(verdict)

    try:
        while waiting or running:
            while len(running) < (workers or os.cpu_count() or 1):
                taken = _next(waiting, running)
                if not taken:
                    break
                running.append(_start(taken))
            began = time.monotonic()
            multiprocessing.connection.wait([one.connection for one in running], timeout=0.2)
            stopped = time.monotonic() - began - 1.0
            if stopped > 0:  # this process was stopped, or the machine asleep, and so were they: that is nobody's time
                for one in running:
                    one.heard += stopped
            for one in list(running):
                lost = _listen(one, timeout, settle, on_progress)
                if lost is None and (one.jobs or _goes_on(one, waiting, running)):
                    continue
                running.remove(one)
                _stop(one)
                if lost is not None:
                    settle(lost)
                    remaining = one.jobs[1:]
                    if remaining:
                        waiting.appendleft(remaining)
    except KeyboardInterrupt:
        for job in jobs:
            verdicts.setdefault(job, Verdict(job, refused="interrupted"))
    finally:
        for one in running:
            _stop(one)
    return [verdicts[job] for job in jobs]


def _queues(jobs: Sequence[Job]) -> deque[list[Job]]:
    """Return the jobs as each process does them: those of a candidate, or of our own backends those of an operation."""
    queues: dict[Any, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: FIRST.index(job.operation) if job.operation in FIRST else len(FIRST)):
        queues.setdefault(job.operation if _is_ours(job) else job.source, []).append(job)
    return deque(queues.values())


def _is_ours(job: Job) -> bool:
    """Return whether a job's candidate comes with this package: such do not harm each other."""
    return job.source.kind == "backend" and job.source.name in registry.BUILT_IN


def _next(waiting: deque[list[Job]], running: Sequence[_Worker], only_ours: bool = False) -> list[Job]:
    """Return the jobs that a process takes next: waiting ones, or else one of another process that has several."""
    fitting = [jobs for jobs in waiting if not only_ours or _is_ours(jobs[0])]
    if fitting:
        waiting.remove(fitting[0])
        return fitting[0]
    busy = [one.jobs for one in running if len(one.jobs) > 1 and _is_ours(one.jobs[0])]
    return [max(busy, key=len).pop()] if busy else []


def _goes_on(one: _Worker, waiting: deque[list[Job]], running: Sequence[_Worker]) -> bool:
    """Give a process that is done other jobs of our own backends; return whether there were any it may have."""
    if one.is_ours:
        one.jobs = _next(waiting, running, only_ours=True)
    with contextlib.suppress(ConnectionError):  # it died just now: listening to it tells
        one.connection.send(one.jobs[0] if one.jobs else None)
    return bool(one.jobs)


def _start(jobs: list[Job]) -> _Worker:
    """Start a process for some jobs and give it the first."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit the threads of BLAS and Numba half alive
    ours, theirs = context.Pipe()
    process = context.Process(target=worker.serve, args=(theirs,), daemon=True)
    with held_back():
        process.start()
    theirs.close()
    ours.send(jobs[0])
    return _Worker(list(jobs), process, ours, _is_ours(jobs[0]))


def _listen(one: _Worker, timeout: float, settle: OnVerdict, on_progress: OnProgress | None) -> Verdict | None:
    """Take a worker's messages; return the verdict on a candidate that hangs or has killed its process."""
    job = one.jobs[0]
    try:
        while one.connection.poll():
            message = one.connection.recv()
            one.heard = time.monotonic()
            if isinstance(message, Warm):
                one.is_warm = True
            elif isinstance(message, Loaded):
                one.loaded = message
            elif isinstance(message, Started):
                one.started, one.cases = message, message.number + 1
                if on_progress is not None:
                    on_progress(job, one.cases, message.doing)
            else:
                _settle(one, message, settle)
                if not one.jobs:
                    return None
                job = one.jobs[0]
    except (EOFError, ConnectionError):
        one.process.join(5.0)
        return _lost(one, "crash", f"the candidate's process died: {_how(one.process.exitcode)}")
    silence = time.monotonic() - one.heard
    patience = timeout if one.is_warm and not job.source.is_trusted else max(timeout, COMPILE_SECONDS)
    if silence > patience:
        return _lost(one, "timeout", f"the call did not return within {patience:g} s")
    return None


def _settle(one: _Worker, message: Finished | Refused, settle: OnVerdict) -> None:
    """Record the verdict on the worker's current job, and give it the next one."""
    job = one.jobs.pop(0)
    if isinstance(message, Finished):
        settle(Verdict(job, report=message.report))
    else:
        settle(Verdict(job, refused=message.reason))
    one.started, one.cases, one.is_warm, one.loaded = None, 0, False, _NOT_LOADED
    one.began = time.monotonic()
    if one.jobs:
        one.connection.send(one.jobs[0])


def _lost(one: _Worker, kind: str, sentence: str) -> Verdict:
    """Return the verdict on a job whose process hung or died."""
    job, started = one.jobs[0], one.started
    if started is None:
        return Verdict(job, refused=f"{sentence} before the first case")
    told = (job.operation, job.source.name, one.loaded.accuracy, one.loaded.dtypes, job.examples, job.seed)
    seconds = time.monotonic() - one.began
    operation = OPERATIONS[job.operation]
    case = parse(operation, started.case)
    problem = Problem(kind, kind, sentence)
    if job.network is not None:
        from convoracle.harness.networks.report import NetworkReport
        from convoracle.harness.networks.verify_network import lost

        of_network = NetworkReport(*told, cases=one.cases, seconds=seconds, network=job.network, batch=job.batch)
        lost(of_network, job.source.option, case, started.number, problem)
        return Verdict(job, report=of_network)
    report = Report(*told, cases=one.cases, seconds=seconds)
    command = command_line(job.operation, job.source.option, one.loaded.accuracy)
    report.failures.append(failure(operation, case, started.number, problem, command))
    return Verdict(job, report=report)


def _stop(one: _Worker) -> None:
    """End a worker's process, whatever it is doing."""
    one.connection.close()
    one.process.join(0.5 if not one.jobs else 0.0)
    if one.process.is_alive():
        one.process.kill()
        one.process.join()


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit status {exit_code}"
