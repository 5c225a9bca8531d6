"""How good the diagnosis is: every bug of the catalogue explained with its own entry there, and with it taken out.

Right means that what is named does what the bug does on cases that the diagnosis never saw; so a twin by another name
is right, and a guess that holds on a few small cases is not.
"""

import contextlib
import fnmatch
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants import MUTANTS
from convoracle.harness.bugs.zoo import ZOO
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cases.draw import draw
from convoracle.harness.checks.catalogue import family
from convoracle.harness.examine import examine
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.naming.catalogue import DETERMINISTIC
from convoracle.harness.explain.naming.diagnosis import (
    FAILING,
    PASSING,
    Diagnosis,
    calls_of,
    wrong_call,
)
from convoracle.harness.explain.naming.suspects import Suspect, explains, suspects
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Operation
from convoracle.harness.score import by_operation

MOST_CASES = 200
HELD_OUT = 60
HELD_OUT_SEED = 3_000_017
SECONDS = 60.0

LARGEST = 20_000
"""How many numbers the operands of a case may have: what is wrong in a large way is slow in it, too."""

AT_ONCE = 1
"""How many bugs a process takes at once: so many are lost in each when it is interrupted."""

OUTCOMES = ("right", "nearest", "unknown", "wrong")
"""Named and true; a relative named as the nearest; honestly unknown; named with confidence, and not true."""


@dataclass(frozen=True)
class Tried:
    """What became of one bug: an outcome and a sentence for each way of asking; None where no values are wrong."""

    name: str
    with_entry: str | None
    without_entry: str | None
    says: tuple[str, str] = ("", "")

    def untrue(self) -> list[str]:
        """Return what was named with confidence, and is not true."""
        outcomes = zip((self.with_entry, self.without_entry), self.says, strict=True)
        return [says for outcome, says in outcomes if outcome == "wrong"]


def measure(bugs: Iterable[Bug], workers: int | None = 1) -> Iterator[Tried]:
    """Diagnose each bug with the whole catalogue, and with the bug's own entry taken out; yield each as it is done."""
    names = [(bug.operation, bug.name) for bug in bugs]
    for _, tried in by_operation.results_of(diagnosed, names, workers=workers, most=AT_ONCE):
        yield tried


def diagnosed(name: str) -> Tried:
    """Diagnose the bug of that name."""
    return _try(named()[name])


@functools.cache
def named() -> dict[str, Bug]:
    """Return the bugs by name."""
    return {bug.name: bug for bugs in lists().values() for bug in bugs}


def lists() -> dict[str, tuple[Bug, ...]]:
    """Return the bugs whose results depend on nothing but the call, by list."""
    return {
        name: tuple(bug for bug in bugs if bug.kind in DETERMINISTIC and not bug.raises and bug.operation in OPERATIONS)
        for name, bugs in (("mutants", MUTANTS), ("zoo", ZOO))
    }


@dataclass(frozen=True)
class Measured:
    """What became of the bugs that were asked for; of some of them only, if it was interrupted."""

    tried: tuple[Tried, ...]
    asked: int

    @property
    def is_complete(self) -> bool:
        """Whether it is all of them."""
        return len(self.tried) == self.asked


