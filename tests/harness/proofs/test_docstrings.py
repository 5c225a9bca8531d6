"""The examples in the docstrings of the proofs are run."""

import doctest
import importlib
from pathlib import Path

import pytest

from convoracle.harness import proofs

FILES = [path for path in Path(proofs.__file__).parent.glob("*.py") if ">>>" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", sorted(path.stem for path in FILES))
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"convoracle.harness.proofs.{name}"))
    assert results.attempted > 0
    assert results.failed == 0
