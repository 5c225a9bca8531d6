"""The command scores the harness, prints what it counted, and says by its exit status whether nothing escaped."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from convoracle.harness.cli import main
from convoracle.harness.score import run
from convoracle.harness.score.lists import fingerprints
from convoracle.harness.score.trial import Task, Trial


def test_a_small_score(tmp_path: Path) -> None:
    file = tmp_path / "score.json"
    result = CliRunner().invoke(main, ["score", "--only", "relu/six", "--json", str(file), "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert f"  mutants  sha256 {fingerprints()['mutants']}\n" in result.output
    assert "caught 1 of 1 (100 %): median 2, p90 2 cases to detection" in result.output
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["caught"], written["bugs"], written["passed"], written["survivors"]) == (1, 1, True, [])
    assert written["ablation"]["alone"]["exact"] == 1
    assert [entry["name"] for entry in written["entries"]] == ["relu/six"]


@pytest.mark.parametrize(
    ("kind", "name", "sentence", "status"),
    [
        ("", "relu/six", "survived:\n  relu/six: the oracle's cut off at 6; 1 cases", 1),
        ("raised", "relu/six", "raised, which is no kill where the bug is not that it raises", 1),
        ("values", "relu/loopback", "accused, and right:\n  relu/loopback: it is wrong", 1),
        ("values", "relu/six", "caught 1 of 1 (100 %)", 0),
        ("", "relu/loopback", "0 false alarms on 1 candidates that are right", 0),
    ],
)
def test_what_is_not_as_it_should_be_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: str, name: str, sentence: str, status: int
) -> None:
    def carry_out(tasks: list[Task], *others: Any) -> list[Trial]:
        return [Trial(task, kind, "exact" if kind else "", "it is wrong" if kind else "", 1) for task in tasks]

    monkeypatch.setattr(run, "carry_out", carry_out)
    result = CliRunner().invoke(main, ["score", "--only", name, "--no-ablation"])
    assert sentence in result.output
    assert result.exit_code == status


def test_nothing_to_score_is_no_success() -> None:
    result = CliRunner().invoke(main, ["score", "--only", "no such thing"])
    assert (result.exit_code, result.output) == (2, "could not run: nothing matches 'no such thing'\n")


def test_an_operation_that_is_missing_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "OPERATIONS", {})
    result = CliRunner().invoke(main, ["score", "--only", "relu/six", "--no-ablation"])
    assert result.exit_code == 2
    assert "could not run, no such operation:\n  relu/six\n" in result.output
