"""What is known of other people's rules: what each of them misses, and whom each of them accuses."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.cli import main
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score.entries import Entry, named
from convoracle.harness.score.side_by_side import cs231n, kernelbench, onnx_nodes, torch_opinfo, typed_shapes
from convoracle.harness.score.side_by_side.problem import Problem, ask, forward_of
from convoracle.harness.score.side_by_side.rule import CAUGHT, PASSED, REJECTED, Rule
from convoracle.harness.score.side_by_side.rules import RULES
from convoracle.harness.score.side_by_side.run import Comparison, Opinion, compare
from convoracle.harness.score.side_by_side.table import as_json, standing

CUSTOMARY, STRICT = "assert_allclose, customary", "assert_allclose, its defaults"
HALVES = (
    *("conv2d", "conv2d_weight_grad", "conv_transpose2d_backward", "max_pool2d", "max_pool2d_backward", "avg_pool2d"),
    *("avg_pool2d_backward", "linear_backward", "relu", "softmax_backward", "cross_entropy_backward"),
)
"""Operations that are one half of a gradient check, or a part of one."""


def opinion(rule: str, name: str, scale: float = 1.0) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow where a mutant overflows
        return RULES[rule].judge(named(name), scale)


def planted(function: Callable[..., Any], operation: str = "conv2d", **declared: Any) -> Entry:
    return Entry(
        "mutants", "x", operation, "structure", "x", lambda: function, "componentwise", ("float32", "float64"), declared
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_expected_of_typed_shapes_is_what_the_loops_return(operation: str) -> None:
    """In float64; in float32 the expected result is rounded once, which the loops are not."""
    single, double = (typed_shapes.calls(operation, dtype, 1.0) for dtype in ("float32", "float64"))
    assert len(single) == len(double) > 0
    for call in double:
        for got, expected in zip(call.of(right(operation)), call.expected, strict=True):
            np.testing.assert_array_equal(got, expected, strict=got.ndim > 0)
    for narrow, wide in zip(single, double, strict=True):
        for got, expected in zip(narrow.expected, wide.expected, strict=True):
            assert got.shape == expected.shape
            assert got.dtype == (np.float32 if expected.dtype == np.float64 else np.int64)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if forward_of(name) in cs231n.FORWARD])
def test_the_notebooks_numeric_gradients_are_those_of_the_loops(operation: str) -> None:
    assert opinion("CS231n relative error, 1e-07", f"{operation}/loopback") == PASSED


@pytest.mark.parametrize("operation", HALVES)
def test_gradcheck_passes_the_loops(operation: str) -> None:
    assert opinion("gradcheck", f"{operation}/loopback") == PASSED


def test_gradcheck_sees_a_wrong_half() -> None:
    def halved(*operands: Any, **options: Any) -> Any:
        return right("conv2d_weight_grad")(*operands, **options) / 2

    assert RULES["gradcheck"].judge(planted(halved, "conv2d_weight_grad"), 1.0) == CAUGHT
    assert RULES["gradcheck"].judge(planted(lambda x: x * 2, "relu"), 1.0) == CAUGHT


@pytest.mark.parametrize("rule", [CUSTOMARY, "KernelBench-like", "CS231n relative error, 0.0001", "gradcheck"])
def test_where_strides_are_equal_nobody_sees_that_they_are_swapped(rule: str) -> None:
    assert opinion(rule, "conv2d/strides swapped") == PASSED


def test_verify_sees_that_they_are_swapped() -> None:
    assert opinion("convoracle verify, smoke", "conv2d/strides swapped") == CAUGHT
    assert opinion("convoracle verify, smoke", "conv2d/summed reversed") == PASSED


def test_numpys_defaults_reject_a_kernel_that_is_right() -> None:
    assert opinion(STRICT, "conv2d/summed reversed") in (REJECTED, CAUGHT)
    assert opinion(STRICT, "conv2d/loopback") == REJECTED
    assert opinion(CUSTOMARY, "conv2d/summed reversed") == PASSED


@pytest.mark.parametrize("rule", ["KernelBench-like", CUSTOMARY])
def test_an_absolute_tolerance_accepts_zeros_where_the_data_are_small(rule: str) -> None:
    def zeros(*operands: Any, **options: Any) -> np.ndarray:
        return np.zeros_like(right("conv2d")(*operands, **options))

    assert RULES[rule].judge(planted(zeros), 1.0) == CAUGHT
    assert RULES[rule].judge(planted(zeros), 1e-3) == (PASSED if rule == "KernelBench-like" else CAUGHT)


def test_a_candidate_is_not_asked_what_it_says_it_cannot_do() -> None:
    assert opinion(CUSTOMARY, "conv2d/raises outside its limits") == PASSED
    assert opinion(CUSTOMARY, "conv2d/int8 only") is None


def test_what_raises_is_rejected() -> None:
    def raises(*operands: Any, **options: Any) -> None:
        raise NotImplementedError

    assert RULES[CUSTOMARY].judge(planted(raises), 1.0) == CAUGHT


def test_a_call_keeps_its_own_arrays_and_their_strides() -> None:
    spread = np.arange(36.0).reshape(1, 1, 3, 12)[..., ::2]
    seen = []

    def overwrites(x: np.ndarray) -> np.ndarray:
        seen.append(x.flags.c_contiguous)
        x[...] = 0
        return x

    call = ask(Problem("relu", (spread,), {}), "relu", right)
    call.of(overwrites)
    assert spread.any()
    assert seen == [False]


def test_torchs_samples() -> None:
    """Every one of conv2d's 30 samples can be asked, and its twin; no override of its tolerances is for the CPU."""
    calls = torch_opinfo.calls("conv2d", "float32", 1.0)
    assert len(calls) + torch_opinfo.left_out["conv2d", "float32"] == 60
    assert len(calls) == 60
    assert any(not call.positional[0].flags.c_contiguous for call in calls)
    assert torch_opinfo.tolerances("conv2d", "float32") == (1.3e-6, 1e-5)
    assert torch_opinfo.tolerances("conv3d", "float32") == (1e-3, 5e-3)
    assert opinion("torch OpInfo", "conv2d/dilations swapped") is not None
    assert opinion("torch OpInfo", "avg_pool2d_backward/loopback") == PASSED
    assert opinion("torch OpInfo", "locally_connected2d/loopback") is None


