"""``convoracle bench``: its options, which are called as the fields of `Options` are."""

import sys
from pathlib import Path
from typing import Any

import click

from convoracle.harness.bench.layer_sets import LAYER_SETS
from convoracle.harness.cli.option_types import COUNTS, OUTPUT_FILE, POSITIVE


@click.command(short_help="Time backends and other libraries side by side.")
@click.option(
    "--layers",
    multiple=True,
    type=click.Choice(list(LAYER_SETS)),
    help="A set of layers; repeatable. Default: a mix of seven.",
)
@click.option("--layer", "texts", multiple=True, metavar="TEXT", help="n16c64h56f64k3s1p1, max n16c64h112k3s2p1, ...")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    default=("auto",),
    show_default=True,
    metavar="NAME",
    help="A backend, or MODULE:FUNCTION of your own; repeatable.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="NAME",
    help="The same, or torch, torch-channels-last, onnxruntime, none; repeatable. Default: torch, if it is here.",
)
@click.option(
    "--pass",
    "direction",
    type=click.Choice(("forward", "backward", "both", "input_grad", "weight_grad")),
    default="forward",
    show_default=True,
    help="Backward is all gradients in one call; both is forward and backward.",
)
@click.option("--threads", type=COUNTS, default="1", show_default=True, metavar="N,...", help="For everything timed.")
@click.option("--dtype", type=click.Choice(("float32", "float64")), default="float32", show_default=True)
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Images, instead of each layer's own number.")
@click.option(
    "--seconds",
    type=POSITIVE,
    default=1.0,
    show_default=True,
    metavar="S",
    help="Time for each comparison; at least nine rounds are made.",
)
@click.option("--cold", "is_cold", is_flag=True, help="Empty the caches before each call.")
@click.option(
    "--fail-below",
    "limit",
    type=POSITIVE,
    metavar="RATIO",
    help="Exit with 1 if a ratio is certainly below, with 2 if that cannot be told in time.",
)
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write every round here.")
@click.option("--plot", type=click.Path(path_type=Path), help="A folder for three pictures, or a file for all in one.")
@click.option("--machine", "of_machine", is_flag=True, help="Say what the machine is and reaches, and no more.")
@click.option("--regret", "of_regret", is_flag=True, help="Measure how often auto chooses the fastest backend.")
@click.option("--gate-rates", "gate_runs", type=click.IntRange(min=1), metavar="RUNS", help="Measure --fail-below.")
def bench(
    backends: tuple[str, ...],
    against: tuple[str, ...],
    of_machine: bool,
    of_regret: bool,
    gate_runs: int | None,
    **options: Any,
) -> None:
    """Time backends and other libraries side by side, layer by layer, and check what was timed.

    A ratio is the other's time by the backend's: above 1, the backend is faster. The exit status is 0, 1 if a result is
    wrong or a ratio below --fail-below, 2 if something could not be run or told.
    """
    from convoracle.harness.cli import bench_command, gate_rates_command, machine_command, regret_command

    if of_machine + of_regret + (gate_runs is not None) > 1:
        raise click.UsageError("--machine, --regret and --gate-rates exclude each other")
    asked = bench_command.Options(
        backends=tuple(dict.fromkeys(backends)), against=tuple(dict.fromkeys(against)) or None, **options
    )
    if of_machine:
        sys.exit(machine_command.machine(asked.threads, asked.seconds, asked.json_file))
    if gate_runs is not None:
        sys.exit(gate_rates_command.gate_rates(asked, gate_runs))
    sys.exit(regret_command.regret(asked) if of_regret else bench_command.bench(asked))