def print_diagnosis(console: Console, pattern: str = "*", workers: int | None = None) -> Measured:
    """Measure the bugs that match, print the table and what was wrong, and return what became of each.

    An interrupt ends the measuring, not the program: what there is until then is printed, and said to be incomplete.

    Parameters
    ----------
    console : Console
        Where to print.
    pattern : str
        A list, an operation, or a pattern of names: ``zoo``, ``conv2d``, ``conv2d/*swapped``.
    workers : int, optional
        How many processes; one for each processor by default.

    Raises
    ------
    CannotRun
        If nothing matches.
    """
    chosen = {
        name: [bug for bug in bugs if pattern in (name, bug.operation) or fnmatch.fnmatch(bug.name, pattern)]
        for name, bugs in lists().items()
    }
    every = [bug for bugs in chosen.values() for bug in bugs]
    if not every:
        raise CannotRun(f"nothing matches {pattern!r}")
    tried: dict[str, Tried] = {}
    with (
        contextlib.suppress(KeyboardInterrupt),
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("diagnosis", total=len(every))
        for one in measure(every, workers):
            tried[one.name] = one
            progress.advance(bar)
    found = Measured(tuple(tried[bug.name] for bug in every if bug.name in tried), len(every))
    console.print(_table(chosen, tried))
    console.print(
        "Right: what is named does what the bug does on cases the diagnosis never saw. Not explained: bugs that give "
        "right values and break another promise, which their own sentence says."
    )
    for one in found.tried:
        for says in one.untrue():
            console.print(f"named, and not true: {one.name}: {says}", markup=False, highlight=False, soft_wrap=True)
    if not found.is_complete:
        console.print(f"incomplete: interrupted after {len(found.tried)} of {found.asked} bugs")
    return found


def _table(chosen: Mapping[str, Sequence[Bug]], tried: Mapping[str, Tried]) -> Table:
    """Return the table: a row for each list and each way of asking."""
    table = Table(Column("bugs", no_wrap=True), "entry", "explained", *OUTCOMES)
    for name, bugs in chosen.items():
        found = [tried[bug.name] for bug in bugs if bug.name in tried]
        of = "" if len(found) == len(bugs) else f" of {len(bugs)}"
        for asked, outcomes in (
            ("there", [one.with_entry for one in found]),
            ("taken out", [one.without_entry for one in found]),
        ):
            counted = [outcome for outcome in outcomes if outcome is not None]
            cells = [f"{counted.count(o)} ({counted.count(o) / max(len(counted), 1):.0%})" for o in OUTCOMES]
            if bugs:
                table.add_row(f"{name} ({len(found)}{of})", asked, str(len(counted)), *cells)
    return table


def _try(bug: Bug) -> Tried:
    operation = OPERATIONS[bug.operation]
    candidate = Candidate(bug.make(), bug.name, bug.limits, bug.accuracy, bug.dtypes)
    function = candidate.bound_to(operation)
    failing, passing, check = _cases(operation, candidate, function)
    calls = calls_of(operation, candidate, function, failing, passing, check, seconds=SECONDS)
    if calls is None:
        return Tried(bug.name, None, None)
    known = list(suspects(operation))
    others = [suspect for suspect in known if suspect.name != bug.name]
    first, second = calls.diagnosis(known), calls.diagnosis(others)
    held_out = _held_out(operation, candidate, function, check)
    outcomes = {diagnosis: _outcome(diagnosis, known, held_out) for diagnosis in {first, second}}
    return Tried(bug.name, outcomes[first], outcomes[second], (str(first), str(second)))


def _cases(
    operation: Operation, candidate: Candidate, function: Callable[..., Any]
) -> tuple[list[Any], list[Any], str]:
    """Return failing and passing cases of a campaign, and the check that failed first."""
    failing: list[Any] = []
    passing: list[Any] = []
    check = ""
    for number in range(MOST_CASES):
        case = draw(operation, candidate.limits, candidate.dtypes, 0, number)
        if _size(operation, case) > LARGEST:
            continue
        outcome = examine(operation, function, case, candidate.accuracy, candidate.limits, dtypes=candidate.dtypes)
        if outcome.problem is None:
            passing.append(case)
        else:
            failing.append(case if outcome.case is None else outcome.case)
            check = check or family(outcome.problem.check)
        if len(failing) >= FAILING and (len(passing) >= PASSING or number > 4 * FAILING):
            break
    return failing, passing, check


def _held_out(operation: Operation, candidate: Candidate, function: Callable[..., Any], check: str) -> list[Evidence]:
    """Return calls that a diagnosis never saw."""
    cases = [draw(operation, candidate.limits, candidate.dtypes, HELD_OUT_SEED, number) for number in range(HELD_OUT)]
    kept = [case for case in cases if _size(operation, case) <= LARGEST]
    return [wrong_call(operation, function, candidate.accuracy, check, case) for case in kept]


def _size(operation: Operation, case: Any) -> int:
    """Return how many numbers the operands of a case have."""
    return sum(math.prod(shape) for shape in operation.operand_shapes(case).values())


def _outcome(diagnosis: Diagnosis, known: Sequence[Suspect], held_out: Sequence[Evidence]) -> str:
    """Return which of `OUTCOMES` a diagnosis is, by calls it never saw."""
    if not diagnosis.says:
        return "nearest" if diagnosis.nearest is not None else "unknown"
    named = [suspect for suspect in known if suspect.name == diagnosis.name]
    for evidence in held_out if named else ():  # a precision is in no catalogue: it was measured
        outputs = diagnosis.outputs or tuple(seen.name for seen in evidence.results)
        if (evidence.wrong or diagnosis.always) and not explains(named[0], evidence, outputs):
            return "wrong"
    return "right"
