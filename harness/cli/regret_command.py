"""``convoracle bench --regret``: how often ``backend="auto"`` chooses the fastest, and what a wrong choice costs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from convoracle.harness.bench import report
from convoracle.harness.bench.regret import PASSES, Regret, regrets, summary
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import RIGHT
from convoracle.harness.cli.bench_command import Options, layers_of
from convoracle.harness.cli.bench_progress import told
from convoracle.harness.cli.bench_tables import count_text, duration, percent
from convoracle.harness.cli.say import could_not_run


def regret(options: Options) -> int:
    """Time every choice that auto could make, print what its own cost, and return the exit status."""
    console = Console()
    layers = layers_of(options, options.layers if options.layers or options.texts else ("held-out",))
    found: list[Regret] = []
    try:
        with told(console, len(PASSES) * len(layers) * len(options.threads)) as tell:
            for threads in options.threads:
                found += regrets(layers, threads, options.seconds, on_done=tell)
    except CannotRun as error:
        return could_not_run(console, error)
    if not found:
        return could_not_run(console, "there is no layer for which auto has several backends to choose from")
    for table in _layers(found):
        console.print(table)
    console.print(_summaries(found))
    if options.json_file is not None:
        report.write(options.json_file, {"regrets": [_as_json(one) for one in found]})
    return RIGHT


def _layers(found: Sequence[Regret]) -> Iterator[Table]:
    """Yield a table for each pass and number of threads, with a line for each choice."""
    groups: dict[tuple[str, int], list[Regret]] = {}
    for one in found:
        groups.setdefault((one.comparison.task.direction, one.comparison.task.threads), []).append(one)
    for (direction, threads), members in groups.items():
        title = f"{direction}, {count_text(threads, 'thread')}"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
        table.add_column("layer", no_wrap=True)
        for name in ("auto", "time", "fastest", "time", "regret"):
            table.add_column(name, justify="left" if name in ("auto", "fastest") else "right", no_wrap=True)
        for one in members:
            of_chosen, of_best = (duration(_seconds(one, name)) for name in (one.chosen, one.best))
            cost = percent(one.regret) if not one.is_hit else "hit" if one.chosen == one.best else "noise"
            style = "" if one.is_hit else "yellow"
            table.add_row(_layer(one), one.chosen, of_chosen, one.best, of_best, cost, style=style)
        yield table


def _layer(one: Regret) -> str:
    return str(one.comparison.task.workload)


def _seconds(one: Regret, name: str) -> float:
    return one.comparison.results[name].seconds.middle


def _summaries(found: Sequence[Regret]) -> Table:
    """Return a line for each pass, and one for all."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("pass", no_wrap=True)
    for name in ("choices", "hits", "hit rate", "median regret", "largest regret"):
        table.add_column(name, justify="right", no_wrap=True)
    for direction in (*PASSES, "all"):
        some = [one for one in found if direction in ("all", one.comparison.task.direction)]
        if some:
            counted = summary(some)
            rate = percent(counted.hits / counted.choices)
            numbers = (str(counted.choices), str(counted.hits), rate, percent(counted.median), percent(counted.worst))
            table.add_row(direction, *map(Text, numbers))
    return table


def _as_json(one: Regret) -> dict[str, Any]:
    task = one.comparison.task
    return {
        "layer": _layer(one),
        "dtype": task.workload.case.dtype,
        "pass": task.direction,
        "threads": task.threads,
        "chosen": one.chosen,
        "best": one.best,
        "regret": one.regret,
        "hit": one.is_hit,
        "ratio": asdict(one.ratio),
        "seconds": {name: asdict(result.seconds) for name, result in one.comparison.results.items()},
    }
