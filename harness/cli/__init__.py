"""The command line: ``convoracle`` with ``verify``, ``coverage``, ``prove``, ``score``, ``bench``, ``list``, ..."""

import sys
from pathlib import Path
from typing import Any

import click

import convoracle
from convoracle.harness.adapters import ADAPTERS
from convoracle.harness.bench.layer_sets import LAYER_SETS
from convoracle.harness.candidate import ACCURACIES, DTYPES
from convoracle.harness.candidates import PEERS
from convoracle.harness.networks import NETWORKS
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.profiles import PROFILES
from convoracle.harness.proofs import PROOFS

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


class _Counts(click.ParamType):
    """Positive integers with commas between them."""

    name = "counts"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> tuple[int, ...]:
        """Return the integers, each once."""
        words = value.split(",") if isinstance(value, str) else [str(count) for count in value]
        if not all(word.strip().isascii() and word.strip().isdigit() and int(word) > 0 for word in words):
            self.fail(f"{value!r} is not positive integers with commas between them, as in 1,2", parameter, context)
        return tuple(dict.fromkeys(int(word) for word in words))


COUNTS = _Counts()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(convoracle.__version__, prog_name="convoracle")
def main() -> None:
    """Verify implementations of convolution and pooling against a loop-literal oracle."""


@main.command()
@click.argument("operations", metavar="[OPERATION]...", nargs=-1)
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="A backend of convoracle; repeatable.")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help=f"Your implementation, or one of: {', '.join(PEERS)}; repeatable.",
)
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    type=click.Choice(list(ADAPTERS)),
    help="Put your implementation into an adapter, for another layout or style; repeatable, the innermost first.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="smoke",
    show_default=True,
    help="; ".join(f"{name}: {profile.text}" for name, profile in PROFILES.items()) + ".",
)
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help="Cases for each operation and candidate.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Which cases.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Only these dtypes; repeatable.")
@click.option("--accuracy", type=click.Choice(ACCURACIES), help="The bound to hold a candidate to.")
@click.option("--check", "only_checks", multiple=True, metavar="NAME", help="Make only this check; repeatable.")
@click.option("--skip", "skipped_checks", multiple=True, metavar="NAME", help="Leave out this check; repeatable.")
@click.option("--list-checks", is_flag=True, help="Say what each check decides, and verify nothing.")
@click.option("--case", metavar="TEXT", help="Run this one case, as a failure prints it.")
@click.option(
    "--network",
    "networks",
    multiple=True,
    type=click.Choice(list(NETWORKS)),
    help="Verify the layers of a real network at their real size instead; repeatable.",
)
@click.option("--layer", metavar="NAME", help="Only this layer of the network, as a failure prints it.")
@click.option("--batch", type=click.IntRange(1, 16), default=1, show_default=True, help="Images for --network.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a candidate may spend on one case.",
)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes at once; default: processors.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the reports here.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a page here.")
@click.option("--coverage", "counts_coverage", is_flag=True, help="Count what the cases combine, and print that.")
@click.option(
    "--reproducer",
    "test_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a test file here that fails until the candidate is right and needs NumPy and the candidate alone.",
)
def verify(
    operations: tuple[str, ...],
    backends: tuple[str, ...],
    candidates: tuple[str, ...],
    adapters: tuple[str, ...],
    profile: str,
    examples: int | None,
    seed: int,
    dtypes: tuple[str, ...],
    accuracy: str | None,
    only_checks: tuple[str, ...],
    skipped_checks: tuple[str, ...],
    list_checks: bool,
    case: str | None,
    networks: tuple[str, ...],
    layer: str | None,
    batch: int,
    timeout: float,
    workers: int | None,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    counts_coverage: bool,
    test_file: Path | None,
) -> None:
    """Say of each candidate, for each OPERATION, whether it is right.

    Without --backend and --candidate, every backend of convoracle is verified; without OPERATION, everything a
    candidate offers. The exit status is 0 if all are right, 1 if one is wrong, 2 if one could not be run.
    """
    from convoracle.harness.cli import list_command, verify_command

    if list_checks:
        list_command.show_checks()
        return
    sys.exit(
        verify_command.verify(
            operations,
            backends,
            candidates,
            PROFILES[profile],
            adapters=adapters,
            examples=examples,
            seed=seed,
            dtypes=dtypes,
            accuracy=accuracy,
            only_checks=only_checks,
            skipped_checks=skipped_checks,
            case=case,
            networks=networks,
            layer=layer,
            batch=batch,
            counts_coverage=counts_coverage,
            timeout=timeout,
            workers=workers,
            json_file=json_file,
            junit_file=junit_file,
            html_file=html_file,
            test_file=test_file,
        )
    )


@main.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(list(PROOFS)))
@click.option("--configurations", type=click.IntRange(min=1), metavar="N", help="How many; default: each proof's own.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the counts here.")
def prove(names: tuple[str, ...], configurations: int | None, json_file: Path | None) -> None:
    """Prove the oracle: exact, gradients, twins, triangulated, outside, or those named.

    Every proof prints what it compared and how often. The exit status is 0 if all hold, 1 if one does not, 2 if one
    could not be run.
    """
    from convoracle.harness.cli import prove_command

    sys.exit(prove_command.prove(names, configurations, json_file))


