"""The examples in the docstrings of `fast` and of `convoracle` itself are run."""

import doctest
import importlib
from pathlib import Path

import pytest

import convoracle
from convoracle import fast

FILES = [path for path in Path(fast.__path__[0]).glob("*.py") if ">>>" in path.read_text(encoding="utf-8")]
MODULES = ["convoracle", *(f"convoracle.fast.{path.stem}" for path in FILES)]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", [name for name in convoracle.__all__ if callable(getattr(convoracle, name))])
def test_every_public_function_has_an_example(name: str) -> None:
    assert ">>>" in getattr(convoracle, name).__doc__
