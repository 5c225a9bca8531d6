"""``convoracle bench --gate-rates RUNS``: how often ``--fail-below`` cries wolf, and how often it sees a slowdown."""

import statistics

from rich.console import Console

from convoracle.harness.bench import gate, report
from convoracle.harness.bench.gate_rates import Rates, measure
from convoracle.harness.bench.implementation import library_of
from convoracle.harness.bench.layer_sets import CALIBRATION
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import RIGHT
from convoracle.harness.cli.bench_command import Options, layers_of
from convoracle.harness.cli.bench_progress import told
from convoracle.harness.cli.bench_tables import count_text
from convoracle.harness.cli.say import could_not_run, say

LIMIT = 0.95


def gate_rates(options: Options, runs: int) -> int:
    """Put the same through the gate again and again, print the rates of its answers, return the exit status."""
    console = Console()
    limit = LIMIT if options.limit is None else options.limit
    workload = layers_of(options, ())[0] if options.texts else parse(CALIBRATION, options.dtype)
    kept = []
    name, other = options.backends[0], (options.against or ("none",))[0]
    are_apart = other != "none" and library_of(name) != library_of(other)
    for threads in options.threads:
        try:
            with told(console, 2 * runs) as tell:
                found = measure(
                    workload, name, threads, limit, options.seconds, runs, lambda: tell(None), are_apart=are_apart
                )
        except CannotRun as error:
            return could_not_run(console, error)
        what = f"{workload}, {name}, {count_text(threads, 'thread')}{f', pauses as for {other}' if are_apart else ''}"
        say(console, f"gate {limit:g}, {what}, at most {options.seconds:g} s for a run")
        for rates in found:
            say(console, _sentence(rates))
            kept.append({"threads": threads, "apart": are_apart, **vars(rates)})
    if options.json_file is not None:
        report.write(options.json_file, {"layer": str(workload), "gate": limit, "rates": kept})
    return RIGHT


def _sentence(rates: Rates) -> str:
    """Return the answers to one question: how often each, and how surely."""
    low, high = rates.interval(gate.FAILED)
    what = "the same against itself" if rates.slowdown == 1.0 else f"{rates.slowdown - 1.0:.0%} slower"
    return (
        f"  {what}: {gate.FAILED} {rates.count(gate.FAILED)} of {len(rates.answers)} ({low:.1%} to {high:.1%}), "
        f"{gate.PASSED} {rates.count(gate.PASSED)}, {gate.OPEN} {rates.count(gate.OPEN)}; "
        f"rounds: median {statistics.median(rates.rounds):.0f}, at most {max(rates.rounds)}"
    )
