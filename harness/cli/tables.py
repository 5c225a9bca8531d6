"""The tables the command line prints."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.report import ratio_text

NAME_COLUMNS = 16
"""A candidate's name that is longer may be folded; a backend's is not."""


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return one row for each operation and candidate."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("operation", no_wrap=True)
    longest = max((len(verdict.job.source.name) for verdict in verdicts), default=0)
    table.add_column("candidate", overflow="fold", min_width=min(longest, NAME_COLUMNS))
    table.add_column("cases", justify="right")
    table.add_column("error / bound", justify="right", min_width=5)
    table.add_column("grade", justify="center")
    table.add_column("verdict", min_width=5)
    order = list(OPERATIONS)
    for verdict in sorted(verdicts, key=lambda verdict: order.index(verdict.job.operation)):
        job, report = verdict.job, verdict.report
        if report is None:
            table.add_row(job.operation, job.source.name, "-", "-", "-", Text("not run", style="yellow"))
            continue
        kinds = ", ".join(dict.fromkeys(failure.kind for failure in report.failures))
        table.add_row(
            job.operation,
            job.source.name,
            str(report.cases),
            "-" if report.ratio is None else ratio_text(report.ratio),
            report.grade_text(),
            Text("right", style="green") if report.passed else Text(f"WRONG: {kinds}", style="bold red"),
        )
    return table


def tally(verdicts: Sequence[Verdict], refused: int) -> str:
    """Return in one line how many are right, how many wrong and how many were not run."""
    reports = [verdict.report for verdict in verdicts if verdict.report is not None]
    right = sum(report.passed for report in reports)
    cases = sum(report.cases for report in reports)
    return f"{right} right, {len(reports) - right} wrong, {refused} not run; {cases:,} cases"
