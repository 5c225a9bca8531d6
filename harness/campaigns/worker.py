"""The process a candidate runs in: one for its whole campaign, so that a state it keeps shows, and its own, so that
a hang or a crash is a verdict.
"""

import functools
import gc
import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import CannotRun, Source
from convoracle.harness.cases.draw import draw
from convoracle.harness.examine import EVERY_CHECK
from convoracle.harness.operations import OPERATIONS, Operation
from convoracle.harness.report import Report
from convoracle.harness.verify import Progress, run

NEW_OBJECTS = 5_000
"""How many objects more than were freed may be made until garbage is looked for: those of a dozen cases."""


@dataclass(frozen=True)
class Job:
    """One verification: a candidate, an operation and how much of it."""

    source: Source
    operation: str
    examples: int
    seed: int
    dtypes: tuple[str, ...] | None
    case: str | None = None
    checks: frozenset[str] = EVERY_CHECK
    network: str | None = None
    """Verify the layers of this network, or the `layer` of it, instead of drawn cases."""
    layer: str | None = None
    batch: int = 1
    counts_coverage: bool = False
    """Count what the cases combine."""


@dataclass(frozen=True)
class Warm:
    """The oracle is compiled; what is slow from here on is the candidate."""


@dataclass(frozen=True)
class Loaded:
    """The candidate is imported, and this is what it promises."""

    accuracy: str
    dtypes: tuple[str, ...]


@dataclass(frozen=True)
class Started:
    """A case is about to be run, or its failure is being explained."""

    number: int
    case: str
    doing: str = ""


@dataclass(frozen=True)
class Finished:
    """The verdict."""

    report: Report


@dataclass(frozen=True)
class Refused:
    """There is no verdict: the job cannot be run."""

    reason: str


Message = Warm | Loaded | Started | Finished | Refused


def serve(connection: "Connection[Message, Job | None]") -> None:
    """Carry out jobs from `connection` until it says None, telling it about every step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle: it ends this process
    _send_prints_to_stderr()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # small calls: threads that spin in between take a processor
    while (job := connection.recv()) is not None:
        connection.send(_carry_out(job, connection))


def _carry_out(job: Job, connection: "Connection[Message, Job | None]") -> Finished | Refused:
    operation = OPERATIONS[job.operation]
    is_projected = job.network is not None and job.operation.startswith("conv2d")
    warm_up(operation, "int64" if is_projected else "float64")
    connection.send(Warm())
    try:
        candidate = job.source.load(job.operation).taking(job.dtypes, operation)
        collect_rarely()
        connection.send(Loaded(candidate.accuracy, candidate.dtypes))
        report = _verdict(job, operation, candidate, lambda *told: connection.send(Started(*told)))
    except (CannotRun, ValueError, TypeError) as error:
        return Refused(str(error).removeprefix(f"{job.operation}: "))  # whoever reads it knows the operation
    return Finished(report)


def _verdict(job: Job, operation: Operation, candidate: Candidate, progress: Progress) -> Report:
    """Return the report on drawn cases, on one case, or on a network's layers."""
    if job.network is None:
        report = run(
            operation,
            candidate,
            examples=job.examples,
            seed=job.seed,
            checks=job.checks,
            case=job.case,
            progress=progress,
        )
        if job.counts_coverage and job.case is None:
            from convoracle.harness.coverage.ledger import coverage_of_campaign

            counted = coverage_of_campaign(operation, report.cases, job.seed, candidate.dtypes, candidate.limits)
            report.coverage = None if counted is None else counted.shortened()
        return report
    from convoracle.harness.networks.verify_network import run_network

    return run_network(
        job.network,
        operation,
        candidate,
        batch=job.batch,
        seed=job.seed,
        layer=job.layer,
        progress=progress,
    )


@functools.cache
def warm_up(operation: Operation, dtype: str = "float64") -> None:
    """Compile the oracle's loops for an operation and the dtype of its operands, once in a process."""
    case = draw(operation, {}, ("float64",), 0, 0)
    operands = {
        name: np.zeros(shape, np.int64 if name == "indices" else dtype)
        for name, shape in operation.operand_shapes(case).items()
    }
    for output in operation.outputs(case):
        output.compute(operands)


@functools.cache
def collect_rarely() -> None:
    """Have garbage collected seldom, and only from what is made from now on: the modules of this process stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _send_prints_to_stderr() -> None:
    """Keep whatever a candidate prints out of the report on standard output."""
    sys.stdout.flush()
    os.dup2(2, 1)
