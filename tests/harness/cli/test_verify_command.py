"""The command line, run as a user runs it: verdicts, exit statuses, files, and what is printed where."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import convoracle

MODULE = """
import os, time
import convoracle

def conv2d(*operands, **options):
    print("PRINTED BY THE CANDIDATE", flush=True)
    return convoracle.conv2d(*operands, **options, backend="im2col")

def wrong(*operands, **options):
    return conv2d(*operands, **options) + 1

def raises(*operands, **options):
    raise RuntimeError("[bold]no[/bold] \\x1b[31mluck\\x00")

def hangs(*operands, **options):
    time.sleep(60)

def begins(*operands, **options):
    open("begun", "w").close()
    time.sleep(60)

def aborts_on_conv2d(x, second, *third, **options):
    if hasattr(second, "ndim"):
        os.abort()
    return convoracle.max_pool2d(x, second, *third, **options, backend="im2col")

def exits(*operands, **options):
    os._exit(3)

limited_to = {"dilation": {1}, "groups": {1}}
def limited(x, weight, bias, *, stride, padding):
    return convoracle.conv2d(x, weight, bias, stride=stride, padding=padding, backend="im2col")
limited.limits = limited_to
limited.dtypes = ("float64",)

not_callable = 3
"""


@dataclass
class Run:
    """A finished command, with the files it wrote."""

    status: int
    out: str
    err: str
    reports: dict[tuple[str, str], dict[str, Any]]
    content: dict[str, Any]
    junit: ET.Element


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with modules of candidates."""
    path = tmp_path_factory.mktemp("user")
    (path / "mine.py").write_text(MODULE)
    (path / "broken.py").write_text("import a_module_that_is_not_installed\n")
    (path / "dies.py").write_text("import os\nos._exit(4)\n")
    return path


def environment(**changes: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR", "NO_COLOR")}
    scripts = str(Path(sys.executable).parent)
    return {**kept, "PATH": scripts + os.pathsep + kept["PATH"], "TERM": "dumb", **changes}


def run(folder: Path, *arguments: str, **changes: str) -> Run:
    files = folder / "report.json", folder / "report.xml"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "convoracle.harness.cli",
            "verify",
            *arguments,
            "--json",
            str(files[0]),
            "--junit",
            str(files[1]),
        ],
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    content = json.loads(files[0].read_text())
    reports = {(report["operation"], report["candidate"]): report for report in content["reports"]}
    return Run(done.returncode, done.stdout, done.stderr, reports, content, ET.parse(files[1]).getroot())


FUNCTIONS = ("conv2d", "wrong", "raises", "hangs", "exits", "limited", "not_callable")


@pytest.fixture(scope="session")
def campaign(folder: Path) -> Run:
    """One campaign of every sort of candidate."""
    named = [f"mine:{function}" for function in FUNCTIONS] + ["broken:conv2d", "dies:conv2d", "nowhere"]
    options = [word for name in named for word in ("--candidate", name)]
    return run(folder, "conv2d", *options, "--examples", "6", "--timeout", "2", "--seed", "5")


def test_each_candidate_gets_its_verdict(campaign: Run) -> None:
    assert campaign.status == 1
    kinds = {
        name.removeprefix("mine:"): [failure["kind"] for failure in report["failures"]]
        for (_, name), report in campaign.reports.items()
    }
    assert kinds == {
        "conv2d": [],
        "wrong": ["values"],
        "raises": ["raised"],
        "hangs": ["timeout"],
        "exits": ["crash"],
        "limited": [],
    }
    messages = {
        name: report["failures"][0]["message"] for (_, name), report in campaign.reports.items() if report["failures"]
    }
    assert messages["mine:hangs"] == "the call did not return within 2 s"
    assert messages["mine:exits"] == "the candidate's process died: exit status 3"
    assert campaign.reports["conv2d", "mine:conv2d"]["cases"] == 6
    assert campaign.reports["conv2d", "mine:conv2d"]["passed"]
    assert campaign.reports["conv2d", "mine:limited"]["dtypes"] == ["float64"]
    assert campaign.content["seed"] == 5
    assert campaign.content["stream"] == "pcg64-v1"
    assert campaign.content["convoracle"] == convoracle.__version__


def test_the_last_line_counts_them(campaign: Run) -> None:
    cases = sum(report["cases"] for report in campaign.reports.values())
    assert campaign.out.splitlines()[-1] == f"2 right, 4 wrong, 4 not run; {cases} cases"


