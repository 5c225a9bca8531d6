"""Tasks carried out by a few processes; what may harm its process gets one of its own."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from convoracle.harness.campaigns.interrupts import held_back
from convoracle.harness.campaigns.worker import warm_up
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score.trial import Task, Trial, trial

TIMEOUT = 20.0
"""Seconds a wrong candidate may spend on one case."""

COMPILE_SECONDS = 180.0
"""Seconds of silence while the oracle, or something right, may have to be compiled."""

OnTrial = Callable[[Trial], None]


@dataclass
class _Process:
    """A process and what it is doing."""

    process: BaseProcess
    connection: "Connection[Task | None, Trial | None]"
    task: Task
    patience: float = COMPILE_SECONDS
    since: float = field(default_factory=time.monotonic)


def carry_out(tasks: Sequence[Task], workers: int | None = None, on_trial: OnTrial | None = None) -> list[Trial]:
    """Carry out tasks and return their trials in the order of the tasks."""
    shared = [task for task in tasks if not task.entry.needs_its_own_process][::-1]
    alone = [task for task in tasks if task.entry.needs_its_own_process][::-1]
    done: dict[Task, Trial] = {}
    running: list[_Process] = []

    def settle(result: Trial) -> None:
        done[result.task] = result
        if on_trial is not None:
            on_trial(result)

    try:
        while shared or alone or running:
            while (shared or alone) and len(running) < (workers or os.cpu_count() or 1):
                running.append(_start((shared or alone).pop()))
            multiprocessing.connection.wait([one.connection for one in running], timeout=0.1)
            for one in list(running):
                result = _heard(one)
                if result is None:
                    continue
                settle(result)
                if one.process.is_alive() and not result.task.entry.needs_its_own_process and shared:
                    one.task, one.since, one.patience = shared.pop(), time.monotonic(), COMPILE_SECONDS
                    one.connection.send(one.task)
                else:
                    running.remove(one)
                    _stop(one)
    finally:
        for one in running:
            _stop(one)
    return [done[task] for task in tasks]


def _start(task: Task) -> _Process:
    context = multiprocessing.get_context("spawn")  # a fork would inherit the threads of BLAS and Numba half alive
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    with held_back():
        process.start()
    theirs.close()
    ours.send(task)
    return _Process(process, ours, task)


def _heard(one: _Process) -> Trial | None:
    """Return the trial of a process's task, if there is one: also where the process died or does not answer."""
    try:
        while one.connection.poll():
            message = one.connection.recv()
            if message is not None:
                return message
            one.since = time.monotonic()  # a case begins: what is slow from here is the candidate
            one.patience = TIMEOUT if one.task.entry.is_wrong else COMPILE_SECONDS
    except (EOFError, ConnectionError):
        one.process.join(5.0)
        return Trial(one.task, "crash", "form", f"the process died with exit status {one.process.exitcode}", 1)
    if time.monotonic() - one.since > one.patience:
        one.process.kill()
        one.process.join()
        return Trial(one.task, "timeout", "form", f"the call did not return within {one.patience:g} s", 1)
    return None


def _stop(one: _Process) -> None:
    one.connection.close()
    one.process.join(1.0)
    if one.process.is_alive():
        one.process.kill()
        one.process.join()


def _serve(connection: "Connection[Trial | None, Task | None]") -> None:
    """Carry out tasks until there are none, or nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a candidate prints
    warnings.simplefilter("ignore")
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            task = connection.recv()
            assert task is not None
            warm_up(OPERATIONS[task.entry.operation])
            try:
                connection.send(trial(task, on_case=lambda: connection.send(None)))
            except KeyboardInterrupt:  # nobody's but the candidate's: SIGINT is ignored here
                os._exit(130)
