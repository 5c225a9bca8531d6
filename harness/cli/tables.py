"""The tables the command line prints."""

from collections.abc import Sequence

from rich import box
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.report import ratio_text

RIGHT_STYLE, WRONG_STYLE = "green", "bold red"
STYLES = {"right": RIGHT_STYLE, "not run": "yellow"}

LEAST = {"verdict": 7, "error / bound": 7, "grade": 5, "candidate": 9, "operation": 9}
"""Columns that may be narrower than what is in them, in the order in which they become so, and how narrow."""

JUSTIFIED: dict[str, JustifyMethod] = {"cases": "right", "error / bound": "right", "grade": "center"}

EDGES = 2
"""What a column is wider than its text."""


def verdict_table(verdicts: Sequence[Verdict], columns: int) -> Table:
    """Return one row for each operation and candidate, for a terminal of so many columns."""
    order = list(OPERATIONS)
    rows = [_row(verdict) for verdict in sorted(verdicts, key=lambda verdict: order.index(verdict.job.operation))]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name, width in _widths(rows, columns).items():
        table.add_column(name, justify=JUSTIFIED.get(name, "left"), overflow="fold", width=width)
    for row in rows:
        *others, verdict = row.values()
        table.add_row(*others, Text(verdict, style=STYLES.get(verdict, WRONG_STYLE)))
    return table


def _row(verdict: Verdict) -> dict[str, str]:
    """Return what is in a row, by the names of the columns."""
    job, report = verdict.job, verdict.report
    row = {"operation": job.operation, "candidate": job.source.name, "cases": "-", "error / bound": "-", "grade": "-"}
    if report is None:
        return row | {"verdict": "not run"}
    kinds = ", ".join(dict.fromkeys(failure.kind for failure in report.failures))
    return row | {
        "cases": str(report.cases),
        "error / bound": "-" if report.ratio is None else ratio_text(report.ratio),
        "grade": report.grade_text(),
        "verdict": "right" if report.passed else f"WRONG: {kinds}",
    }


def _widths(rows: Sequence[dict[str, str]], columns: int) -> dict[str, int]:
    """Return how wide each column is: as what is in it, or less where so many columns have no room for that."""
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    for name, least in LEAST.items():
        too_much = sum(widths.values()) + EDGES * len(widths) - columns
        widths[name] = max(widths[name] - max(too_much, 0), least)
    return widths


def tally(verdicts: Sequence[Verdict], refused: int) -> str:
    """Return in one line how many are right, how many wrong and how many were not run."""
    reports = [verdict.report for verdict in verdicts if verdict.report is not None]
    right = sum(report.passed for report in reports)
    cases = sum(report.cases for report in reports)
    return f"{right} right, {len(reports) - right} wrong, {refused} not run; {cases:,} cases"
