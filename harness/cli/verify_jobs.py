"""``convoracle verify``: what the options ask for, as jobs, and the reasons for what cannot be one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from convoracle.fast import registry
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import CannotRun, Source
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.checks.catalogue import chosen
from convoracle.harness.cli import html_report, network_jobs
from convoracle.harness.networks.verify_network import DEFAULT_OPERATIONS
from convoracle.harness.operations import OPERATIONS, named
from convoracle.harness.profiles import PROFILES, Profile


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    operations: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    adapters: tuple[str, ...] = ()
    profile: Profile = PROFILES["smoke"]
    examples: int | None = None
    seed: int = 0
    dtypes: tuple[str, ...] = ()
    accuracy: str | None = None
    only_checks: tuple[str, ...] = ()
    skipped_checks: tuple[str, ...] = ()
    case: str | None = None
    networks: tuple[str, ...] = ()
    layer: str | None = None
    batch: int = 1
    timeout: float = 15.0
    workers: int | None = None
    counts_coverage: bool = False
    json_file: Path | None = None
    junit_file: Path | None = None
    html_file: Path | None = None
    test_file: Path | None = None


def check(options: Options) -> None:
    """Raise click's errors for options that make no sense, alone or together."""
    try:
        chosen(options.only_checks, options.skipped_checks)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    lacking = html_report.missing() if options.html_file is not None else None
    if lacking is not None:
        raise click.UsageError(lacking)
    for operation in options.operations:
        if operation not in OPERATIONS:
            raise click.BadParameter(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")
    if options.adapters and not options.candidates:
        raise click.UsageError("--adapter needs a --candidate: backends are not adapted")
    if options.networks:
        _check_networks(options)
    elif options.layer is not None:
        raise click.UsageError("--layer needs one OPERATION and one --network")
    elif options.batch != 1:
        raise click.UsageError("--batch needs a --network")
    if options.case is not None:
        _check_case(options, options.case)


def _check_networks(options: Options) -> None:
    if options.case is not None:
        raise click.UsageError("--case and --network exclude each other")
    if options.only_checks or options.skipped_checks or options.examples or options.counts_coverage:
        raise click.UsageError(
            "--network calls once for each layer and checks that: no --check, --skip, --examples or --coverage"
        )
    network_jobs.check_operations(options.operations, options.layer, options.networks)


def _check_case(options: Options, case: str) -> None:
    if len(options.operations) != 1 or not (options.backends or options.candidates):
        raise click.UsageError("--case needs one OPERATION and a --backend or --candidate")
    try:
        parse(named(options.operations[0]), case)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--case") from error


def jobs_of(options: Options) -> tuple[list[Job], list[str]]:
    """Return the jobs, and why others that were asked for are none."""
    jobs: list[Job] = []
    refused: list[str] = []
    is_named = bool(options.backends or options.candidates)
    for source in _sources(options):
        try:
            # A function is of the operation that is named with it, whatever its own name.
            is_told = source.kind == "function" and options.operations
            offered = options.operations if is_told else source.operations()
        except CannotRun as error:
            refused.append(str(error))
            continue
        missing = [operation for operation in options.operations if operation not in offered]
        if is_named:
            refused += [f"{source.name} has no {operation}; it has {', '.join(offered)}" for operation in missing]
        wanted = [name for name in options.operations or _everything(options, offered) if name in offered]
        jobs += _jobs_of_source(options, source, wanted)
    return jobs, refused


def _sources(options: Options) -> list[Source]:
    """Return the candidates that are named, or every backend."""
    backends = options.backends if options.backends or options.candidates else registry.backends()
    return [Source("backend", name, options.accuracy) for name in dict.fromkeys(backends)] + [
        Source.of_candidate(name, options.accuracy, options.adapters) for name in dict.fromkeys(options.candidates)
    ]


def _everything(options: Options, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the operations that are meant where none is named."""
    return DEFAULT_OPERATIONS if options.networks else offered


def _jobs_of_source(options: Options, source: Source, operations: list[str]) -> Iterator[Job]:
    """Yield the jobs of one candidate."""
    if options.networks:
        yield from network_jobs.jobs_of(
            source,
            operations,
            options.networks,
            seed=options.seed,
            dtypes=options.dtypes,
            layer=options.layer,
            batch=options.batch,
        )
        return
    checks = chosen(options.only_checks, options.skipped_checks)
    is_one = options.case is not None
    count = 1 if is_one else options.examples or options.profile.examples
    dtypes = None if is_one else options.dtypes or options.profile.dtypes
    for operation in operations:
        yield Job(
            source,
            operation,
            count,
            options.seed,
            dtypes,
            options.case,
            checks,
            counts_coverage=options.counts_coverage,
        )
