"""Candidates by name: what a backend, a peer or MODULE:FUNCTION is, and what is said when it is none."""

import sys
from pathlib import Path
from typing import Any

import pytest

from convoracle.fast import registry
from convoracle.harness.candidates.source import PEERS, CannotRun, Source
from convoracle.harness.operations import OPERATIONS


def test_a_name_is_a_peer_or_a_function() -> None:
    assert Source.of_candidate("torch") == Source("peer", "torch")
    assert Source.of_candidate("m:f", "normwise") == Source("function", "m:f", "normwise")
    assert Source("backend", "numba").option == "--backend numba"
    assert Source.of_candidate("torch").option == "--candidate torch"
    assert Source.of_candidate("torch", "normwise").option == "--candidate torch"
    asked = "--backend fft --accuracy componentwise"
    assert Source("backend", "fft", "componentwise").option == asked, "what it does not promise is asked of it again"
    assert [Source(kind, "m:f").is_trusted for kind in ("backend", "peer", "function")] == [True, True, False]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_backend_is_loaded_with_what_its_registry_says(name: str) -> None:
    source = Source("backend", name)
    assert source.operations() == tuple(one for one in OPERATIONS if one in registry.BUILT_IN[name])
    for operation in source.operations():
        variant = registry.BUILT_IN[name][operation]
        candidate = source.load(operation)
        assert candidate.function.keywords == {"backend": name}  # type: ignore[attr-defined]
        assert (candidate.name, candidate.command) == (name, f"--backend {name}")
        assert (candidate.limits, candidate.accuracy) == (variant.limits, variant.accuracy)
        assert candidate.dtypes == variant.dtypes
    override = Source("backend", name, "normwise").load("conv2d")
    assert override.accuracy == "normwise"


def test_a_backend_that_chooses_is_asked_for_the_accuracy_it_is_held_to() -> None:
    asked = Source("backend", "auto", "componentwise").load("conv2d")
    assert asked.function.keywords == {"backend": "auto", "accuracy": "componentwise"}  # type: ignore[attr-defined]
    assert asked.accuracy == "componentwise"
    for operation, accuracy in (("conv2d", "normwise"), ("conv2d_bias_grad", "componentwise"), ("relu", "normwise")):
        kept = Source("backend", "auto", accuracy).load(operation)
        assert kept.function.keywords == {"backend": "auto"}  # type: ignore[attr-defined]
        assert kept.accuracy == accuracy
    other = Source("backend", "winograd", "componentwise").load("conv2d")
    assert other.function.keywords == {"backend": "winograd"}  # type: ignore[attr-defined]


def test_backends_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match=r"^unknown backend 'im2row'; available: im2col, numba, scipy"):
        Source("backend", "im2row").operations()
    with pytest.raises(CannotRun, match="max_pool2d"):
        Source("backend", "scipy-fft").load("max_pool2d")
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(CannotRun, match="backend 'scipy' needs scipy, which cannot be imported here"):
        Source("backend", "scipy").operations()


@pytest.mark.parametrize("name", PEERS)
def test_peers_that_are_not_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CannotRun, match=rf"candidate '{name}' needs {name}, .*pip install 'convoracle\[peers\]'"):
        Source.of_candidate(name).operations()


def test_an_operation_a_peer_has_not() -> None:
    with pytest.raises(CannotRun, match="onnxruntime has no conv2d_bias_grad; it has conv2d, "):
        Source.of_candidate("onnxruntime").load("conv2d_bias_grad")


MODULE = """
class Layer:
    def conv2d(*operands, **options): return 1

def conv2d(*operands, **options): return 2

def declared(*operands, **options): return 3

declared.limits = {"groups": {1}}
declared.accuracy = "normwise"
declared.dtypes = ["float64"]
number = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module in the working directory."""
    (tmp_path / "a_candidates_module.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "a_candidates_module", raising=False)
    return "a_candidates_module"


def test_a_function_is_imported_from_the_working_directory(module: str) -> None:
    candidate = Source("function", f"{module}:conv2d").load("conv2d")
    assert candidate.function() == 2
    assert (candidate.limits, candidate.accuracy, candidate.dtypes) == ({}, "componentwise", ("float32", "float64"))
    assert candidate.command == f"--candidate {module}:conv2d"
    assert Source("function", f"{module}:Layer.conv2d").load("conv2d").function() == 1


def test_a_function_is_imported_from_a_file(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(tmp_path)])
    candidate = Source.of_candidate(f"{tmp_path / module}.py:conv2d").load("conv2d")
    assert candidate.function() == 2


def test_a_function_may_declare_what_it_promises(module: str) -> None:
    candidate = Source("function", f"{module}:declared").load("conv2d")
    assert (candidate.limits, candidate.accuracy, candidate.dtypes) == ({"groups": {1}}, "normwise", ("float64",))
    assert Source("function", f"{module}:declared", "componentwise").load("conv2d").accuracy == "componentwise"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{}:number", "candidate '.*:number' must be callable, got int"),
        ("{}:nothing", "cannot be imported: AttributeError"),
        ("no_such_module_here:f", "cannot be imported: ModuleNotFoundError"),
        ("conv2d", "'conv2d' is not MODULE:FUNCTION; allowed: MODULE:FUNCTION, FILE.py:FUNCTION, torch, onnxruntime"),
        (":f", "is not MODULE:FUNCTION"),
        ("m:", "is not MODULE:FUNCTION"),
    ],
)
def test_functions_that_are_not_there(module: str, name: str, words: str) -> None:
    with pytest.raises(CannotRun, match=words):
        Source("function", name.format(module)).load("conv2d")


@pytest.mark.parametrize(("name", "expected"), [("m:max_pool2d", "max_pool2d"), ("m:Layer.conv2d", "conv2d")])
def test_the_name_of_a_function_says_its_operation_without_importing_it(name: str, expected: str) -> None:
    assert Source("function", name).operations() == (expected,)
    with pytest.raises(CannotRun, match="candidate 'm:forward': its name is no operation's, so name the operation"):
        Source("function", "m:forward").operations()


def test_every_peer_names_operations_there_are() -> None:
    for name in PEERS:
        source = Source.of_candidate(name)
        found: tuple[Any, ...] = source.operations()
        assert set(found) <= OPERATIONS.keys()
        assert all(source.load(operation).command == f"--candidate {name}" for operation in found)
