"""A whole score: which entries, how many cases, and everything that was counted."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score.ablation import Ablation, ablate
from convoracle.harness.score.entries import Entry
from convoracle.harness.score.lists import fingerprints
from convoracle.harness.score.processes import OnTrial, carry_out
from convoracle.harness.score.tally import false_alarms, survivors
from convoracle.harness.score.trial import Task, Trial

EXAMPLES = 385
"""Cases for a wrong entry, as in profile ci; it ends with the first that catches it."""

HONEST_EXAMPLES = 40
"""Cases for a right one, which has to pass all: two cycles of the strata."""

FAST_HONEST_EXAMPLES = 2

FAST_CHEATS = ("cheat: always equal", "cheat: right at first", "cheat: patches the checks", "cheat: exits")
"""The end of the names of the cheats in the fast subset: one of each kind, for each takes a process of its own."""


@dataclass
class Score:
    """What `score` found.

    Attributes
    ----------
    trials : list of Trial
        One for every entry.
    ablation : Ablation or None
        What each check is worth, if asked for.
    fingerprints : dict of str to str
        The SHA-256 of each list.
    seed, examples : int
        What was asked for.
    absent : list of str
        Entries whose operation the harness does not have.
    """

    seed: int
    examples: int
    trials: list[Trial]
    ablation: Ablation | None = None
    absent: list[str] = field(default_factory=list)
    seconds: float = 0.0
    fingerprints: dict[str, str] = field(default_factory=fingerprints)

    @property
    def passed(self) -> bool:
        """Whether every wrong entry was caught, and no right one accused."""
        return not survivors(self.trials) and not false_alarms(self.trials)


def fast(entries: Sequence[Entry]) -> list[Entry]:
    """Return the subset for continuous integration: all but most of the cheats."""
    return [entry for entry in entries if entry.list != "cheats" or entry.name.endswith(FAST_CHEATS)]


def tasks_for(entries: Sequence[Entry], examples: int, honest_examples: int, seed: int) -> list[Task]:
    """Return a task for every entry."""
    return [Task(entry.name, examples if entry.is_wrong else honest_examples, seed) for entry in entries]


def score(
    entries: Sequence[Entry],
    *,
    examples: int = EXAMPLES,
    honest_examples: int = HONEST_EXAMPLES,
    seed: int = 0,
    with_ablation: bool = True,
    workers: int | None = None,
    on_trial: OnTrial | None = None,
) -> Score:
    """Try all entries, then every caught one with each check alone and without each check."""
    started = time.perf_counter()
    known = [entry for entry in entries if entry.operation in OPERATIONS]
    trials = carry_out(tasks_for(known, examples, honest_examples, seed), workers, on_trial)
    found = Score(seed, examples, trials, absent=[entry.name for entry in entries if entry not in known])
    if with_ablation:
        found.ablation = ablate(trials, seed, workers=workers, on_trial=on_trial)
    found.seconds = time.perf_counter() - started
    return found
