"""What all wrong values have in common, call by call: where they are, and what stands there instead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convoracle.harness.explain.cases.in_common import in_common
from convoracle.harness.explain.evidence import Evidence, Seen
from convoracle.harness.explain.values.instead import instead
from convoracle.harness.explain.values.positions import said_of_places
from convoracle.harness.operations.base import Operation

FEWEST_CALLS = 3
"""What is true of fewer calls may be an accident of their shapes."""

FEWEST_VALUES, MANY_VALUES = 8, 20
"""How many wrong values there have to be; of one call or two more, and then only what they are is said."""

MOST_VALUES = 600
"""How many wrong and how many right values of a call are looked at."""

SHARE = 1 / 2
"""A statement that is true of more than so many of the right values does not say where the wrong ones are."""


@dataclass(frozen=True)
class Pattern:
    """What is true of every wrong value of an output.

    Parameters
    ----------
    output : str
        Which output.
    calls : int
        How many calls were wrong in it.
    places : tuple of str
        Where they all are; empty if nothing short says that.
    wrong, right : int
        How many values there were wrong, and how many right.
    instead : str
        What all of them are; empty if they are nothing known.
    """

    output: str
    calls: int
    places: tuple[str, ...]
    wrong: int
    right: int
    instead: str

    def where(self) -> str:
        """Return the places as a sentence; empty if there is nothing to say."""
        if not self.places:
            return ""
        there = "all values there" if not self.right else f"{self.wrong} of the {self.wrong + self.right} values there"
        name = "" if self.output == "result" else f"{self.output} "
        return f"in all {self.calls} wrong calls {name}only {' and '.join(self.places)}: {there}"


def pattern(operation: Operation, calls: Sequence[Evidence], output: str) -> Pattern | None:
    """Return what the wrong values of an output have in common; None where too few calls say."""
    shown = [(call, seen) for call in calls for seen in call.results if seen.name == output and _is_comparable(seen)]
    values = sum(int(seen.wrong.sum()) for _, seen in shown)
    if values < (FEWEST_VALUES if len(shown) >= FEWEST_CALLS else MANY_VALUES):
        return None
    places, wrong, right = _places(operation, shown) if len(shown) >= FEWEST_CALLS else ((), 0, 0)
    return Pattern(output, len(shown), places, wrong, right, instead(operation, shown))


def _is_comparable(seen: Seen) -> bool:
    return seen.got.shape == seen.expected.shape and seen.expected.ndim > 0 and bool(seen.wrong.any())


def _places(operation: Operation, shown: Sequence[tuple[Evidence, Seen]]) -> tuple[tuple[str, ...], int, int]:
    """Return the statement, or the two, that are true of every wrong value and of the fewest right ones."""
    tables: list[dict[str, np.ndarray]] = []
    costs: dict[str, int] = {}
    wrong: list[np.ndarray] = []
    for evidence, seen in shown:
        chosen = np.concatenate([_some(np.flatnonzero(seen.wrong)), _some(np.flatnonzero(~seen.wrong))])
        said = said_of_places(operation, evidence, seen, np.unravel_index(chosen, seen.wrong.shape))
        tables.append({name: truth for name, (truth, _) in said.items()})
        costs |= {name: cost for name, (_, cost) in said.items()}
        wrong.append(seen.wrong.reshape(-1)[chosen])
    names = sorted(set.intersection(*(set(table) for table in tables)), key=lambda name: (costs[name], name))
    is_wrong = np.concatenate(wrong)
    true = np.array([np.concatenate([table[name] for table in tables]) for name in names])
    found = in_common(names, costs, true[:, is_wrong], true[:, ~is_wrong])
    rights = int((~is_wrong).sum())
    if found is None or not rights or found[1] > SHARE * rights:
        return (), 0, 0
    return found[0], int(is_wrong.sum()), found[1]


def _some(places: np.ndarray) -> np.ndarray:
    """Return at most so many of them, evenly spread."""
    return places if len(places) <= MOST_VALUES else places[np.linspace(0, len(places) - 1, MOST_VALUES).astype(int)]
