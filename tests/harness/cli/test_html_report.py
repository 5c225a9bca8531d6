"""The page: everything in it, nothing from elsewhere, and a clear word where it cannot be written."""

import html
import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from convoracle.harness import verify
from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source
from convoracle.harness.cli import html_report, main, report_files


def plus_one(x: Any) -> Any:
    return np.maximum(x, 0) + 1


def right(x: Any) -> Any:
    return np.maximum(x, 0)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    jobs = [Job(Source("function", name), "relu", 5, 0, None) for name in ("a<b:plus_one", "mine:right", "gone:x")]
    reports = [verify("relu", function, examples=5, dtypes=("float64",)) for function in (plus_one, right)]
    return [
        Verdict(jobs[0], report=reports[0]),
        Verdict(jobs[1], report=reports[1]),
        Verdict(jobs[2], refused="no such module"),
    ]


def page_of(verdicts: list[Verdict], path: Path) -> str:
    html_report.write_html(path / "page.html", verdicts, ["relu, gone:x: no such module"], 7)
    return (path / "page.html").read_text(encoding="utf-8")


def test_everything_is_on_the_page(verdicts: list[Verdict], tmp_path: Path) -> None:
    page = page_of(verdicts, tmp_path)
    report = verdicts[0].report
    assert report is not None
    failure = report.failures[0]
    assert failure.diagnosis is not None  # type: ignore[union-attr]
    for text in (failure.message, failure.call, failure.diagnosis.says, "no such module", "seed 7", "a<b:plus_one"):
        assert html.escape(text).replace("&#x27;", "&#39;") in page
    assert page.count("<rect") > 0
    assert "expected " in page
    assert "1 of 3 verifications" in page


def test_nothing_is_from_elsewhere(verdicts: list[Verdict], tmp_path: Path) -> None:
    page = page_of(verdicts, tmp_path)
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert not re.search(r"https?://|@import|url\(|<script", page)


def test_it_is_well_formed(verdicts: list[Verdict], tmp_path: Path) -> None:
    page = page_of(verdicts, tmp_path).removeprefix("<!doctype html>")
    ET.fromstring(re.sub(r"<meta ([^>]*)>", r"<meta \1/>", page))


def test_what_is_missing_is_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["verify", "relu", "--backend", "numpy", "--html", str(tmp_path / "page.html")])
    assert result.exit_code == 2
    assert "--html needs jinja2: pip install 'convoracle[report]'" in result.output
    assert not (tmp_path / "page.html").exists()


def test_jinja2_is_imported_for_the_page_only() -> None:
    code = "import sys, convoracle.harness.cli.verify_command; sys.exit('jinja2' in sys.modules)"
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_one_failure_is_one_file_and_two_are_two(verdicts: list[Verdict], tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    assert list(report_files.write_tests(file, verdicts[1:])) == []
    (sentence,) = report_files.write_tests(file, verdicts)
    assert sentence.endswith(f"python -m pytest {file}")
    assert "def test_the_result" in file.read_text()
    assert len(list(report_files.write_tests(file, [verdicts[0], verdicts[0]]))) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test_it.py", "test_it_0_relu.py", "test_it_1_relu.py"]


def test_the_command_line_writes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernels_of_a_page.py").write_text("import numpy as np\n\n\ndef relu(x):\n    return np.abs(x)\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        main,
        ["verify", "--candidate", "kernels_of_a_page:relu", "--html", "page.html", "--reproducer", "test_it.py"],
    )
    assert result.exit_code == 1, result.output
    assert "with the absolute values of x" in " ".join(result.output.split())
    assert "with the absolute values of x" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "from kernels_of_a_page import relu as candidate" in (tmp_path / "test_it.py").read_text(encoding="utf-8")
    assert "python -m pytest test_it.py" in result.output
