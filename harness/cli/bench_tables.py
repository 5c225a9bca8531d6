"""The tables and sentences of ``convoracle bench``."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from convoracle.harness.bench import gate
from convoracle.harness.bench.comparison import Comparison, Result
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.statistics import Interval, geometric_mean
from convoracle.harness.bench.workload import Workload
from convoracle.harness.cli.say import say
from convoracle.harness.report import ratio_text

GAP = 3
"""Characters between two columns."""


@dataclass(frozen=True)
class Column:
    """A column: its title, and what it says of one implementation on one layer."""

    title: str
    text: Callable[[Comparison, Result], str]


def print_tables(
    console: Console,
    comparisons: Sequence[Comparison],
    roofs: dict[int, Roof],
    sets: Mapping[str, Collection[Workload]] = MappingProxyType({}),
) -> None:
    """Print one table for each pass and number of threads, or several where the terminal is narrow.

    Below it are the mean ratios of all layers and, where several sets were named, those of each set.
    """
    groups: dict[tuple[str, int], list[Comparison]] = {}
    for one in comparisons:
        if one.results:
            groups.setdefault((one.task.direction, one.task.threads), []).append(one)
    for (direction, threads), members in groups.items():
        task = members[0].task
        title = f"{direction}, {task.workload.case.dtype}, {count_text(threads, 'thread')}"
        title += ", cold caches" if task.is_cold else ""
        for table in _tables(console.width, title, members, [*_speed(members, roofs.get(threads)), *_cost()]):
            console.print(table)
        for sentence in mean_sentences(members):
            say(console, sentence)
        for name, layers in sets.items() if len(sets) > 1 else ():
            for sentence in mean_sentences([one for one in members if one.task.workload in layers]):
                say(console, f"  {name}: {sentence}")


def _tables(width: int, title: str, members: Sequence[Comparison], columns: Sequence[Column]) -> Iterator[Table]:
    """Yield tables with a line for each layer and one for each implementation below it, as wide as there is room."""
    first: list[str | Text] = []
    cells: list[list[str | Text]] = [[] for _ in columns]
    for one in members:
        for texts in (first, *cells):
            texts.append(str(one.task.workload) if texts is first else "")
        for result in one.results.values():
            style = "bold red" if result.grade == "fail" else ""
            first.append(Text("  " + result.name, style=style))
            for texts, column in zip(cells, columns, strict=True):
                texts.append(Text(column.text(one, result), style=style))
    widths = [max(map(len, (column.title, *texts))) + GAP for column, texts in zip(columns, cells, strict=True)]
    start = 0
    while start < len(columns):
        room, end = width - max(map(len, first)) - GAP - widths[start], start + 1
        while end < len(columns) and widths[end] <= room:
            room, end = room - widths[end], end + 1
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
        table.add_column("layer", no_wrap=True)
        for column in columns[start:end]:
            table.add_column(column.title, justify="right", no_wrap=True)
        for row in zip(first, *cells[start:end], strict=True):
            table.add_row(*row)
        yield table
        start = end


def _speed(members: Sequence[Comparison], roof: Roof | None) -> list[Column]:
    """Return the columns of times and ratios."""
    names = list(dict.fromkeys(name for one in members for name, _ in one.pairs()))
    return [
        Column("time", lambda one, result: duration(result.seconds.middle)),
        Column("speed", lambda one, result: speed_text(one, result)),
        Column("of peak", lambda one, result: _share(one, result, roof)),
        *(Column(f"time / {name}", _ratio_to(name)) for name in names),
    ]


def _cost() -> list[Column]:
    """Return the columns of errors and memory."""
    return [
        Column("error/bound", lambda one, result: ratio_text(result.measured.ratio)),
        Column("error", lambda one, result: f"{result.measured.error:.3g} u"),
        Column("grade", lambda one, result: result.grade),
        Column("moved", lambda one, result: size(one.task.workload.bytes_moved(one.task.direction))),
        Column("workspace", lambda one, result: "-" if result.workspace is None else size(result.workspace)),
    ]


def _ratio_to(name: str) -> Callable[[Comparison, Result], str]:
    """Return what says a result's time by that of `name`."""
    return lambda one, result: interval_text(one.ratio(name, result.name)) if (name, result.name) in one.pairs() else ""


def speed_text(one: Comparison, result: Result) -> str:
    """Return multiply-adds a second for what multiplies, else bytes."""
    work = one.task.workload.operations(one.task.direction)
    if work:
        return f"{work / result.seconds.middle / 1e9:.3g} GFLOP/s"
    return f"{one.task.workload.bytes_moved(one.task.direction) / result.seconds.middle / 1e9:.3g} GB/s"


