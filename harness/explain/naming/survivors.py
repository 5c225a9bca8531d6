"""Of all suspects those that reproduce what a candidate does: on the calls there are, and on calls looked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.cases.grown import grown
from convoracle.harness.explain.evidence import Evidence, operands_of
from convoracle.harness.explain.naming.suspects import Suspect, agree, explains, is_more_than_rounding, safely
from convoracle.harness.operations.base import Operation

SPLITTING = 60
"""How many more cases are looked at to tell entries apart that agree so far."""

FRESH = 40
"""How many calls that it was not chosen by the best entry has to reproduce before it is named."""

SEED = 2_000_003

Call = Callable[[Any], Evidence]


@dataclass
class Lineup:
    """What is asked of suspects: some outputs of some calls, until the time is up.

    Parameters
    ----------
    operation, candidate : Operation, Candidate
        Whose calls they are.
    call : callable
        Makes another: a case to its evidence.
    outputs : tuple of str
        The outputs that have to be explained.
    deadline : float
        When to stop, by `time.monotonic`.
    failing : sequence of case
        Cases that are known to fail: larger ones are made of them.
    unseen : sequence of case
        Others, that no suspect was chosen by.
    made : dict of case to Evidence
        The calls made so far: whoever asks the same of other suspects needs none of them again.
    said : dict
        Which suspect explains which call, as far as it is known.
    """

    operation: Operation
    candidate: Candidate
    call: Call
    outputs: tuple[str, ...]
    deadline: float
    failing: Sequence[Any] = ()
    unseen: Sequence[Any] = ()
    made: dict[Any, Evidence] = field(default_factory=dict)
    said: dict[tuple[str, int, tuple[str, ...]], bool] = field(default_factory=dict)
    _kept: list[Evidence] = field(default_factory=list)

    def evidence(self, case: Any) -> Evidence:
        """Return a call of the case, made once."""
        if case not in self.made:
            self.made[case] = self.call(case)
        return self.made[case]

    def is_wrong(self, evidence: Evidence) -> bool:
        """Return whether one of the outputs is wrong."""
        return any(name in self.outputs for name in evidence.wrong)

    def is_over(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() > self.deadline

    def explains(self, suspect: Suspect, evidence: Evidence) -> bool:
        """Return whether a suspect gives what the candidate gave."""
        asked = suspect.name, id(evidence), self.outputs
        if asked not in self.said:
            self.said[asked] = explains(suspect, evidence, self.outputs)
            self._kept.append(evidence)  # so that no other call is taken for it
        return self.said[asked]

    def explains_all(self, suspect: Suspect, calls: Sequence[Evidence]) -> bool:
        """Return whether a suspect gives what the candidate gave in every call."""
        return all(self.explains(suspect, evidence) for evidence in calls)


@dataclass
class Survivors:
    """Who is left.

    Attributes
    ----------
    kept : list of Suspect
        The simplest first; nothing tried could tell them apart.
    always : bool
        They also give what the candidate gives where that is right.
    matches : dict of str to int
        How many of the wrong calls each suspect reproduces; those there was no time for are not in it.
    wrong, right : list of Evidence
        The calls looked at.
    """

    kept: list[Suspect]
    always: bool
    matches: dict[str, int]
    wrong: list[Evidence]
    right: list[Evidence]


def survivors(
    lineup: Lineup, known: Sequence[Suspect], wrong: Sequence[Evidence], right: Sequence[Evidence]
) -> Survivors:
    """Return the suspects that reproduce every wrong call, and then calls that they were not chosen by."""
    # Small calls first: they are cheap, and an entry that reproduces one by accident has to go on to the large ones.
    wrong = sorted(wrong, key=lambda evidence: sum(seen.expected.size for seen in evidence.results))
    matches = _matches(lineup, known, wrong)
    matching = [one for one in known if matches.get(one.name) == len(wrong)]
    left, made = _told_apart(
        lineup, [one for one in matching if is_more_than_rounding(lineup.operation, one, wrong)], right
    )
    kept, always = _best(lineup, left, [*right, *(one for one in made if not lineup.is_wrong(one))])
    for evidence in _fresh(lineup) if kept else ():
        if lineup.is_over():
            break
        made.append(evidence)
        if (lineup.is_wrong(evidence) or always) and not lineup.explains(kept[0], evidence):
            failed = [one for one in made if lineup.is_wrong(one)]
            left = [suspect for suspect in left if lineup.explains_all(suspect, failed)]
            kept, always = _best(lineup, left, [*right, *(one for one in made if not lineup.is_wrong(one))])
            if not kept:
                break
    return Survivors(
        kept,
        always,
        matches,
        [*wrong, *(one for one in made if lineup.is_wrong(one))],
        [*right, *(one for one in made if not lineup.is_wrong(one))],
    )


def _matches(lineup: Lineup, known: Sequence[Suspect], wrong: Sequence[Evidence]) -> dict[str, int]:
    """Return how many wrong calls each suspect reproduces, of those there was time for.

    One that reproduces none of the first three is not asked further.
    """
    matches: dict[str, int] = {}
    for suspect in known:
        count = 0
        for position, evidence in enumerate(wrong):
            if position < 3 or count:
                count += lineup.explains(suspect, evidence)
        if lineup.is_over():
            break
        matches[suspect.name] = count
    return matches


def _best(lineup: Lineup, left: list[Suspect], right: Sequence[Evidence]) -> tuple[list[Suspect], bool]:
    """Return the suspects that give what is right too, and True; or, where there are none, all of them, the nearest
    to that first.
    """
    explained = {suspect.name: sum(lineup.explains(suspect, one) for one in right) for suspect in left}
    always = [suspect for suspect in left if explained[suspect.name] == len(right)]
    return always or sorted(left, key=lambda suspect: -explained[suspect.name]), bool(always)


def _fresh(lineup: Lineup) -> Iterator[Evidence]:
    """Yield calls that no suspect was chosen by: where the candidate is known to be wrong, and anywhere."""
    yield from (lineup.evidence(case) for case in lineup.unseen[: FRESH // 2])
    for number in range(FRESH):
        evidence = lineup.evidence(_drawn(lineup, SEED + 1, number))
        if evidence.results:
            yield evidence


def _told_apart(lineup: Lineup, left: list[Suspect], right: Sequence[Evidence]) -> tuple[list[Suspect], list[Evidence]]:
    """Look for cases about which suspects disagree, and keep those that the candidate agrees with there."""
    made: list[Evidence] = []
    always = [suspect for suspect in left if lineup.explains_all(suspect, right)]
    for number in range(SPLITTING):
        if len(always or left) < 2 or lineup.is_over():
            break
        case = _drawn(lineup, SEED, number)
        _, operands = next(operands_of(lineup.operation, case, ""))
        predictions = [safely(suspect, case, operands) for suspect in always or left]
        if all(agree(predictions[0], other) for other in predictions[1:]):
            continue
        evidence = lineup.evidence(case)
        made.append(evidence)
        agreeing = [suspect for suspect in left if lineup.explains(suspect, evidence)]
        always = [suspect for suspect in always if suspect in agreeing]
        if lineup.is_wrong(evidence):
            left = agreeing
    return left, [evidence for evidence in made if evidence.results]


def _drawn(lineup: Lineup, seed: int, number: int) -> Any:
    """Return a small case, or every third time one a little larger than one that is known to fail."""
    if number % 3 == 2 and lineup.failing:
        case = lineup.failing[number // 3 % len(lineup.failing)]
        larger = grown(lineup.operation, lineup.candidate.limits, case, seed + number)
        if larger is not None:
            return larger
    return draw_small(lineup.operation, lineup.candidate.limits, lineup.candidate.dtypes, seed, number)
