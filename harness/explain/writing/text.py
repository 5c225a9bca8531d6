"""A failure as text: readable at eighty columns, without colour, on one screen."""

import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convoracle.harness.checks.catalogue import full_name
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.values.difference import in_words, plane_map
from convoracle.harness.explain.values.smallest_data import non_zeros

if TYPE_CHECKING:
    from convoracle.harness.failure import Failure

WIDTH = 78
"""Columns; a report moves the text two to the right."""

LABEL = 15
MAP_ROWS, MAP_COLUMNS = 6, 60
MOST_NON_ZEROS = 8


def failure_text(failure: "Failure", width: int = WIDTH) -> str:
    """Return what the author of a candidate is told, in lines of at most so many columns but for the last."""
    lines = textwrap.wrap(_heading(failure), width, subsequent_indent="  ")
    lines += entry("smallest call", failure.call, width)
    if failure.evidence is not None and failure.evidence.first_wrong() is not None:
        lines += entry("with", operands_text(failure.evidence), width)
    if failure.index is not None:
        place = f"  at {list(failure.index)}"
        lines.append(f"{place.ljust(LABEL)}  expected {number(failure.expected)}, got {number(failure.got)}")
    for label, text in facts(failure):
        lines += entry(label, text, width)
    lines += _seen_first(failure.seen, width)
    lines.append(f"  reproduce      {failure.command}")
    return "\n".join(lines)


def facts(failure: "Failure") -> Iterator[tuple[str, str]]:
    """Yield what was found out, with a label each: all of it where the diagnosis does not say it all."""
    pattern = failure.pattern
    if failure.diagnosis is not None:
        yield "diagnosis", str(failure.diagnosis)
    if failure.rule is not None:
        yield "when", str(failure.rule)
    found = {
        "shape": failure.shape,
        "products": failure.products,
        "history": failure.history,
        "memory": failure.memory,
        "data": failure.data,
        "where": "" if pattern is None else pattern.where(),
        "instead": "" if pattern is None else pattern.instead,
    }
    if failure.diagnosis is None or not failure.diagnosis.always:
        yield from ((label, text) for label, text in found.items() if text)
    if failure.hint:
        yield "hint", failure.hint


def story_of(failure: "Failure") -> str:
    """Return what a file about a failure says at its top."""
    lines = [_heading(failure)]
    lines += [f"{label.capitalize()}: {text}" for label, text in facts(failure)]
    return "\n".join([*lines, f"Again: {failure.command}"])


def _heading(failure: "Failure") -> str:
    """Return what is wrong in a sentence, behind the check that `--check` takes."""
    return f"{failure.kind} (check: {full_name(failure.check)}): {failure.message}"


def entry(label: str, text: str, width: int = WIDTH) -> list[str]:
    """Return a labelled paragraph."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"  {label}".ljust(LABEL + 2),
        subsequent_indent=" " * (LABEL + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def operands_text(evidence: Evidence) -> str:
    """Return the operands in words: each non-zero where they are few, else how many there are."""
    places = non_zeros(evidence.operands)
    if sum(map(len, places.values())) <= MOST_NON_ZEROS:
        said = [
            f"{name}[{', '.join(map(str, index))}] = {number(value)}"
            for name, found in places.items()
            for index, value in found
        ]
        text = ", ".join(said) + ", zeros elsewhere" if said else "nothing but zeros"
    else:
        text = " and ".join(f"{len(found)} non-zeros in {name}" for name, found in places.items())
    indices = evidence.operands.get("indices")
    if indices is not None and indices.size <= MOST_NON_ZEROS:
        text += f"; indices = {indices.tolist()}"
    return text


def number(value: Any) -> str:
    """Return a number as short text that is exact."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float):
        if plain != plain or plain in (float("inf"), float("-inf")):
            return str(plain)
        if plain == 0 and math.copysign(1.0, plain) < 0:
            return "-0"
        return str(int(plain)) if plain == int(plain) and abs(plain) < 2**53 else repr(plain)
    return repr(plain)


def _seen_first(seen: Evidence | None, width: int) -> list[str]:
    """Return where the result of the call that failed first is wrong."""
    if seen is None:
        return []
    lines: list[str] = []
    for result in seen.results:
        if not result.wrong.any() or result.got.shape != result.expected.shape:
            continue
        if not lines:
            lines += entry("found first", in_words(result.name, result.wrong), width)
            plane = plane_map(result.name, result.wrong)
            if plane is not None and not result.wrong.all():
                lines += entry("", f"{plane.title}:", width)
                lines += [
                    " " * (LABEL + 2) + line for line in plane.lines(MAP_ROWS, min(MAP_COLUMNS, width - LABEL - 2))
                ]
        else:
            lines += entry("", f"also {in_words(result.name, result.wrong)}", width)
    return lines
