"""``convoracle coverage``, run as a user runs it."""

import json
from pathlib import Path

from click.testing import CliRunner

from convoracle.harness.cli import main


def test_a_table_the_missing_ones_and_a_file(tmp_path: Path) -> None:
    words = ["coverage", "max_pool2d", "linear", "--examples", "30", "--dtype", "float32", "--json", f"{tmp_path}/out"]
    run = CliRunner().invoke(main, words, env={"COLUMNS": "160"})
    assert run.exit_code == 0, run.output
    found, of_linear = json.loads((tmp_path / "out").read_text())
    assert (of_linear["operation"], of_linear["cases"]) == ("linear", 30)
    assert (found["operation"], found["cases"]) == ("max_pool2d", 30)
    counts = found["2-way"]
    assert f"{counts['reached']:,} of {counts['feasible']:,}" in run.output
    missing = len(counts["missing"])
    assert f"max_pool2d: {missing:,} pairs not reached" in run.output
    assert counts["missing"][0] in run.output
    assert f"and {missing - 20:,} more" in run.output


def test_verify_prints_and_writes_what_its_cases_combine(tmp_path: Path) -> None:
    words = ["verify", "relu", "--backend", "im2col", "--examples", "6", "--coverage", "--json", f"{tmp_path}/out"]
    run = CliRunner().invoke(main, words, env={"COLUMNS": "160"})
    assert run.exit_code == 0, run.output
    (report,) = json.loads((tmp_path / "out").read_text())["reports"]
    counts = report["coverage"]["2-way"]
    assert 0 < counts["reached"] < counts["feasible"]
    assert f"{counts['reached']:,} of {counts['feasible']:,}" in run.output
    assert len(report["coverage"]["3-way"]["missing"]) == 200


def test_an_unknown_operation_is_refused() -> None:
    run = CliRunner().invoke(main, ["coverage", "conv4d"])
    assert run.exit_code == 2
    assert "'conv4d' is not one of" in run.output