@main.command()
@click.option("--fast", "is_fast", is_flag=True, help="Without most cheats, backends, peers and ablation.")
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help="At most so many cases for a bug.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Which cases.")
@click.option("--only", metavar="PATTERN", help="Entries by name, operation, list (mutants, zoo, cheats) or class.")
@click.option("--no-ablation", is_flag=True, help="Do not try the checks one by one.")
@click.option("--diagnosis", is_flag=True, help="Only measure how often the diagnosis of a bug is right.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: one for each processor.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the score here.")
def score(
    is_fast: bool,
    examples: int | None,
    seed: int,
    only: str | None,
    no_ablation: bool,
    diagnosis: bool,
    workers: int | None,
    json_file: Path | None,
) -> None:
    """Score the harness itself: plant bugs and count what is caught, and whether anything right is accused.

    The exit status is 0 if every bug is caught and nothing right accused, 1 if not, 2 if something could not be run.
    """
    from convoracle.harness.cli import score_command

    if diagnosis:
        from rich.console import Console

        from convoracle.harness.score.diagnosis import print_diagnosis

        sys.exit(RIGHT if print_diagnosis(Console(), only or "*") else WRONG)
    sys.exit(
        score_command.run(
            is_fast=is_fast,
            examples=examples,
            seed=seed,
            only=only,
            with_ablation=not no_ablation,
            workers=workers,
            json_file=json_file,
        )
    )


@main.command("side-by-side")
@click.option("--only", metavar="PATTERN", help="Entries by name, operation, list (mutants, zoo, honest) or class.")
@click.option("--rule", "rules", multiple=True, metavar="TEXT", help="Rules with this in their name; repeatable.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: one for each processor.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write every opinion here.")
def side_by_side(only: str | None, rules: tuple[str, ...], workers: int | None, json_file: Path | None) -> None:
    """Try on the planted bugs what people test kernels with: OpInfo, ONNX's tests, assert_allclose, gradcheck, ...

    Each rule's kill rate stands beside its false alarms on kernels that are right. The exit status is 0, or 2 if a rule
    could not be run.
    """
    from convoracle.harness.cli import side_by_side_command

    sys.exit(side_by_side_command.run(only=only, rules=rules, workers=workers, json_file=json_file))


@main.command()
@click.argument("operations", metavar="[OPERATION]...", nargs=-1, type=click.Choice(list(OPERATIONS)))
@click.option("--profile", type=click.Choice(list(PROFILES)), default="ci", show_default=True, help="As for verify.")
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help="Cases for each operation.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Which cases.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Only these dtypes; repeatable.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the ledger here.")
def coverage(
    operations: tuple[str, ...],
    profile: str,
    examples: int | None,
    seed: int,
    dtypes: tuple[str, ...],
    json_file: Path | None,
) -> None:
    """Count the combinations of two and of three parameters that a campaign's cases reach, and list the others.

    Nothing is run: a case is a function of the seed, the operation and its number.
    """
    from convoracle.harness.cli import coverage_command

    kept = dtypes or PROFILES[profile].dtypes or ()
    coverage_command.coverage(operations, examples or PROFILES[profile].examples, seed, kept, json_file)


@main.command()
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
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="S",
    help="Time for each comparison; at least nine rounds are made.",
)
@click.option("--cold", "is_cold", is_flag=True, help="Empty the caches before each call.")
@click.option(
    "--fail-below",
    "limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATIO",
    help="Exit with 1 if a ratio is certainly below, with 2 if that cannot be told in time.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write every round here.")
@click.option("--plot", type=click.Path(path_type=Path), help="A folder for three pictures, or a file for all in one.")
@click.option("--machine", "of_machine", is_flag=True, help="Say what the machine is and reaches, and no more.")
@click.option("--regret", "of_regret", is_flag=True, help="Measure how often auto chooses the fastest backend.")
@click.option("--gate-rates", "gate_runs", type=click.IntRange(min=1), metavar="RUNS", help="Measure --fail-below.")
def bench(
    layers: tuple[str, ...],
    texts: tuple[str, ...],
    backends: tuple[str, ...],
    against: tuple[str, ...],
    direction: str,
    threads: tuple[int, ...],
    dtype: str,
    batch: int | None,
    seconds: float,
    is_cold: bool,
    limit: float | None,
    json_file: Path | None,
    plot: Path | None,
    of_machine: bool,
    of_regret: bool,
    gate_runs: int | None,
) -> None:
    """Time backends and other libraries side by side, layer by layer, and check what was timed.

    A ratio is the other's time by the backend's: above 1, the backend is faster. The exit status is 0, 1 if a result is
    wrong or a ratio below --fail-below, 2 if something could not be run or told.
    """
    from convoracle.harness.cli import bench_command, gate_rates_command, machine_command, regret_command

    options = bench_command.Options(
        layers=layers,
        texts=texts,
        backends=tuple(dict.fromkeys(backends)),
        against=tuple(dict.fromkeys(against)) or None,
        direction=direction,
        threads=threads,
        dtype=dtype,
        batch=batch,
        seconds=seconds,
        is_cold=is_cold,
        limit=limit,
        json_file=json_file,
        plot=plot,
    )
    if of_machine:
        sys.exit(machine_command.machine(threads, seconds, json_file))
    if gate_runs is not None:
        sys.exit(gate_rates_command.gate_rates(options, gate_runs))
    sys.exit(regret_command.regret(options) if of_regret else bench_command.bench(options))


@main.command("list")
@click.option("--markdown", is_flag=True, help="As a Markdown table, for a README.")
def list_backends(markdown: bool) -> None:
    """Show the operations, the backends that do them, their limits and their accuracy."""
    from convoracle.harness.cli import list_command

    list_command.show(markdown)
