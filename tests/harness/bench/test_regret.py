"""Regret: from times that were never measured, so that what is best and what a choice costs is known."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from convoracle.fast.auto.graded import ALGORITHMS
from convoracle.harness.bench import regret
from convoracle.harness.bench.comparison import Comparison, Result, Task
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.regret import Regret, choices, regrets, summary
from convoracle.harness.bench.sample import Measured
from convoracle.harness.cli import main

PACES = {"slow": 1.2, "fast": 1.0, "level": 1.01}


def times(name: str) -> tuple[float, ...]:
    """The times of a backend: nine rounds; those of `level` are as often below those of `fast` as above."""
    return tuple(PACES[name] + (0.05 * (-1) ** round_ if name == "level" else 0.0) for round_ in range(9))


def made_up(task: Task) -> Comparison:
    found = Comparison(task)
    for name in (*task.names, *task.against):
        found.results[name] = Result(name, times(name), Measured(0.1, 1.0, 1), "componentwise", None)
    return found


def chosen(name: str) -> Any:
    rest = tuple(other for other in PACES if other != name)
    return lambda workload, direction, accuracy: (name, (name, *rest))


@pytest.mark.parametrize(("name", "is_hit", "cost"), [("fast", True, 0.0), ("level", True, 0.06), ("slow", False, 0.2)])
def test_what_a_choice_costs(name: str, is_hit: bool, cost: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regret, "choices", chosen(name))
    monkeypatch.setattr(regret, "compare", made_up)
    found = list(regrets([parse("c2h8f3k3"), parse("max c2h8k2")], 1, 1.0))
    assert [one.comparison.task.direction for one in found] == ["forward", "input_grad", "weight_grad"]
    for one in found:
        assert (one.chosen, one.best, one.is_hit) == (name, "fast", is_hit)
        assert one.regret == pytest.approx(cost)


def test_where_there_is_nothing_to_choose_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regret, "choices", lambda *arguments: ("fast", ("fast",)))
    assert list(regrets([parse("c2h8f3k3")], 1, 1.0)) == []


def test_choices_are_those_of_auto() -> None:
    for direction in regret.PASSES:
        name, able = choices(parse("c64h28f64k3p1"), direction, "componentwise")
        assert able[0] == name
        assert set(able) <= set(ALGORITHMS)
        assert "winograd" not in able


def test_summary_of_regrets() -> None:
    found = []
    for name in ("fast", "level", "slow", "slow"):
        others = tuple(other for other in PACES if other != name)
        found.append(Regret(made_up(Task(parse("c2h8f3k3"), "forward", 1, (name,), others)), name, "fast"))
    counted = summary(found)
    assert (counted.choices, counted.hits) == (4, 2)
    assert counted.median == pytest.approx(0.13)
    assert counted.worst == pytest.approx(0.2)


def test_the_command_prints_every_choice_and_the_rates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(regret, "choices", chosen("slow"))
    monkeypatch.setattr(regret, "compare", made_up)
    words = ["bench", "--regret", "--layer", "c2h8f3k3", "--json", f"{tmp_path}/regret.json"]
    run = CliRunner().invoke(main, words, env={"COLUMNS": "100"})
    assert run.exit_code == 0, run.output
    lines = [" ".join(line.split()) for line in run.output.splitlines()]
    assert "[1/3] forward n1c2h8f3k3: auto takes slow, the fastest is fast" in lines
    assert lines.count("n1c2h8f3k3 slow 1.2 s fast 1 s 20 %") == 3
    assert "input_grad, 1 thread" in lines
    assert "all 3 0 0.0 % 20 % 20 %" in lines
    (first, *_) = json.loads((tmp_path / "regret.json").read_text())["regrets"]
    assert (first["chosen"], first["best"], first["hit"]) == ("slow", "fast", False)


def test_no_choices_at_all_is_said_with_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regret, "choices", lambda *arguments: ("fast", ("fast",)))
    run = CliRunner().invoke(main, ["bench", "--regret", "--layer", "c2h8f3k3"])
    assert run.exit_code == 2
    assert "there is no layer for which auto has several backends to choose from" in " ".join(run.output.split())
