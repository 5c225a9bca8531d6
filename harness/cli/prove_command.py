"""``convoracle prove``: run the proofs of the oracle, print what they counted, say whether they hold."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import COULD_NOT_RUN, RIGHT, WRONG
from convoracle.harness.cli.say import could_not_run, say
from convoracle.harness.proofs import PROOFS
from convoracle.harness.proofs.tally import Tally


def prove(names: Sequence[str], configurations: int | None, json_file: Path | None) -> int:
    """Run the proofs, print their counts and return the exit status."""
    console = Console()
    found: dict[str, Tally] = {}
    seconds: dict[str, float] = {}
    refused: list[str] = []
    for name in names or PROOFS:
        started = time.perf_counter()
        try:
            with _bar(console, name) as on_configuration:
                found[name] = PROOFS[name].run(configurations, on_configuration)
        except CannotRun as error:
            refused.append(f"{name}: {error}")
            continue
        seconds[name] = time.perf_counter() - started
        _print(console, name, found[name], seconds[name])
    for reason in refused:
        could_not_run(console, reason)
    if json_file is not None:
        json_file.write_text(json.dumps(_as_json(found, seconds, refused), indent=2) + "\n", encoding="utf-8")
    if not all(tally.holds for tally in found.values()):
        return WRONG
    return COULD_NOT_RUN if refused else RIGHT


@contextmanager
def _bar(console: Console, name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar over the configurations of one proof on a terminal; in a log nothing, the results go there anyway."""
    columns = (TextColumn(name), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print(console: Console, name: str, tally: Tally, seconds: float) -> None:
    """Print one proof: its verdict and statement, its counts, its exceptions."""
    verdict = "holds" if tally.holds else "FAILS"
    lines = [f"{name} {verdict}: {PROOFS[name].statement}"]
    width = len(f"{max([tally.configurations, tally.failed, *tally.counts.values()]):,}")
    rows = [("configurations", tally.configurations), *tally.counts.items(), ("exceptions", tally.failed)]
    lines += [f"  {count:>{width},}  {what}" for what, count in rows]
    lines += [f"  exception: {sentence}" for sentence in tally.failures]
    lines.append(f"  in {seconds:.0f} s")
    say(console, "\n".join(lines))


def _as_json(found: dict[str, Tally], seconds: dict[str, float], refused: Sequence[str]) -> dict[str, Any]:
    return {
        "proofs": {
            name: {
                "statement": PROOFS[name].statement,
                "holds": tally.holds,
                "configurations": tally.configurations,
                "counts": dict(tally.counts),
                "exceptions": tally.failed,
                "failures": tally.failures,
                "seconds": round(seconds[name], 1),
            }
            for name, tally in found.items()
        },
        "could_not_run": list(refused),
    }
