"""The benchmark suite as a package, imported the way asv does: from its folder, not from an installation."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

SUITE = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session")
def suite() -> Iterator[Path]:
    """Make `benchmarks` importable; its thread limits, which are for measuring, do not reach the other tests."""
    spec = importlib.util.spec_from_file_location(
        "benchmarks", SUITE / "__init__.py", submodule_search_locations=[str(SUITE)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["benchmarks"] = package
    with mock.patch.dict(os.environ):
        spec.loader.exec_module(package)
    yield SUITE
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def layers(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.layers")


@pytest.fixture(scope="session")
def networks(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.networks")


@pytest.fixture(scope="session")
def limits(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.limits")
