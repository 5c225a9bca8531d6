"""Mutants of the oracle, made from its source, and the proofs run small."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

from convoracle import reference
from convoracle.harness.proofs.blocks import LOOPS
from convoracle.harness.proofs.tally import Tick


@pytest.fixture(scope="session")
def mutated() -> Callable[..., dict[str, Any]]:
    """Return a function that gives all loop functions, one of them with a piece of its source replaced."""

    def mutated(name: str, old: str, new: str) -> dict[str, Any]:
        original = getattr(reference, name)
        source = inspect.getsource(original)
        assert old in source, f"{name} has no {old!r}"
        namespace = dict(vars(sys.modules[original.__module__]))
        exec(compile(source.replace(old, new), f"<mutant of {name}>", "exec"), namespace)
        return {**LOOPS, name: namespace[name]}

    return mutated


@pytest.fixture(scope="session")
def silent() -> Tick:
    """Return a listener to progress that says nothing."""
    return lambda done, total: None


@pytest.fixture(scope="session")
def interpreted() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what stands in for compiling, where a few small runs are faster without: nothing."""
    return lambda loops: loops