def test_after_a_crash_the_next_operation_is_verified(folder: Path) -> None:
    name = "mine:aborts_on_conv2d"
    done = run(folder, "conv2d", "max_pool2d", "--candidate", name, "--examples", "3")
    assert done.status == 1
    crash = done.reports["conv2d", name]["failures"][0]
    assert crash["message"] == "the candidate's process died: killed by SIGABRT"
    assert crash["found_in"] == 0
    assert crash["case"].startswith("n=")
    assert done.reports["max_pool2d", name]["passed"]


def test_what_cannot_be_tried_is_named_and_is_no_verdict(campaign: Run) -> None:
    reasons = "\n".join(campaign.content["could_not_run"])
    assert "candidate 'broken:conv2d' cannot be imported: ModuleNotFoundError: No module named 'a_module_" in reasons
    assert "candidate 'mine:not_callable' must be callable, got int" in reasons
    assert (
        "candidate 'nowhere' is not MODULE:FUNCTION; allowed: MODULE:FUNCTION, FILE.py:FUNCTION, torch, onnxruntime"
        in reasons
    )
    assert "conv2d, dies:conv2d: the candidate's process died: exit status 4 before the first case" in reasons
    for reason in campaign.content["could_not_run"]:
        assert f"could not run: {reason}" in campaign.out.splitlines()


def test_what_a_candidate_prints_is_not_in_the_report(campaign: Run) -> None:
    assert "PRINTED BY THE CANDIDATE" not in campaign.out
    assert "PRINTED BY THE CANDIDATE" in campaign.err


def test_the_files_hold_what_was_printed(campaign: Run) -> None:
    for (operation, name), report in campaign.reports.items():
        verdict = "right" if report["passed"] else "WRONG"
        assert f"{operation}: {name} is {verdict}" in campaign.out
        for failure in report["failures"]:
            assert failure["command"] in campaign.out
            assert " ".join(failure["message"].split()) in " ".join(campaign.out.split())
            assert failure["call"] in " ".join(campaign.out.split())
    assert "[bold]no[/bold]" in campaign.out, "a message is not markup"


def test_the_junit_file_counts_right(campaign: Run) -> None:
    root = campaign.junit
    assert root.tag == "testsuites"
    cases = list(root.iter("testcase"))
    failed = sum(bool(report["failures"]) for report in campaign.reports.values())
    assert (root.get("tests"), root.get("failures")) == (str(len(cases)), str(failed))
    assert root.get("errors") == str(len([case for case in cases if case.find("error") is not None])) != "0"
    assert {suite.get("name") for suite in root.iter("testsuite")} >= {f"mine:{name}" for name in FUNCTIONS}
    by_name = {(case.get("classname"), case.get("name")): case for case in cases}
    hang = by_name["mine:hangs", "conv2d"].find("failure")
    assert hang is not None
    assert hang.get("type") == "timeout"
    assert "reproduce" in (hang.text or "")
    assert len(by_name["mine:conv2d", "conv2d"]) == 0


@pytest.mark.parametrize("name", ["wrong", "exits"])
def test_the_command_that_is_printed_fails_again_as_printed(campaign: Run, folder: Path, name: str) -> None:
    failure = campaign.reports["conv2d", f"mine:{name}"]["failures"][0]
    words = shlex.split(failure["command"])
    assert words[:2] == ["convoracle", "verify"]
    assert words[-1] == failure["case"]
    done = subprocess.run(
        failure["command"], shell=True, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert f"{failure['kind']} (check: {failure['check']})" in done.stdout
    assert "found after 1 case in" in done.stdout


def test_all_right_is_status_0_and_told_once_also_in_colour(folder: Path) -> None:
    plain = ("--candidate", "mine:conv2d", "--examples", "4")
    done = run(folder, *plain, COLUMNS="60", FORCE_COLOR="1", TERM="xterm-256color")
    assert done.status == 0, done.out
    assert "\x1b[" in done.out
    assert "right" in done.out
    done = run(folder, *plain, "--dtype", "float64", COLUMNS="60")
    assert done.status == 0
    assert "\x1b[" not in done.out
    assert done.out.startswith("conv2d: mine:conv2d is right: 4 cases of float64, grade A")
    assert done.out.count("\n") == 1, "what is found of a single job is told once"


def test_what_could_not_be_run_is_status_2(folder: Path) -> None:
    done = run(folder, "--candidate", "broken:conv2d", "--candidate", "mine:wrong")
    assert done.status == 2
    assert "its name is no operation's, so name the operation before it" in done.out
    assert done.reports == {}


def test_an_interrupt_ends_the_campaign_with_the_verdicts_so_far(folder: Path) -> None:
    arguments = ["conv2d", "--candidate", "mine:begins", "--timeout", "100", "--examples", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "convoracle.harness.cli", "verify", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore interrupts, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            while not (folder / "begun").exists() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 2, err
    assert "could not run: conv2d, mine:begins: interrupted" in out
    assert "Traceback" not in err
