"""The files for other programs, and what is shown while a campaign runs."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source
from convoracle.harness.cli.progress import Lines, LiveBar
from convoracle.harness.cli.report_files import write_json, write_junit
from convoracle.harness.cli.tables import verdict_table
from convoracle.harness.report import Failure, Report


def job(name: str, operation: str = "conv2d") -> Job:
    return Job(Source("function", name), operation, 10, 0, None)


def report(name: str, operation: str = "conv2d", *failures: Failure) -> Report:
    ratios = {"componentwise": 0.25}
    return Report(operation, name, "componentwise", ("float32",), 10, 0, 10, 1.5, ratios, list(failures))


FAILURE = Failure(
    "raised", "raised", "it raised \x1b[31m<&>\x00", "call", "n=1", 3, "convoracle verify", (0,), 1.0, 2.0
)
VERDICTS = [
    Verdict(job("b:two", "max_pool2d"), report("b:two", "max_pool2d")),
    Verdict(job("a:one"), report("a:one", "conv2d", FAILURE)),
    Verdict(job("b:two"), refused="it is \x1b not here"),
]


def test_the_json_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json(path, VERDICTS, ["reason"], 7)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(content) == ["convoracle", "stream", "seed", "reports", "could_not_run"]
    assert [one["candidate"] for one in content["reports"]] == ["b:two", "a:one"]
    assert content["reports"][1]["failures"][0]["message"] == FAILURE.message
    assert (content["seed"], content["could_not_run"]) == (7, ["reason"])


def test_the_junit_file_holds_no_character_that_xml_cannot(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    write_junit(path, VERDICTS)
    root = ET.parse(path).getroot()
    assert root.attrib == {"name": "convoracle", "tests": "3", "failures": "1", "errors": "1", "time": "3.000"}
    two, one = root
    assert two.attrib == {"name": "b:two", "tests": "2", "failures": "0", "errors": "1", "time": "1.500"}
    assert one.attrib == {"name": "a:one", "tests": "1", "failures": "1", "errors": "0", "time": "1.500"}
    failure = one.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "it raised ?[31m<&>?"
    assert failure.get("type") == "raised"
    assert (failure.text or "").count("\n") == str(FAILURE).count("\n")
    error = two.find("testcase/error")
    assert error is not None
    assert error.get("message") == "it is ? not here"


def printed(terminal: bool, *renderables: Any, width: int = 100) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=width, color_system=None)
    for one in renderables:
        console.print(one)
    return console, file


def test_the_table_is_in_the_order_of_the_operations() -> None:
    _, file = printed(False, verdict_table(VERDICTS, 100))
    rows = [line.split() for line in file.getvalue().splitlines() if "two" in line or "one" in line]
    assert rows == [
        ["conv2d", "a:one", "10", "0.25", "fail", "WRONG:", "raised"],
        ["conv2d", "b:two", "-", "-", "-", "not", "run"],
        ["max_pool2d", "b:two", "10", "0.25", "A", "right"],
    ]


def test_a_log_has_one_line_for_each_verdict() -> None:
    console, file = printed(False, width=40)
    with Lines(console, [verdict.job for verdict in VERDICTS]) as progress:
        progress.on_progress(VERDICTS[0].job, 3)
        for verdict in VERDICTS:
            progress.on_verdict(verdict)
    lines = file.getvalue().splitlines()
    assert len(lines) == 3, "a line is not broken where the console ends"
    assert lines[0].startswith("[1/3] max_pool2d: b:two is right: 10 cases")
    assert lines[1].startswith("[2/3] conv2d: a:one is WRONG, found after 10 cases")
    assert lines[2] == "[3/3] could not run: conv2d, b:two: it is \x1b not here"


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_counts_cases_and_a_finished_job_as_a_whole(terminal: bool) -> None:
    console, file = printed(terminal)
    jobs = [verdict.job for verdict in VERDICTS]
    with LiveBar(console, jobs) as bar:
        (task,) = bar._progress.tasks
        assert task.total == 30
        bar.on_progress(jobs[0], 1)
        bar.on_progress(jobs[0], 4)
        bar.on_progress(jobs[1], 2)
        assert task.completed == 6
        assert task.fields["doing"] == "conv2d · a:one"
        bar.on_verdict(VERDICTS[1])
        assert task.completed == 14
    assert ("a:one" in file.getvalue()) == terminal
