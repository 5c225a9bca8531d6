"""``convoracle score``: plant every bug there is, count what is caught, and whether anything right is accused."""

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import convoracle
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import COULD_NOT_RUN, RIGHT, WRONG
from convoracle.harness.cli.say import could_not_run, say
from convoracle.harness.score.as_json import as_json
from convoracle.harness.score.diagnosis import print_diagnosis
from convoracle.harness.score.entries import listed, matching
from convoracle.harness.score.run import EXAMPLES, FAST_HONEST_EXAMPLES, HONEST_EXAMPLES, Score, fast, score
from convoracle.harness.score.table import lines, tables
from convoracle.harness.score.tally import checks_made, false_alarms, honest, median, p90, rate, survivors, wrong
from convoracle.harness.score.trial import Trial


def run(
    *,
    is_fast: bool,
    examples: int | None,
    seed: int,
    only: str | None,
    with_ablation: bool,
    workers: int | None,
    json_file: Path | None,
) -> int:
    """Score the harness, print the tables and return the exit status."""
    console = Console()
    entries = fast(matching(only, listed())) if is_fast else matching(only)
    if not entries:
        return could_not_run(console, f"nothing matches {only!r}")
    with _bar(console, len(entries)) as on_trial:
        found = score(
            entries,
            examples=examples or EXAMPLES,
            honest_examples=FAST_HONEST_EXAMPLES if is_fast else HONEST_EXAMPLES,
            seed=seed,
            with_ablation=with_ablation and not is_fast,
            workers=workers,
            on_trial=on_trial,
        )
    _print(console, found)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(found), indent=2) + "\n", encoding="utf-8")
    if found.absent:
        return COULD_NOT_RUN
    return RIGHT if found.passed else WRONG


def diagnose(only: str | None, workers: int | None, json_file: Path | None) -> int:
    """Measure how often the diagnosis of a bug is right, print it and return the exit status."""
    console = Console()
    try:
        found = print_diagnosis(console, only or "*", workers)
    except CannotRun as error:
        return could_not_run(console, error)
    if json_file is not None:
        content = {
            "complete": found.is_complete,
            "asked": found.asked,
            "bugs": [asdict(one) for one in found.tried],
        }
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if any(one.untrue() for one in found.tried):
        return WRONG
    return RIGHT if found.is_complete else COULD_NOT_RUN


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Callable[[Trial], None]]:
    """Show a bar over the trials on a terminal; in a log nothing, the tables go there anyway.

    The ablation, whose trials come after the `total` others, moves it no further.
    """
    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[doing]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task, done = progress.add_task("score", total=total, doing=""), 0

        def on_trial(result: Trial) -> None:
            nonlocal done
            done += 1
            doing = escape(result.task.name if done <= total else f"ablation: {result.task.name}")
            progress.update(task, completed=min(done, total), doing=doing)

        yield on_trial


def _print(console: Console, found: Score) -> None:
    """Print what was tried, the tables, and by name whatever is not as it should be."""
    line = functools.partial(say, console)
    bugs, right = wrong(found.trials), honest(found.trials)
    line(f"convoracle {convoracle.__version__}, seed {found.seed}, at most {found.examples} cases a bug")
    for name, digest in found.fingerprints.items():
        line(f"  {name:<8} sha256 {digest}")
    for table in tables(found.trials, found.ablation):
        console.print(table)
    if bugs:
        line(f"caught {rate(bugs).text}: median {median(bugs) or 0:g}, p90 {p90(bugs)} cases to detection")
    if right:
        accused = false_alarms(found.trials)
        line(f"{len(accused)} false alarms on {len(right)} candidates that are right, in {checks_made(right):,} checks")
    _section(line, "survived:", lines(survivors(found.trials), _fate))
    _section(line, "accused, and right:", lines(false_alarms(found.trials), lambda result: result.sentence))
    later = [result for result in bugs if result.task.entry.added]
    _section(line, "added later:", lines(later, _first_sight))
    if found.ablation is not None:
        lost = [f"  without {check}: {', '.join(names)}" for check, names in found.ablation.lost.items() if names]
        _section(line, "missed without one check:", lost)
    _section(line, "could not run, no such operation:", [f"  {name}" for name in found.absent])
    line(f"in {found.seconds:.0f} s")


def _section(line: Callable[[str], None], title: str, rows: Sequence[str]) -> None:
    """Print a title and rows, if there are rows."""
    for text in [title, *rows] if rows else []:
        line(text)


def _fate(result: Trial) -> str:
    """Return why a survivor is one."""
    if result.failed:
        return f"{result.kind}, which is no kill where the bug is not that it raises: {result.sentence}"
    return f"{result.task.entry.says}; {result.examples} cases"


def _first_sight(result: Trial) -> str:
    entry = result.task.entry
    seen = {True: "caught at first sight", False: "not caught at first sight", None: "not known whether at first sight"}
    return f"{entry.added}, {seen[entry.first_sight]}"
