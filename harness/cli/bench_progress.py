"""What ``convoracle bench`` shows while it runs: a bar on a terminal, a line of a log anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convoracle.harness.cli.say import say


@contextmanager
def told(console: Console, total: int) -> Iterator[Callable[[str | None], None]]:
    """Yield what is called after each of `total` pieces of work, with its line, or with None if it has none."""
    if not console.is_terminal:
        done = 0

        def tell(text: str | None) -> None:
            nonlocal done
            done += 1
            if text is not None:
                say(console, f"[{done}/{total}] {text}")

        yield tell
        return
    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=total)
        yield lambda text: progress.update(bar, advance=1, description=(text or "").partition(":")[0])
