"""``convoracle verify``: its arguments and options, which are called as the fields of `Options` are."""

import sys
from typing import Any

import click

from convoracle.harness.adapters import ADAPTERS
from convoracle.harness.candidates.candidate import ACCURACIES, DTYPES
from convoracle.harness.candidates.source import PEERS
from convoracle.harness.cli.option_types import OUTPUT_FILE, POSITIVE
from convoracle.harness.networks import NETWORKS
from convoracle.harness.profiles import PROFILES


@click.command(short_help="Say whether implementations are right.")
@click.argument("operations", metavar="[OPERATION]...", nargs=-1)
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="A backend of convoracle; repeatable.")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help=f"Your implementation (also FILE.py:FUNCTION), or one of: {', '.join(PEERS)}; repeatable.",
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
    type=POSITIVE,
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a candidate may spend on one case.",
)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes at once; default: processors.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the reports here.")
@click.option("--junit", "junit_file", type=OUTPUT_FILE, help="Write JUnit XML here.")
@click.option("--html", "html_file", type=OUTPUT_FILE, help="Write a page here.")
@click.option("--coverage", "counts_coverage", is_flag=True, help="Count what the cases combine, and print that.")
@click.option(
    "--reproducer",
    "test_file",
    type=OUTPUT_FILE,
    help="Write a test file here that fails until the candidate is right and needs NumPy and the candidate alone.",
)
def verify(profile: str, list_checks: bool, **options: Any) -> None:
    """Say of each candidate, for each OPERATION, whether it is right.

    Without --backend and --candidate, every backend of convoracle is verified; without OPERATION, everything a
    candidate offers. The exit status is 0 if all are right, 1 if one is wrong, 2 if one could not be run.
    """
    from convoracle.harness.cli import list_command, verify_command
    from convoracle.harness.cli.verify_jobs import Options

    if list_checks:
        list_command.show_checks()
        return
    sys.exit(verify_command.verify(Options(profile=PROFILES[profile], **options)))
