"""The command line: ``convoracle`` with ``verify``, ``coverage``, ``prove``, ``score``, ``bench``, ``list``, ..."""

import sys
from pathlib import Path

import click

import convoracle
from convoracle.harness.candidates.candidate import DTYPES
from convoracle.harness.cli.bench_options import bench
from convoracle.harness.cli.option_types import OUTPUT_FILE
from convoracle.harness.cli.verify_options import verify
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.profiles import PROFILES
from convoracle.harness.proofs import PROOFS

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


class _Commands(click.Group):
    """The commands. One that is interrupted could not be run: click's own exit status says that something is wrong."""

    def invoke(self, context: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            context.exit(COULD_NOT_RUN)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(convoracle.__version__, prog_name="convoracle")
def main() -> None:
    """Verify and time implementations of the operations of convolutional networks."""


main.add_command(verify)
main.add_command(bench)


@main.command(short_help="Prove the oracle.", epilog=f"The proofs: {', '.join(PROOFS)}.")
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(list(PROOFS)))
@click.option("--configurations", type=click.IntRange(min=1), metavar="N", help="How many; default: each proof's own.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the counts here.")
def prove(names: tuple[str, ...], configurations: int | None, json_file: Path | None) -> None:
    """Prove the oracle by all proofs, or by those named.

    Every proof prints what it compared and how often. The exit status is 0 if all hold, 1 if one does not, 2 if one
    could not be run.
    """
    from convoracle.harness.cli import prove_command

    sys.exit(prove_command.prove(names, configurations, json_file))


@main.command(short_help="Plant bugs and count what the harness catches.")
@click.option("--fast", "is_fast", is_flag=True, help="Without most cheats, backends, peers and ablation.")
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help="At most so many cases for a bug.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Which cases.")
@click.option("--only", metavar="PATTERN", help="Entries by name, operation, list (mutants, zoo, cheats) or class.")
@click.option("--no-ablation", is_flag=True, help="Do not try the checks one by one.")
@click.option("--diagnosis", is_flag=True, help="Only measure how often the diagnosis of a bug is right.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: one for each processor.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the score here.")
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
        if is_fast or examples is not None or seed or no_ablation:
            raise click.UsageError("--diagnosis goes with --only, --workers and --json alone")
        sys.exit(score_command.diagnose(only, workers, json_file))
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


@main.command("side-by-side", short_help="Give the same bugs to the tests that people use otherwise.")
@click.option("--only", metavar="PATTERN", help="Entries by name, operation, list (mutants, zoo, honest) or class.")
@click.option("--rule", "rules", multiple=True, metavar="TEXT", help="Rules with this in their name; repeatable.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: one for each processor.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write every opinion here.")
def side_by_side(only: str | None, rules: tuple[str, ...], workers: int | None, json_file: Path | None) -> None:
    """Try on the planted bugs what people test kernels with: OpInfo, ONNX's tests, assert_allclose, gradcheck, ...

    Each rule's kill rate stands beside its false alarms on kernels that are right. The exit status is 0, or 2 if a rule
    could not be run.
    """
    from convoracle.harness.cli import side_by_side_command

    sys.exit(side_by_side_command.run(only=only, rules=rules, workers=workers, json_file=json_file))


@main.command(short_help="Count which combinations of features a campaign reaches.")
@click.argument("operations", metavar="[OPERATION]...", nargs=-1, type=click.Choice(list(OPERATIONS)))
@click.option("--profile", type=click.Choice(list(PROFILES)), default="ci", show_default=True, help="As for verify.")
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help="Cases for each operation.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Which cases.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Only these dtypes; repeatable.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the ledger here.")
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


@main.command("list", short_help="Show the operations and the backends that do them.")
@click.option("--markdown", is_flag=True, help="As a Markdown table, for a README.")
def list_backends(markdown: bool) -> None:
    """Show the operations, the backends that do them, their limits and their accuracy."""
    from convoracle.harness.cli import list_command

    list_command.show(markdown)
