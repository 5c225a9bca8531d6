"""``convoracle bench``: from options to comparisons, from comparisons to tables, files and an exit status."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from convoracle.harness.bench import gate, report
from convoracle.harness.bench.comparison import Comparison, Task, compare, same_twice
from convoracle.harness.bench.implementation import check_name
from convoracle.harness.bench.layer_sets import CALIBRATION, CALIBRATOR, workloads
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.machine import Roof, as_json, description, roof
from convoracle.harness.bench.statistics import Interval
from convoracle.harness.bench.threads import limits_blas
from convoracle.harness.bench.workload import Workload
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import COULD_NOT_RUN, RIGHT, WRONG
from convoracle.harness.cli.bench_progress import told
from convoracle.harness.cli.bench_tables import gate_sentences, line, noise_sentence, print_tables
from convoracle.harness.cli.say import could_not_run, say


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    layers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    backends: tuple[str, ...] = ("auto",)
    against: tuple[str, ...] | None = None
    direction: str = "forward"
    threads: tuple[int, ...] = (1,)
    dtype: str = "float32"
    batch: int | None = None
    seconds: float = 1.0
    is_cold: bool = False
    limit: float | None = None
    json_file: Path | None = None
    plot: Path | None = None


def bench(options: Options) -> int:
    """Compare implementations on layers, print what was found and return the exit status."""
    console = Console()
    layers = layers_of(options, options.layers)
    if options.plot is not None:
        from convoracle.harness.bench.pictures import obstacle

        reason = obstacle(options.plot)
        if reason is not None:
            raise click.UsageError(reason)
    try:
        against = _others(options)
        for name in options.backends:
            check_name(name)
    except CannotRun as error:
        return could_not_run(console, error)
    if options.limit is not None and not against:
        raise click.UsageError("--fail-below needs --against: there is no ratio to hold to it")
    tasks = _tasks(options, layers, against)
    if not tasks:
        return could_not_run(console, f"none of the layers has the pass {options.direction}")
    return _Run(console, options, tasks).do()


class _Run:
    """A run: what it has found so far, so that an interruption loses none of it."""

    def __init__(self, console: Console, options: Options, tasks: Sequence[Task]) -> None:
        self._console = console
        self._options = options
        self._tasks = tasks
        self._found: list[Comparison] = []
        self._roofs: dict[int, Roof] = {}
        self._noise: Interval | None = None
        self._described = description() if options.json_file is not None else {}

    def do(self) -> int:
        """Compare everything, print, write, and return the exit status."""
        try:
            self._calibrate()
            with told(self._console, len(self._tasks)) as tell:
                for task in self._tasks:
                    self._found.append(compare(task))
                    tell(line(self._found[-1]))
                    self._write()
        except (CannotRun, MemoryError, KeyboardInterrupt) as reason:
            done = f"after {len(self._found)} of {len(self._tasks)} comparisons"
            self._print()
            what = f"interrupted {done}" if isinstance(reason, KeyboardInterrupt) else f"could not run: {reason}"
            say(self._console, what)
            return COULD_NOT_RUN
        self._print()
        if self._options.plot is not None:
            from convoracle.harness.bench.pictures import draw_all

            for path in draw_all(self._options.plot, self._found, self._roofs):
                say(self._console, f"wrote {path}")
        return self._status()

    def _calibrate(self) -> None:
        """Measure the machine's roofs, and what the same thing twice differs by."""
        for threads in self._options.threads:
            self._roofs[threads] = roof(threads)
        one = self._noise = same_twice(parse(CALIBRATION), self._options.threads[0], CALIBRATOR, self._options.seconds)
        say(self._console, noise_sentence(one))
        if not limits_blas():
            say(self._console, "threadpoolctl is missing: BLAS (backend im2col) keeps its own number of threads")
        self._write()

    def _write(self) -> None:
        if self._options.json_file is not None:
            machine = as_json(self._described, list(self._roofs.values()))
            report.write(self._options.json_file, report.as_json(machine, self._noise, self._found))

    def _print(self) -> None:
        """Print the tables, what is wrong and what could not take part."""
        options = self._options
        sets = {name: workloads((name,), (), options.dtype, options.batch) for name in options.layers}
        print_tables(self._console, self._found, self._roofs, sets)
        for one in self._found:
            for result in one.results.values():
                if result.measured.problem is not None:
                    where = f"{one.task.direction} {one.task.workload}"
                    say(self._console, f"WRONG: {result.name}, {where}: {result.measured.problem}")
        for reason in dict.fromkeys(reason for one in self._found for reason in one.refused.values()):
            say(self._console, f"left out: {reason}")

    def _status(self) -> int:
        """Return 1 if something was wrong or too slow, 2 if nothing could be told, else 0."""
        if any(result.grade == "fail" for one in self._found for result in one.results.values()):
            return WRONG
        if not any(name in one.results for one in self._found for name in one.task.names):
            return COULD_NOT_RUN
        if self._options.limit is None:
            return RIGHT
        answers = [(one.answer(name, other), one, name, other) for one in self._found for name, other in one.pairs()]
        for sentence in gate_sentences(self._options.limit, answers):
            say(self._console, sentence)
        whole = gate.together([answer for answer, *_ in answers])
        unasked = [str(one.task.workload) for one in self._found for name in one.task.names if name in one.refused]
        if unasked and whole == gate.PASSED:
            say(self._console, f"gate {self._options.limit:g}: {gate.OPEN}: not run on {', '.join(unasked)}")
            whole = gate.OPEN
        return {gate.PASSED: RIGHT, gate.FAILED: WRONG}.get(whole, COULD_NOT_RUN)


def layers_of(options: Options, sets: tuple[str, ...]) -> list[Workload]:
    """Return the layers of sets and of the texts; what cannot be read is a mistake of the command line."""
    try:
        return workloads(sets, options.texts, options.dtype, options.batch)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--layer") from error


def _others(options: Options) -> tuple[str, ...]:
    """Return what to compare with: what was named, or torch if it is here and nothing was."""
    if options.against is None:
        try:
            check_name("torch")
        except CannotRun:
            return ()
        return ("torch",)
    if options.against == ("none",):
        return ()
    for name in options.against:
        check_name(name)
    return options.against


def _tasks(options: Options, layers: Sequence[Workload], against: tuple[str, ...]) -> list[Task]:
    """Return what to compare: every layer, pass and number of threads."""
    directions = ("forward", "backward") if options.direction == "both" else (options.direction,)
    ratios = len(directions) * len(options.threads) * len(layers) * len(options.backends) * max(1, len(against))
    return [
        Task(
            layer,
            direction,
            threads,
            options.backends,
            against,
            options.seconds,
            options.is_cold,
            options.limit,
            ratios,
        )
        for direction in directions
        for threads in options.threads
        for layer in layers
        if layer.has(direction)
    ]
