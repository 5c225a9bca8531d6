"""What the wrong result is: the entry of the catalogue that computes it too."""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.explain.naming.precision import precision
from convoracle.harness.explain.naming.survivors import Lineup, Survivors, survivors
from convoracle.harness.explain.naming.suspects import Suspect, is_more_than_rounding, suspects
from convoracle.harness.operations.base import Operation

FAILING, PASSING = 10, 8
"""How many failing and passing calls an entry has to reproduce."""

FEWEST = 4
"""In fewer failing calls much is the same by accident, and where a call is right nearly everything agrees with it."""

MOSTLY = 3 / 4
"""In what share of the failing calls an output has to be wrong to be explained without the others."""

OTHERWISE = 3
"""How many failing cases are also called with data on which they may be right."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a wrong result.

    Parameters
    ----------
    says : str
        What it equals, as the end of a sentence; empty if no entry of the catalogue reproduces it.
    always : bool
        The entry also gives what the candidate gives where that is right. Otherwise it does so where it fails only.
    outputs : tuple of str
        The outputs that are wrong, if not all of them are.
    failing, passing : int
        How many failing and passing calls it was compared with.
    others : tuple of str
        Entries that nothing tried could tell from it.
    tried : int
        How many entries there were; 0 if the time was too short to compare them.
    nearest : tuple of str and int, optional
        Where none reproduces all failing calls: the one that reproduces most, and how many.
    precedent : str
        A project that had this very bug, and where it is described.
    name : str
        The entry's name.
    unexplained : tuple of str
        Outputs that are wrong too, and not as the entry has them.
    """

    says: str
    always: bool
    outputs: tuple[str, ...]
    failing: int
    passing: int
    others: tuple[str, ...]
    tried: int
    nearest: tuple[str, int] | None = None
    precedent: str = ""
    name: str = ""
    unexplained: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = " and ".join(self.outputs) if self.outputs not in ((), ("result",)) else "the result"
        verb = "equal" if len(self.outputs) > 1 or what == "indices" else "equals"
        calls = f"all {self.failing} failing calls" if self.failing > 1 else "the one failing call"
        once = f" (the bug of {self.precedent})" if self.precedent else ""
        others = f" and all {self.passing} others" if self.passing else ""
        rest = " and ".join(self.unexplained)
        also = f"; {rest} wrong too, in no known way" if rest else ""
        if self.says and self.always:
            return f"{what} {verb} {self.says}{once}: in {calls}{others} tried{also}"
        if self.says:
            return f"where it is wrong, {what} {verb} {self.says}{once}: in {calls} tried{also}"
        if not self.tried:
            return "unknown: the time was too short to try the known mistakes"
        why = f"none of {self.tried} known mistakes reproduces {what}"
        if self.nearest is not None and self.nearest[1] == self.failing:
            why = "too few failing calls to name a mistake"
        text = f"unknown: {why}"
        if self.nearest is not None:
            text += f"; nearest: it equals {self.nearest[0]} in {self.nearest[1]} of {self.failing} failing calls"
        return text


def diagnose(
    operation: Operation,
    candidate: Candidate,
    function: Callable[..., Any],
    failing: Sequence[Any],
    passing: Sequence[Any],
    check: str,
    *,
    seconds: float,
    without: Callable[[Bug], bool] | None = None,
) -> Diagnosis | None:
    """Return what the results equal; None where no wrong result is to be had.

    Parameters
    ----------
    operation, candidate, function
        What is explained, and the callable to call.
    failing, passing : sequence of case
        Cases that were found to fail, and others.
    check : str
        The check that failed first.
    seconds : float
        How long this may take.
    without : callable, optional
        Bugs of the catalogue to leave out: how well the rest does is measured with it.
    """
    calls = calls_of(operation, candidate, function, failing, passing, check, seconds=seconds)
    return None if calls is None else calls.diagnosis(list(suspects(operation, without)))


