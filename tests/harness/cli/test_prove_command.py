"""The command prints what the proofs counted, writes it as JSON, and says by its exit status whether they hold."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from convoracle.harness import proofs
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import main
from convoracle.harness.proofs import PROOFS, Proof
from convoracle.harness.proofs.tally import Tally, Tick


def test_a_proof_that_holds(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    result = CliRunner().invoke(main, ["prove", "gradients", "--configurations", "40", "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("gradients holds: every backward block is the exact derivative")
    written = json.loads(file.read_text(encoding="utf-8"))
    proof = written["proofs"]["gradients"]
    assert (proof["holds"], proof["configurations"], proof["exceptions"]) == (True, 40, 0)
    for what, count in proof["counts"].items():
        assert f" {count:,}  {what}\n" in result.output
    assert written["could_not_run"] == []


def test_one_exception_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(proof: Proof, configurations: int | None, tick: Tick) -> Tally:
        tally = Tally()
        for number in range(3):
            with tally.configuration(number):
                tally.expect(number != 1, "numbers", f"{number} is one")
            tick(number + 1, 3)
        return tally

    monkeypatch.setattr(Proof, "run", run)
    result = CliRunner().invoke(main, ["prove", "twins", "exact"])
    assert result.exit_code == 1
    assert "twins FAILS" in result.output
    assert "exact FAILS" in result.output
    assert "exception: 1 is one" in result.output


def test_what_cannot_be_run_is_neither_right_nor_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(proof: Proof, configurations: int | None, tick: Tick) -> Tally:
        raise CannotRun("no torch here")

    monkeypatch.setattr(Proof, "run", run)
    result = CliRunner().invoke(main, ["prove", "outside"])
    assert result.exit_code == 2
    assert "could not run: outside: no torch here" in result.output


def test_the_help_names_every_proof() -> None:
    help_of_prove = CliRunner().invoke(main, ["prove", "--help"]).output
    assert [name for name in PROOFS if name not in help_of_prove] == []


def test_an_unknown_proof_is_refused() -> None:
    result = CliRunner().invoke(main, ["prove", "by_authority"])
    assert result.exit_code == 2
    assert "'exact'" in result.output


def test_raising_is_an_exception_and_nothing_proves_nothing() -> None:
    tally = Tally()
    assert not tally.holds
    with tally.configuration("the first"):
        raise KeyError("lost")
    assert tally.failures == ["the first: raised KeyError: 'lost'"]
    for number in range(100):
        tally.fail(str(number))
    assert tally.failed == 101
    assert len(tally.failures) < 30


def test_every_proof_has_a_module_and_a_statement() -> None:
    folder = Path(proofs.__file__).parent
    for name, proof in PROOFS.items():
        assert (folder / f"{proof.module}.py").is_file()
        assert name == proof.module
        assert proof.statement
