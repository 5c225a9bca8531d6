"""What a campaign shows while it runs: a live bar on a terminal, one plain line for each verdict anywhere else."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.cli.say import say


class LiveBar:
    """A bar over all cases of the campaign, with what is being verified beside it."""

    def __init__(self, console: Console, jobs: Sequence[Job]) -> None:
        self._progress = Progress(
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("cases"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}", markup=False),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("verify", total=sum(job.examples for job in jobs), doing="starting")
        self._cases: dict[Job, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_progress(self, job: Job, cases: int, doing: str = "") -> None:
        """Move the bar."""
        self._cases[job] = cases
        self._show(f"{job.operation} · {job.source.name}{f': wrong, {doing}' if doing else ''}")

    def on_verdict(self, verdict: Verdict) -> None:
        """Count all cases of a finished job, also those that an early failure made needless."""
        self._cases[verdict.job] = verdict.job.examples
        self._show(f"{verdict.job.operation} · {verdict.job.source.name}")

    def _show(self, doing: str) -> None:
        self._progress.update(self._task, completed=sum(self._cases.values()), doing=doing)


class Lines:
    """One line for each verdict, for logs; none for a single job, whose verdict is all that is printed afterwards."""

    def __init__(self, console: Console, jobs: Sequence[Job]) -> None:
        self._console = console
        self._total = len(jobs)
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def on_progress(self, job: Job, cases: int, doing: str = "") -> None:
        """Say nothing: a log is read afterwards."""

    def on_verdict(self, verdict: Verdict) -> None:
        """Print the verdict's first line."""
        self._done += 1
        if self._total == 1:
            return
        text = verdict.report.headline() if verdict.report is not None else f"could not run: {verdict.why_not()}"
        say(self._console, f"[{self._done}/{self._total}] {text}")
