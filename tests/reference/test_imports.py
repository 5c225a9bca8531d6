"""The oracle stands alone: its files import the standard library, NumPy and one another, nothing else."""

import ast
import doctest
import importlib
import sys
from pathlib import Path

import pytest

from convoracle import reference

FILES = sorted(Path(reference.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_imports_numpy_only(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module or "")
    foreign = {
        name
        for name in imported
        if not name.startswith("convoracle.reference.")
        and name.split(".")[0] not in {"numpy", *sys.stdlib_module_names}
    }
    assert not foreign


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_examples_in_docstrings(path: Path) -> None:
    name = "convoracle.reference" if path.stem == "__init__" else f"convoracle.reference.{path.stem}"
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0
    if path.stem not in ("__init__", "geometry", "operands"):  # these have no public function
        assert results.attempted > 0


def test_everything_public_is_exported() -> None:
    assert sorted(reference.__all__) == reference.__all__
    assert all(hasattr(reference, name) for name in reference.__all__)
