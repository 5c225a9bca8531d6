"""Everything that can be timed returns what it should, and what cannot take part says why."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from convoracle.fast import registry
from convoracle.harness.bench.implementation import PEERS, THREADS_OF, check_name, library_of, prepare
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.operands import operand_sets
from convoracle.harness.bench.sample import check
from convoracle.harness.bench.threads import thread_limit
from convoracle.harness.candidates.source import CannotRun

LAYERS = ["n2c4h9w8f6kh3kw2sh2ph1g2b1", "n2c4h9f6k3p1d2", "max n2c3h9w8k3s2p1", "avg n2c3h9w8k3s2p1"]


@pytest.mark.parametrize("name", [*PEERS, "im2col"])
@pytest.mark.parametrize("text", LAYERS)
@pytest.mark.parametrize("direction", ["forward", "backward", "input_grad", "weight_grad"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_timed_is_the_operation(name: str, text: str, direction: str, dtype: str) -> None:
    workload = parse(text, dtype)
    if not workload.has(direction):
        with pytest.raises(CannotRun, match=f"{workload.kind} has no {direction}"):
            prepare(name, workload, direction, [], 1)
        return
    sets = operand_sets(workload, direction)
    if name == "onnxruntime" and (direction != "forward" or (dtype == "float64" and workload.kind != "max_pool2d")):
        with pytest.raises(CannotRun, match="onnxruntime has no"):
            prepare(name, workload, direction, sets, 1)
        return
    made = prepare(name, workload, direction, sets, 1)
    for number in (1, 0, 2):
        results = made.arrays(made.call(number))
        assert check(workload, direction, sets[number], results, made.accuracy, number).problem is None
        assert check(workload, direction, sets[number - 1], results, made.accuracy, number).problem is not None


def test_unknown_and_missing_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="unknown implementation 'im2row'; allowed: torch, torch-channels-last, onnx"):
        check_name("im2row")
    real = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name in ("torch", "onnxruntime"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    for name, library in (("torch-channels-last", "torch"), ("onnxruntime", "onnxruntime")):
        with pytest.raises(CannotRun, match=f"{name}' needs {library}, .*pip install 'convoracle.peers.'"):
            check_name(name)


def test_a_backend_says_what_it_cannot_do() -> None:
    workload = parse("max c3h8k2")
    with pytest.raises(CannotRun, match="'scipy-fft' does not do max_pool2d; backends that can: im2col"):
        prepare("scipy-fft", workload, "forward", operand_sets(workload, "forward"), 1)


def test_a_function_of_ones_own_is_timed_as_it_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_kernels.py").write_text(
        "import convoracle\n\n\ndef max_pool2d(x, kernel_size, **options):\n"
        "    return convoracle.max_pool2d(x, kernel_size, **options)\n\n\ndef other(x):\n    return x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    name, workload = "my_kernels:max_pool2d", parse("max c3h8k2")
    check_name(name)
    sets = operand_sets(workload, "forward")
    made = prepare(name, workload, "forward", sets, 1)
    assert check(workload, "forward", sets[1], made.arrays(made.call(1)), made.accuracy, 0).problem is None
    with pytest.raises(CannotRun, match="my_kernels:max_pool2d is no conv2d"):
        prepare(name, parse("c3h8f2k2"), "forward", sets, 1)
    for wrong, words in (
        ("my_kernels:other", "a function needs the name of its operation, as my_kernels:conv2d"),
        ("my_kernels:conv2d", "cannot be imported: AttributeError"),
    ):
        with pytest.raises(CannotRun, match=words):
            check_name(wrong)


def test_threads_are_set_and_set_back() -> None:
    import numba
    import torch

    before = numba.get_num_threads(), torch.get_num_threads()
    with thread_limit(1):
        assert (numba.get_num_threads(), torch.get_num_threads()) == (1, 1)
    assert (numba.get_num_threads(), torch.get_num_threads()) == before
    with pytest.raises(CannotRun, match=r"--threads 4096: Numba has \d+; NUMBA_NUM_THREADS sets"), thread_limit(4096):
        pass


def test_large_layers_have_fewer_sets_and_weights_are_shared() -> None:
    sets = operand_sets(parse("c2h8f3k3b1"), "forward")
    assert len(sets) == 3
    assert sets[0]["weight"] is sets[1]["weight"]
    assert sets[0]["bias"] is sets[2]["bias"]
    assert (sets[0]["x"] != sets[1]["x"]).all()


def test_who_shares_threads_with_whom() -> None:
    assert set(THREADS_OF) <= {*PEERS, *registry.BUILT_IN}
    assert library_of("torch") == library_of("torch-channels-last") != library_of("auto")
    assert library_of("auto") == library_of("winograd") != library_of("im2col")
    assert library_of("mine:conv2d") != library_of("yours:conv2d")
