"""``convoracle verify``: from options to jobs, from jobs to a table, files and an exit status."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from convoracle.fast import registry
from convoracle.harness.campaign import Verdict, campaign
from convoracle.harness.candidates import CannotRun, Source
from convoracle.harness.checks.catalogue import chosen
from convoracle.harness.cli import COULD_NOT_RUN, RIGHT, WRONG, html_report, network_jobs, report_files
from convoracle.harness.cli.coverage_command import coverage_table
from convoracle.harness.cli.network_table import layer_table
from convoracle.harness.cli.progress import Lines, LiveBar
from convoracle.harness.cli.tables import verdict_table
from convoracle.harness.descriptor import parse
from convoracle.harness.networks.report import NetworkReport
from convoracle.harness.networks.verify_network import DEFAULT_OPERATIONS
from convoracle.harness.operations import OPERATIONS, named
from convoracle.harness.profiles import Profile
from convoracle.harness.worker import Job

LOG_COLUMNS = 140
"""The width of the tables of layers in a log, which has none of its own: their names are long."""


def verify(
    operations: Sequence[str],
    backends: Sequence[str],
    candidates: Sequence[str],
    profile: Profile,
    *,
    examples: int | None,
    seed: int,
    dtypes: Sequence[str],
    accuracy: str | None,
    only_checks: Sequence[str] = (),
    skipped_checks: Sequence[str] = (),
    case: str | None,
    adapters: Sequence[str] = (),
    networks: Sequence[str],
    layer: str | None,
    batch: int,
    counts_coverage: bool = False,
    timeout: float,
    workers: int | None,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None = None,
    test_file: Path | None = None,
) -> int:
    """Run the campaign that the options describe, print what it found and return the exit status."""
    console = Console()
    if networks and not console.is_terminal:
        console = Console(width=LOG_COLUMNS)
    try:
        checks = chosen(only_checks, skipped_checks)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    lacking = html_report.missing() if html_file is not None else None
    if lacking is not None:
        raise click.UsageError(lacking)
    for operation in operations:
        if operation not in OPERATIONS:
            raise click.BadParameter(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")
    if layer is not None and not networks:
        raise click.UsageError("--layer needs one OPERATION and one --network")
    if networks:
        if case is not None:
            raise click.UsageError("--case and --network exclude each other")
        network_jobs.check_operations(operations, layer, networks)
    sources = [Source("backend", name, accuracy) for name in dict.fromkeys(backends)]
    sources += [Source.of_candidate(name, accuracy, tuple(adapters)) for name in dict.fromkeys(candidates)]
    if case is not None:
        _check_case(operations, sources, case)
    jobs: list[Job] = []
    refused: list[str] = []
    for source in sources or [Source("backend", name, accuracy) for name in registry.backends()]:
        try:
            offered = source.operations() if source.kind != "function" or not operations else tuple(operations)
        except (CannotRun, ValueError, ImportError) as error:
            refused.append(str(error))
            continue
        if networks:
            missing = [operation for operation in operations if operation not in offered]
            refused += [f"{source.name} has no {operation}; it has {', '.join(offered)}" for operation in missing]
            wanted = [name for name in operations or DEFAULT_OPERATIONS if name in offered]
            jobs += network_jobs.jobs_of(source, wanted, networks, seed=seed, dtypes=dtypes, layer=layer, batch=batch)
            continue
        for operation in operations or offered:
            if operation in offered:
                count = 1 if case is not None else examples or profile.examples
                kept = tuple(dtypes) or profile.dtypes
                taken = None if case is not None else kept
                job = Job(source, operation, count, seed, taken, case, checks, counts_coverage=counts_coverage)
                jobs.append(job)
            elif sources:
                refused.append(f"{source.name} has no {operation}; it has {', '.join(offered)}")
    verdicts = _run(console, jobs, timeout, workers)
    refused += [
        f"{verdict.job.operation}, {verdict.job.source.name}: {verdict.refused}"
        for verdict in verdicts
        if verdict.refused
    ]
    _print(console, verdicts, refused)
    if json_file is not None:
        report_files.write_json(json_file, verdicts, refused, seed)
    if junit_file is not None:
        report_files.write_junit(junit_file, verdicts)
    if html_file is not None:
        html_report.write_html(html_file, verdicts, refused, seed)
    if test_file is not None:
        for sentence in report_files.write_tests(test_file, verdicts):
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if any(verdict.report is not None and not verdict.report.passed for verdict in verdicts):
        return WRONG
    return COULD_NOT_RUN if refused or not verdicts else RIGHT


def _check_case(operations: Sequence[str], sources: Sequence[Source], case: str) -> None:
    if len(operations) != 1 or not sources:
        raise click.UsageError("--case needs one OPERATION and a --backend or --candidate")
    try:
        parse(named(operations[0]), case)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--case") from error


def _run(console: Console, jobs: Sequence[Job], timeout: float, workers: int | None) -> list[Verdict]:
    if not jobs:
        return []
    with LiveBar(console, jobs) if console.is_terminal else Lines(console, jobs) as progress:
        return campaign(
            jobs, workers=workers, timeout=timeout, on_progress=progress.on_progress, on_verdict=progress.on_verdict
        )


def _print(console: Console, verdicts: Sequence[Verdict], refused: Sequence[str]) -> None:
    """Print the table, then every failure in full, then what could not be run."""
    of_networks = [verdict.report for verdict in verdicts if isinstance(verdict.report, NetworkReport)]
    for report in of_networks:
        console.print(layer_table(report))
        console.print(report.headline(), markup=False, highlight=False, soft_wrap=True)
    if verdicts and not of_networks:
        console.print(verdict_table(verdicts))
    counted = [verdict.report.coverage for verdict in verdicts if verdict.report is not None]
    different = {str(one.as_dict()): one for one in counted if one is not None}  # backends without limits share theirs
    if different:
        console.print(coverage_table(list(different.values())))
    for verdict in verdicts:
        if verdict.report is not None and verdict.report.failures:
            console.print()
            text = verdict.report.text(max(min(console.width, 80), 40))
            console.print(text, style="", markup=False, highlight=False, soft_wrap=True)
    for reason in refused:
        console.print(f"could not run: {reason}", markup=False, highlight=False, soft_wrap=True)
