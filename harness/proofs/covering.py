"""A small set of configurations in which every pair of option values occurs together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from convoracle.harness.cases.choices import Choices

Options = Mapping[str, Sequence[Any]]
Row = dict[str, Any]
Pair = tuple[str, Any, str, Any]

ATTEMPTS = 5
"""How many rows are tried for each one kept: more make the set smaller and the search longer."""


def pairwise(options: Options, is_possible: Callable[[Row], bool], seed: int) -> list[Row]:
    """Return rows such that every pair of values of two options occurs in one, greedily (Cohen et al., AETG, 1997).

    Parameters
    ----------
    options : mapping
        The values of each option.
    is_possible : callable
        Whether a row is a configuration at all. Every pair must occur in some possible row.
    seed : int
        Which of the many such sets.

    Examples
    --------
    >>> rows = pairwise({"a": [0, 1], "b": [0, 1], "c": [0, 1]}, lambda row: True, seed=0)
    >>> len(rows) < 8, pairs_missing(rows, {"a": [0, 1], "b": [0, 1], "c": [0, 1]})
    (True, [])
    """
    choices = Choices(seed, "pairwise")
    missing = dict.fromkeys(all_pairs(options))
    rows = []
    while missing:
        wanted = next(iter(missing))
        tried: list[Row] = []
        while len(tried) < ATTEMPTS:
            row = _greedy_row(options, wanted, missing, choices)
            if is_possible(row):
                tried.append(row)
        best = max(tried, key=lambda row: sum(pair in missing for pair in pairs_of(row)))
        rows.append(best)
        for pair in pairs_of(best):
            missing.pop(pair, None)
    return rows


def all_pairs(options: Options) -> Iterator[Pair]:
    """Yield every pair of values of two different options."""
    for first, second in combinations(options, 2):
        for one, other in product(options[first], options[second]):
            yield first, one, second, other


def pairs_of(row: Row) -> Iterator[Pair]:
    """Yield the pairs that occur in a row."""
    for first, second in combinations(row, 2):
        yield first, row[first], second, row[second]


def pairs_missing(rows: Sequence[Row], options: Options) -> list[Pair]:
    """Return the pairs that occur in no row: counted from the rows alone, whoever made them."""
    return [
        (first, one, second, other)
        for first, one, second, other in all_pairs(options)
        if not any(row[first] == one and row[second] == other for row in rows)
    ]


def _greedy_row(options: Options, wanted: Pair, missing: Mapping[Pair, None], choices: Choices) -> Row:
    """Return a row with the wanted pair; every other value is the one with most missing pairs among those chosen.

    One value in four is chosen blindly, so that another attempt is another row.
    """
    first, one, second, other = wanted
    chosen = {first: one, second: other}
    order = {name: position for position, name in enumerate(options)}
    rest = [name for name in options if name not in chosen]
    while rest:
        name = rest.pop(choices.below(len(rest)))
        values = list(options[name])
        turned = choices.below(len(values))
        values = values[turned:] + values[:turned]  # ties go to another value each time

        def gain(value: Any, name: str = name) -> int:
            return sum(
                (
                    (name, value, other, chosen[other])
                    if order[name] < order[other]
                    else (other, chosen[other], name, value)
                )
                in missing
                for other in chosen
            )

        chosen[name] = values[0] if choices.happens(4) else max(values, key=gain)
    return {name: chosen[name] for name in options}
