"""What `score` tries: every mutant, every bug of the zoo, every cheat, and every candidate that is right."""

import fnmatch
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.cheats import CHEATS
from convoracle.harness.bugs.mutants import MUTANTS
from convoracle.harness.bugs.zoo import ZOO
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.score.honest import HONEST, Honest, backends, peers

WRONG = ("mutants", "zoo", "cheats")
"""The lists whose every entry has to be caught."""

HONEST_KIND = "honest"


@dataclass(frozen=True)
class Entry:
    """A candidate, the list it is in, and what it says about itself.

    ``list`` is one of `WRONG` or ``"honest"``; the other fields are those of `Bug`, with ``kind`` and ``says`` for a
    candidate that is right too.
    """

    list: str
    name: str
    operation: str
    kind: str
    says: str
    make: Callable[[], Callable[..., Any]]
    accuracy: str
    dtypes: tuple[str, ...]
    limits: Mapping[str, Any]
    raises: bool = False
    added: str = ""
    first_sight: bool | None = None
    concurrent: bool | None = None

    def candidate(self) -> Candidate:
        """Return a fresh candidate."""
        return Candidate(self.make(), self.name, self.limits, self.accuracy, self.dtypes, concurrent=self.concurrent)

    @property
    def is_wrong(self) -> bool:
        """Whether it has to be caught."""
        return self.list in WRONG

    @property
    def needs_its_own_process(self) -> bool:
        """Whether it may harm the process it runs in, as cheats do that keep to no contract."""
        return self.list == "cheats" and self.kind == "contract"


@functools.cache
def listed() -> dict[str, Entry]:
    """Return every entry that needs no backend and no peer library, by name."""
    lists: dict[str, tuple[Bug, ...]] = {"mutants": MUTANTS, "zoo": ZOO, "cheats": CHEATS}
    found = [_of_bug(name, bug) for name, bugs in lists.items() for bug in bugs]
    found += [_of_honest(honest) for honest in HONEST]
    return {entry.name: entry for entry in found}


@functools.cache
def entries() -> dict[str, Entry]:
    """Return every entry by name."""
    others = [_of_honest(honest) for honest in (*backends(), *peers())]
    return {**listed(), **{entry.name: entry for entry in others}}


def named(name: str) -> Entry:
    """Return the entry of that name; peer libraries are imported only where it is one's."""
    return listed().get(name) or entries()[name]


def matching(pattern: str | None, among: Mapping[str, Entry] | None = None) -> list[Entry]:
    """Return the entries whose name contains a pattern, or whose name, operation, list or class matches it (``*``)."""
    candidates = list((entries() if among is None else among).values())
    if pattern is None:
        return candidates
    return [
        entry
        for entry in candidates
        if pattern in entry.name
        or any(fnmatch.fnmatchcase(text, pattern) for text in (entry.name, entry.operation, entry.list, entry.kind))
    ]


def _of_bug(name: str, bug: Bug) -> Entry:
    return Entry(
        name,
        bug.name,
        bug.operation,
        bug.kind,
        bug.says,
        bug.make,
        bug.accuracy,
        bug.dtypes,
        bug.limits,
        bug.raises,
        bug.added,
        bug.first_sight,
        bug.concurrent,
    )


def _of_honest(honest: Honest) -> Entry:
    says = "the oracle's"
    return Entry(
        HONEST_KIND,
        honest.name,
        honest.operation,
        HONEST_KIND,
        says,
        honest.make,
        honest.accuracy,
        honest.dtypes,
        honest.limits,
        concurrent=honest.concurrent,
    )
