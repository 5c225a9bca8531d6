"""The measure of the diagnosis: right is right on cases it never saw, and a false name is found out."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.cli import main
from convoracle.harness.explain.naming.diagnosis import Calls, Diagnosis
from convoracle.harness.score import diagnosis as measured
from convoracle.harness.score.diagnosis import lists, measure, print_diagnosis


def named(name: str) -> Bug:
    return next(bug for bugs in lists().values() for bug in bugs if bug.name == name)


@pytest.mark.parametrize("name", ["conv2d/esp-dl#26", "max_pool2d_backward/nnlib.jl#205"])
def test_a_bug_in_the_catalogue_is_named(name: str) -> None:
    (tried,) = measure([named(name)])
    assert (tried.with_entry, tried.without_entry) == ("right", "right"), tried.says


def test_a_false_name_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A diagnosis that always says the same is right about one bug, and wrong about another."""

    def always_the_bias(*arguments: Any, **options: Any) -> Diagnosis:
        says = "the oracle's without the bias"
        return Diagnosis(says, True, (), 9, 9, (), 2, name=says)

    monkeypatch.setattr(Calls, "diagnosis", always_the_bias)
    right, wrong = measure([named("conv2d/esp-dl#26"), named("conv2d/gemmini#21")])
    assert (right.with_entry, right.without_entry) == ("right", "right")
    assert (wrong.with_entry, wrong.without_entry) == ("wrong", "wrong")


def test_what_breaks_another_promise_is_not_counted() -> None:
    def make() -> Any:
        def writes(x: Any) -> Any:
            result = np.maximum(x, 0)
            x[...] = 0
            return result

        return writes

    tried = measured._try(Bug("relu/writes", "relu", "contract", "right", make))
    assert (tried.with_entry, tried.without_entry) == (None, None)


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = named("conv2d/esp-dl#26")
    outcomes = iter([("right", "unknown"), ("right", "wrong"), ("nearest", None)])
    bugs = tuple(dataclasses.replace(bug, name=name) for name in ("conv2d/a", "conv2d/b", "conv2d/c"))
    monkeypatch.setattr(measured, "lists", lambda: {"zoo": bugs})
    monkeypatch.setattr(
        measured, "diagnosed", lambda name: measured.Tried(name, *next(outcomes), says=("this", "that"))
    )
    console = Console(record=True, width=120)
    found = print_diagnosis(console, "zoo", workers=1)
    assert [one.untrue() for one in found.tried] == [[], ["that"], []]
    assert found.is_complete
    text = console.export_text()
    assert "2 (67%)" in text
    assert "incomplete" not in text
    assert "named, and not true: conv2d/b: that" in text


def test_an_interrupt_leaves_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def diagnosed(name: str) -> measured.Tried:
        if name == "conv2d/b":
            raise KeyboardInterrupt
        return measured.Tried(name, "right", "unknown")

    bugs = tuple(dataclasses.replace(named("conv2d/esp-dl#26"), name=name) for name in ("conv2d/a", "conv2d/b"))
    monkeypatch.setattr(measured, "lists", lambda: {"zoo": bugs})
    monkeypatch.setattr(measured, "diagnosed", diagnosed)
    file = tmp_path / "diagnosis.json"
    result = CliRunner().invoke(main, ["score", "--diagnosis", "--workers", "1", "--json", str(file)])
    assert result.exit_code == 2, result.output
    assert "incomplete: interrupted after 1 of 2 bugs" in result.output
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["complete"], written["asked"]) == (False, 2)
    assert [one["name"] for one in written["bugs"]] == ["conv2d/a"]


def test_the_command_measures_what_matches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried = []
    monkeypatch.setattr(
        measured, "_try", lambda bug: tried.append(bug.name) or measured.Tried(bug.name, "right", "unknown")
    )
    file = tmp_path / "diagnosis.json"
    result = CliRunner().invoke(main, ["score", "--diagnosis", "--only", "conv2d/esp-dl*", "--json", str(file)])
    assert result.exit_code == 0, result.output
    (written,) = json.loads(file.read_text(encoding="utf-8"))["bugs"]
    assert (written["name"], written["with_entry"], written["without_entry"]) == (*tried, "right", "unknown")
    assert tried == ["conv2d/esp-dl#26"]
    assert "1 (100%)" in result.output
    result = CliRunner().invoke(main, ["score", "--diagnosis", "--only", "conv4d/*"])
    assert (result.exit_code, result.output) == (2, "could not run: nothing matches 'conv4d/*'\n")
    result = CliRunner().invoke(main, ["score", "--diagnosis", "--fast"])
    assert result.exit_code == 2
    assert "--diagnosis goes with --only, --workers and --json alone" in result.output