def _share(one: Comparison, result: Result, roof: Roof | None) -> str:
    """Return the share of the machine's peak, or of its bandwidth where nothing is multiplied."""
    work = one.task.workload.operations(one.task.direction)
    peak = None if roof is None else roof.flops.get(one.task.workload.case.dtype) if work else roof.copied
    done = work or one.task.workload.bytes_moved(one.task.direction)
    return "-" if peak is None else f"{percent(done / result.seconds.middle / peak)}"


def mean_sentences(members: Sequence[Comparison]) -> Iterator[str]:
    """Yield the mean over layers of each ratio."""
    for name, other in dict.fromkeys(pair for one in members for pair in one.pairs()):
        of = [one for one in members if (name, other) in one.pairs()]
        mean = geometric_mean([one.ratios(name, other) for one in of])
        ratios = [one.ratio(name, other).middle for one in of]
        yield (
            f"{other} / {name}: geometric mean {mean.middle:.2f} ({mean.low:.2f} to {mean.high:.2f}) over "
            f"{count_text(len(of), 'layer')}, from {min(ratios):.2f} to {max(ratios):.2f}"
        )


def gate_sentences(limit: float, answers: Sequence[tuple[str, Comparison, str, str]]) -> Iterator[str]:
    """Yield every answer of the gate that is not *passed*, then how many there are of each, and the whole's."""
    for answer, one, name, other in answers:
        if answer != gate.PASSED:
            found = one.ratio(name, other)
            where = f"{one.task.direction} {one.task.workload}, {count_text(one.task.threads, 'thread')}"
            interval = f"{found.middle:.3f} ({found.low:.3f} to {found.high:.3f})"
            yield f"gate {limit:g}: {answer}: {where}: {other} / {name} is {interval}"
    kinds = [answer for answer, *_ in answers]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in (gate.PASSED, gate.FAILED, gate.OPEN))
    yield f"gate {limit:g}: {gate.together(kinds)} (of {count_text(len(kinds), 'ratio')}: {counts})"


def line(one: Comparison) -> str:
    """Return a comparison as one line of a log."""
    task = one.task
    parts = []
    for name in task.names:
        if name not in one.results:
            parts.append(f"{name} cannot")
            continue
        result = one.results[name]
        ratios = [
            f"{other} / {name} {interval_text(one.ratio(name, other))}" for of, other in one.pairs() if of == name
        ]
        parts.append(", ".join([f"{name} {duration(result.seconds.middle)}", *ratios]))
        if result.grade == "fail":
            parts[-1] += ", WRONG"
    return f"{task.direction} {task.workload}, {count_text(task.threads, 'thread')}: {'; '.join(parts)}"


def interval_text(interval: Interval) -> str:
    """Return a ratio with how far its interval reaches."""
    middle = f"{interval.middle:.2f}" if interval.middle >= 0.1 else f"{interval.middle:.2g}"
    return f"{middle} ±{percent(interval.reach)}"


def percent(share: float) -> str:
    """Return a share in per cent, with a digit after the point where it is small."""
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def detectable(noise: Interval) -> float:
    """Return the smallest change that would most likely show: twice as far as the interval of no change reaches.

    A true change of that size leaves 1 outside of the interval unless the median is off by more than the interval says.
    """
    return 2.0 * noise.reach


def noise_sentence(noise: Interval) -> str:
    """Return what the same thing timed twice differs by, and what can therefore be told."""
    change = detectable(noise)
    if change < 1.0:
        told = f"a change of less than {percent(change)} cannot be told from noise here"
    else:
        told = "this machine is too noisy now to tell anything"
    return f"the same against itself: {noise.middle:.3f} ({noise.low:.3f} to {noise.high:.3f}), so {told}"


def duration(seconds: float) -> str:
    """Return a time in three digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{_digits(seconds / scale)} {unit}"
    return f"{_digits(seconds / 1e-9)} ns"


def _digits(number: float) -> str:
    """Return a number in three digits, or in four where it has them before the point: 1010, not 1.01e+03."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def size(count: float) -> str:
    """Return a number of bytes in three digits."""
    for unit, scale in (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10)):
        if count >= scale:
            return f"{_digits(count / scale)} {unit}"
    return f"{count:.0f} B"


def count_text(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number} {what}" + ("" if number == 1 else "s")
