"""Every rule tried on every entry; the calls it makes of an operation, PyTorch's above all, are made once a process."""

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from convoracle.harness.campaigns.worker import warm_up
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score import by_operation
from convoracle.harness.score.entries import Entry, named
from convoracle.harness.score.side_by_side.rules import RULES

SCALES = (1.0, 1e-3, 1e3)
"""Factors of the data. Every rule has the first; the others show what an absolute tolerance does."""


@dataclass(frozen=True)
class Opinion:
    """What a rule says of an entry: passed, rejected or caught, None if it has nothing for it."""

    rule: str
    entry: str
    is_wrong_entry: bool
    scale: float
    said: str | None


@dataclass
class Comparison:
    """What all rules say of all entries.

    Attributes
    ----------
    opinions : list of Opinion
        One for every rule, entry and scale.
    not_run : dict of str to list of str
        The rules that could not be tried, and the modules that are missing.
    """

    opinions: list[Opinion]
    not_run: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0


def compare(
    entries: Sequence[Entry],
    rules: Sequence[str] = tuple(RULES),
    *,
    workers: int | None = None,
    on_entry: Callable[[str], None] = lambda name: None,
) -> Comparison:
    """Try rules on entries; the cheats, which harm the process they run in, are not for this."""
    started = time.perf_counter()
    missing = {name: RULES[name].missing() for name in rules}
    runnable = tuple(name for name in rules if not missing[name])
    task = functools.partial(opinions_of, rules=runnable)
    said = by_operation.carry_out(
        task, [(entry.operation, entry.name) for entry in entries], workers=workers, on_result=on_entry
    )
    opinions = [opinion for entry in entries for opinion in said[entry.name]]
    not_run = {name: modules for name, modules in missing.items() if modules}
    return Comparison(opinions, not_run, time.perf_counter() - started)


def opinions_of(name: str, rules: Sequence[str]) -> list[Opinion]:
    """Return what rules say of one entry, each of a fresh candidate."""
    entry = named(name)
    warm_up(OPERATIONS[entry.operation])
    return [
        Opinion(rule, name, entry.is_wrong, scale, RULES[rule].judge(entry, scale))
        for rule in rules
        for scale in (SCALES if RULES[rule].is_rescalable else SCALES[:1])
    ]
