"""``convoracle coverage``: which combinations of parameters a campaign reaches."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from convoracle.harness.candidates.candidate import DTYPES
from convoracle.harness.cli.say import say
from convoracle.harness.coverage.families import family_of
from convoracle.harness.coverage.ledger import STRENGTHS, Coverage, coverage_of_campaign
from convoracle.harness.operations import OPERATIONS, Operation

TOGETHER = {2: "pairs", 3: "triples"}

MOST_LISTED = 20
"""How many missing combinations of an operation are printed; the JSON file has them all."""


def coverage(
    operations: Sequence[str], examples: int, seed: int, dtypes: Sequence[str], json_file: Path | None
) -> None:
    """Draw a campaign's cases, count what they combine, and print it."""
    console = Console()
    found: list[Coverage] = []
    for name in operations or OPERATIONS:
        counted = coverage_of_campaign(OPERATIONS[name], examples, seed, _dtypes(OPERATIONS[name], dtypes))
        if counted is not None:
            found.append(counted)
    if found:
        console.print(coverage_table(found))
    print_missing(console, found)
    uncounted = [name for name in operations or OPERATIONS if family_of(OPERATIONS[name]) is None]
    if uncounted:
        console.print(f"not counted, since nothing is known of them: {', '.join(uncounted)}", highlight=False)
    if json_file is not None:
        json_file.write_text(json.dumps([one.as_dict() for one in found], indent=1) + "\n", encoding="utf-8")


def coverage_table(found: Sequence[Coverage]) -> Table:
    """Return one row for each operation."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("operation", no_wrap=True)
    for name in ("cases", "features", *(f"{strength} at a time" for strength in STRENGTHS)):
        table.add_column(name, justify="right")
    for one in found:
        reached = [f"{one.reached[n]:,} of {one.feasible[n]:,} ({percent(one.share(n))})" for n in STRENGTHS]
        table.add_row(one.operation, str(one.cases), str(len(one.features)), *reached)
    return table


def print_missing(console: Console, found: Sequence[Coverage]) -> None:
    """Print the combinations that no case had, up to a number."""
    for one in found:
        for strength in STRENGTHS:
            missing = one.missing[strength]
            if missing:
                what = TOGETHER[strength] if len(missing) > 1 else TOGETHER[strength].removesuffix("s")
                console.print(f"{one.operation}: {len(missing):,} {what} not reached", highlight=False)
            for text in missing[:MOST_LISTED]:
                say(console, f"  {text}")
            if len(missing) > MOST_LISTED:
                console.print(f"  ... and {len(missing) - MOST_LISTED:,} more", highlight=False)


def percent(share: float) -> str:
    """Return a share in percent, rounded down, so that 100 % is all."""
    return f"{int(share * 10000) / 100:.2f} %"


def _dtypes(operation: Operation, dtypes: Sequence[str]) -> tuple[str, ...]:
    """Return the dtypes asked for that the operation has; all it has by default."""
    return tuple(dtype for dtype in dtypes or DTYPES if operation.takes_integers or not dtype.startswith("int"))