@dataclass
class Calls:
    """What a candidate did in the calls that a diagnosis rests on.

    Attributes
    ----------
    lineup : Lineup
        Makes more of them, and remembers which suspects explain them.
    function : callable
        The candidate, as it is called.
    wrong, right : list of Evidence
        The calls with a wrong output, and others.
    """

    lineup: Lineup
    function: Callable[..., Any]
    wrong: list[Evidence]
    right: list[Evidence]

    def diagnosis(self, known: Sequence[Suspect]) -> Diagnosis:
        """Return what the results equal, if one of the suspects gives it."""
        lineup, affected = self.lineup, self.lineup.outputs
        found = survivors(lineup, known, self.wrong, self.right)
        if not found.matches:
            return Diagnosis("", False, (), len(self.wrong), len(self.right), (), 0)
        every = {seen.name for evidence in found.wrong for seen in evidence.results}
        outputs = affected if len(every) > len(affected) else ()
        if found.kept:
            return _named(found, outputs)
        counts = len(found.wrong), len(found.right)
        operation, accuracy = lineup.operation, lineup.candidate.accuracy
        rounding = precision(operation, found.wrong, found.right, self.function, accuracy)
        if rounding is not None:
            return Diagnosis(rounding, True, outputs, *counts, (), len(found.matches))
        for output in affected if len(affected) > 1 else ():
            alone = dataclasses.replace(lineup, outputs=(output,))
            mine = [evidence for evidence in found.wrong if alone.is_wrong(evidence)]
            others = [evidence for evidence in (*found.wrong, *found.right) if not alone.is_wrong(evidence)]
            if len(mine) < max(MOSTLY * len(found.wrong), FAILING / 2):
                continue  # too few calls: much would explain them by accident
            part = survivors(alone, known, mine[:FAILING], others[:PASSING])
            if part.kept:
                rest = tuple(name for name in affected if name != output)
                return dataclasses.replace(_named(part, (output,)), unexplained=rest)
        nearest = max(known, key=lambda suspect: found.matches.get(suspect.name, 0))
        near = None
        enough = found.matches.get(nearest.name, 0) > 1 and found.matches[nearest.name] >= len(self.wrong) / 2
        if enough and is_more_than_rounding(operation, nearest, self.wrong):
            near = (nearest.says, found.matches[nearest.name])
        return Diagnosis("", False, outputs, len(self.wrong), len(found.right), (), len(found.matches), near)


def calls_of(
    operation: Operation,
    candidate: Candidate,
    function: Callable[..., Any],
    failing: Sequence[Any],
    passing: Sequence[Any],
    check: str,
    *,
    seconds: float,
) -> Calls | None:
    """Return the calls that a diagnosis rests on; None where no wrong result is to be had."""
    deadline = time.monotonic() + seconds
    call = functools.partial(wrong_call, operation, function, candidate.accuracy, check)
    wrong: list[Evidence] = []
    for case in failing[: 2 * FAILING]:
        evidence = call(case)
        wrong += [evidence] if evidence.wrong else []
        if len(wrong) == FAILING or time.monotonic() > deadline:
            break
    if not wrong:
        return None
    right: list[Evidence] = []
    for case in failing[:OTHERWISE]:  # on other data a failing case may be right
        made = list(_calls(operation, function, candidate.accuracy, check, case))
        right += [one for one in made if one.results and not one.wrong]
    for case in passing[:PASSING]:
        made = list(_calls(operation, function, candidate.accuracy, check, case))
        right += [] if any(one.wrong for one in made) else [one for one in made if one.results]
        if time.monotonic() > deadline:
            break
    affected = tuple(dict.fromkeys(name for evidence in wrong for name in evidence.wrong))
    cases = [evidence.case for evidence in wrong]
    lineup = Lineup(operation, candidate, call, affected, deadline, cases, failing[2 * FAILING :])
    return Calls(lineup, function, wrong, right)


def _named(found: Survivors, outputs: tuple[str, ...]) -> Diagnosis:
    """Return the diagnosis that the simplest survivor is; only the nearest where that rests on too few calls."""
    first, *others = found.kept
    if len(found.wrong) < FEWEST:
        nearest = first.says, len(found.wrong)
        return Diagnosis("", False, outputs, len(found.wrong), len(found.right), (), len(found.matches), nearest)
    return Diagnosis(
        first.says,
        found.always,
        outputs,
        len(found.wrong),
        len(found.right),
        tuple(suspect.says for suspect in others),
        len(found.matches),
        precedent=next((suspect.precedent for suspect in found.kept if suspect.precedent), ""),
        name=first.name,
    )


def wrong_call(operation: Operation, function: Callable[..., Any], accuracy: str, check: str, case: Any) -> Evidence:
    """Return the first call of a case that is wrong, or the first one if none is."""
    made = []
    for evidence in _calls(operation, function, accuracy, check, case):
        made.append(evidence)
        if evidence.wrong:
            return evidence
    return made[0]


def _calls(
    operation: Operation, function: Callable[..., Any], accuracy: str, check: str, case: Any
) -> Iterator[Evidence]:
    """Yield calls of a case on every sort of data."""
    for data, operands in operands_of(operation, case, check):
        yield observe(operation, function, case, accuracy, data, operands)
