"""A module imported once more begins empty, with what lies beside it, and leaves the one that was there alone."""

import sys
from pathlib import Path

import numpy as np
import pytest

from convoracle.harness.candidates.imported_anew import imported_anew
from convoracle.harness.candidates.source import CannotRun, Source


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "kept_beside_imported_anew.py").write_text("KEPT = []\n")
    (tmp_path / "candidate_imported_anew.py").write_text(
        "import kept_beside_imported_anew\n\n\n"
        "def relu(x):\n    kept_beside_imported_anew.KEPT.append(1)\n"
        "    return x + len(kept_beside_imported_anew.KEPT)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "candidate_imported_anew"


def test_nothing_is_kept_and_nothing_is_changed(module: str) -> None:
    source = Source.of_candidate(f"{module}:relu")
    candidate = source.load("relu")
    zero = np.zeros(())
    assert [candidate.function(zero), candidate.function(zero)] == [1, 2]
    assert candidate.anew is not None
    again = candidate.anew()
    assert [again(zero), candidate.function(zero), again(zero), candidate.anew()(zero)] == [1, 3, 2, 1]
    assert sys.modules[module].relu is candidate.function


def test_an_import_that_fails_the_second_time_leaves_the_first(module: str, tmp_path: Path) -> None:
    candidate = Source.of_candidate(f"{module}:relu").load("relu")
    first = sys.modules[module]
    (tmp_path / f"{module}.py").write_text("raise ValueError('only once')\n")
    with pytest.raises(ValueError, match="only once"), imported_anew(module):
        pass
    with pytest.raises(CannotRun, match="cannot be imported twice: only once"):
        candidate.anew()  # type: ignore[misc]
    assert sys.modules[module] is first
