"""``convoracle verify``: from jobs to a table, files and an exit status."""

from collections.abc import Sequence

from rich.console import Console

from convoracle.harness.campaigns.campaign import Verdict, campaign
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.cli import COULD_NOT_RUN, RIGHT, WRONG, html_report, report_files
from convoracle.harness.cli.coverage_command import coverage_table
from convoracle.harness.cli.network_table import layer_table
from convoracle.harness.cli.progress import Lines, LiveBar
from convoracle.harness.cli.say import could_not_run, say
from convoracle.harness.cli.tables import RIGHT_STYLE, WRONG_STYLE, tally, verdict_table
from convoracle.harness.cli.verify_jobs import Options, check, jobs_of
from convoracle.harness.networks.report import NetworkReport

LOG_COLUMNS = 140
"""The width of the tables of layers in a log, which has none of its own: their names are long."""


def verify(options: Options) -> int:
    """Run the campaign that the options describe, print what it found and return the exit status."""
    check(options)
    console = Console()
    if options.networks and not console.is_terminal:
        console = Console(width=LOG_COLUMNS)
    jobs, refused = jobs_of(options)
    verdicts = _run(console, jobs, options.timeout, options.workers)
    refused += [verdict.why_not() for verdict in verdicts if verdict.refused]
    _print(console, verdicts, refused)
    _write(console, options, verdicts, refused)
    if any(verdict.report is not None and not verdict.report.passed for verdict in verdicts):
        return WRONG
    return COULD_NOT_RUN if refused or not verdicts else RIGHT


def _run(console: Console, jobs: Sequence[Job], timeout: float, workers: int | None) -> list[Verdict]:
    if not jobs:
        return []
    with LiveBar(console, jobs) if console.is_terminal else Lines(console, jobs) as progress:
        return campaign(
            jobs, workers=workers, timeout=timeout, on_progress=progress.on_progress, on_verdict=progress.on_verdict
        )


def _print(console: Console, verdicts: Sequence[Verdict], refused: Sequence[str]) -> None:
    """Print the table, or of a single job its verdict, then every failure in full, then what could not be run."""
    of_networks = [verdict.report for verdict in verdicts if isinstance(verdict.report, NetworkReport)]
    is_table = len(verdicts) > 1 and not of_networks
    for report in of_networks:
        console.print(layer_table(report))
        say(console, report.headline())
    if is_table:
        console.print(verdict_table(verdicts, console.width))
    for verdict in verdicts:
        if verdict.report is not None and verdict.report.passed and not is_table and not of_networks:
            say(console, verdict.report.headline(), RIGHT_STYLE)
    counted = [verdict.report.coverage for verdict in verdicts if verdict.report is not None]
    different = {str(one.as_dict()): one for one in counted if one is not None}  # backends without limits share theirs
    if different:
        console.print(coverage_table(list(different.values())))
    for verdict in verdicts:
        if verdict.report is not None and verdict.report.failures:
            if is_table or of_networks or different:
                console.print()
            headline, *found = verdict.report.text(max(min(console.width, 80), 40)).splitlines()
            say(console, headline, WRONG_STYLE)
            say(console, "\n".join(found))
    for reason in refused:
        could_not_run(console, reason)
    if is_table:
        say(console, tally(verdicts, len(refused)))


def _write(console: Console, options: Options, verdicts: Sequence[Verdict], refused: Sequence[str]) -> None:
    """Write the files that were asked for."""
    if options.json_file is not None:
        report_files.write_json(options.json_file, verdicts, refused, options.seed)
    if options.junit_file is not None:
        report_files.write_junit(options.junit_file, verdicts)
    if options.html_file is not None:
        html_report.write_html(options.html_file, verdicts, refused, options.seed)
    if options.test_file is not None:
        for sentence in report_files.write_tests(options.test_file, verdicts):
            say(console, sentence)