def test_onnxs_node_tests() -> None:
    """Its six tests of Conv have neither groups, nor dilation, nor a bias, nor strides that differ."""
    calls = onnx_nodes.calls("conv2d", "float32", 1.0)
    assert len(calls) == 6
    assert all(call.keywords["groups"] == 1 and call.positional[2] is None for call in calls)
    assert opinion("ONNX node tests", "conv2d/strides swapped") == PASSED
    assert opinion("ONNX node tests", "conv2d/loopback") == PASSED
    assert opinion("ONNX node tests", "max_pool2d/loopback") == PASSED
    assert opinion("ONNX node tests", "conv2d_input_grad/loopback") is None
    assert "test_convtranspose_output_shape" in onnx_nodes.left_out()


def test_kernelbench_asks_one_shape_five_times() -> None:
    shapes = [call.positional[0].shape for call in kernelbench.calls("linear", "float32", 1.0)]
    assert shapes == shapes[:1] * 5
    assert not kernelbench.calls("conv2d", "float64", 1.0)


def test_rates_are_counted_over_what_a_rule_has_and_over_all() -> None:
    said = [
        ("a", True, CAUGHT),
        ("b", True, REJECTED),
        ("c", True, None),
        ("d", True, PASSED),
        ("e", False, REJECTED),
        ("f", False, PASSED),
        ("g", False, None),
    ]
    opinions = [Opinion(CUSTOMARY, name, is_wrong, 1.0, one) for name, is_wrong, one in said]
    found = standing([*opinions, Opinion(CUSTOMARY, "d", True, 1e-3, CAUGHT)], CUSTOMARY)
    assert found.rejected.text == "2 of 3 (66.6 %)"
    assert found.told_apart.text == "1 of 3 (33.3 %)"
    assert found.of_all.text == "1 of 4 (25 %)"
    assert found.false_alarms.text == "1 of 2 (50 %)"
    written = as_json(Comparison(opinions))
    assert written["rules"] == [
        {
            "rule": CUSTOMARY,
            "inputs": RULES[CUSTOMARY].inputs,
            "accepts": "rtol=0.0001, atol=1e-05",
            "scale": 1.0,
            "rejected": 2,
            "told_apart": 1,
            "applicable": 3,
            "all": 4,
            "false_alarms": 1,
            "honest": 2,
        }
    ]
    assert written["entries"]["c"] == {"wrong": True, "rules": {CUSTOMARY: None}}


def test_a_rule_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Rule("absent", "", "", lambda entry, scale: PASSED, needs=("no_such_library",))
    monkeypatch.setitem(RULES, "absent", absent)
    found = compare([], ["absent"], workers=1)
    assert found.not_run == {"absent": ["no_such_library"]}
    assert found.opinions == []
    result = CliRunner().invoke(
        main, ["side-by-side", "--only", "relu/six", "--rule", "absent"], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 2
    assert "not run: needs no_such_library" in result.output


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    arguments = ["--only", "relu/six", "--rule", "customary", "--rule", "verify", "--workers", "1", "--json", str(file)]
    result = CliRunner().invoke(main, ["side-by-side", *arguments])
    assert result.exit_code == 0, result.output
    assert "1 wrong kernels (mutants, zoo, cheats), 0 that are right" in result.output
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["entries"]["relu/six"]["rules"] == {CUSTOMARY: PASSED, "convoracle verify, smoke": CAUGHT}


@pytest.mark.parametrize("arguments", [["--only", "no such thing"], ["--rule", "no such rule"]])
def test_nothing_to_compare_is_no_success(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["side-by-side", *arguments])
    assert result.exit_code == 2
    assert "could not run" in result.output
