"""The sample that timed results are judged by: its truth is the whole's, and what is wrong in it is seen."""

import math
from typing import Any

import numpy as np
import pytest

import convoracle
from convoracle.harness import bounds
from convoracle.harness.bench import sample
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.operands import operand_sets
from convoracle.harness.bench.workload import Workload
from convoracle.harness.cases.choices import Choices
from convoracle.harness.operations.base import Arrays

LAYERS = ["n3c6h7w9f4kh2kw3sh2ph1g2b1", "n2c4h6f8k3p1g4", "n2c5h6f7k3d2p2", "n2c6h5f6k1g6"]
POOLS = ["max n2c5h9w8k3s2p1", "avg n3c4h9w8k3s2p1"]
EVERYTHING = [
    *((text, direction) for text in LAYERS for direction in ("forward", "backward", "input_grad", "weight_grad")),
    *((text, direction) for text in POOLS for direction in ("forward", "backward")),
]


def integers(operands: Arrays) -> dict[str, np.ndarray]:
    return {name: np.rint(4 * array) if array.dtype.kind == "f" else array for name, array in operands.items()}


def answer(workload: Workload, direction: str, operands: Arrays) -> tuple[np.ndarray, ...]:
    operation = workload.operation(direction)
    positional, keywords = operation.arguments(workload.case, operands)
    returned: Any = getattr(convoracle, operation.name)(*positional, **keywords, backend="im2col")
    return tuple(returned) if isinstance(returned, tuple) else (returned,)


@pytest.mark.parametrize(("text", "direction"), EVERYTHING)
@pytest.mark.parametrize("most", [1, 700, 1 << 22])
def test_a_part_of_the_truth_is_the_truth_of_the_part(
    text: str, direction: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "MOST_MACS", most)
    workload = parse(text, "float64")
    operands = integers(operand_sets(workload, direction)[0])
    operation = workload.operation(direction)
    whole = [output.compute(operands) for output in operation.outputs(workload.case)]
    seen = set()
    for draw in range(3):
        for part in sample.parts(workload, direction, Choices(draw)):
            small = operation.outputs(part.case)[part.output]
            cut = {name: operands[name][index] for name, index in part.operands.items()}
            assert all(array.size for array in cut.values())
            np.testing.assert_array_equal(small.compute(cut).reshape(-1), whole[part.output][part.where].reshape(-1))
            seen.add(part.output)
    assert seen == set(range(len(whole)))


@pytest.mark.parametrize(("text", "direction"), EVERYTHING)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("accuracy", ["componentwise", "normwise"])
def test_right_results_pass_and_wrong_ones_do_not(text: str, direction: str, dtype: str, accuracy: str) -> None:
    workload = parse(text, dtype)
    operands = operand_sets(workload, direction)[0]
    results = answer(workload, direction, operands)
    found = sample.check(workload, direction, operands, results, accuracy, 0)
    assert found.problem is None
    assert 0.0 <= found.ratio <= 1.0
    # Small as they are, all of the result but the other images is in the sample.
    assert found.values * workload.case.n >= sum(result.size for result in results[:1])
    for position in range(len(results)):
        wrong = [result.copy() for result in results]
        wrong[position] += np.asarray(100.0, dtype)
        assert sample.check(workload, direction, operands, wrong, accuracy, 0).problem is not None


def test_a_single_wrong_value_is_seen_by_the_draw_that_has_it() -> None:
    workload = parse("n4c3h6f5k3")
    operands = operand_sets(workload, "forward")[0]
    (result,) = answer(workload, "forward", operands)
    result[2, 3, 1, 1] += 1.0
    seen = [sample.check(workload, "forward", operands, (result,), "componentwise", draw) for draw in range(40)]
    assert {one.problem is not None for one in seen} == {True, False}
    assert all(one.values == result[0].size for one in seen)


def test_the_bound_is_the_theorem_and_no_wider() -> None:
    workload = parse("n2c3h6f5k3p1")
    operands = operand_sets(workload, "forward")[0]
    double = {name: array.astype(np.float64) for name, array in operands.items()}
    (exact,) = answer(workload, "forward", double)
    (size,) = answer(workload, "forward", {name: np.abs(array) for name, array in double.items()})
    bound = bounds.gamma(27, bounds.UNIT_ROUNDOFF["float32"]) * size
    for share, is_right in ((0.5, True), (-0.5, True), (1.5, False), (-1.5, False)):
        result = (exact + share * bound).astype(np.float32)
        found = sample.check(workload, "forward", operands, (result,), "componentwise", 0)
        assert (found.problem is None) == is_right
        # What the result was rounded by is at most u of a value that is at most `size`: a 27th of the bound.
        assert abs(found.ratio - abs(share)) <= 1 / 26


def test_a_nan_or_a_wrong_form_is_a_problem() -> None:
    workload = parse("c3h6f5k3")
    operands = operand_sets(workload, "forward")[0]
    (result,) = answer(workload, "forward", operands)
    for wrong, words in (
        (result * np.float32(math.nan), "further from the exact result"),
        (result.astype(np.float64), "float64 of shape (1, 5, 4, 4), not float32 of (1, 5, 4, 4)"),
        (result[:, :4], "of shape (1, 4, 4, 4), not float32"),
    ):
        problem = sample.check(workload, "forward", operands, (wrong,), "componentwise", 0).problem
        assert problem is not None
        assert words in problem
    problem = sample.check(workload, "forward", operands, (result, result), "componentwise", 0).problem
    assert problem == "2 results came back instead of 1"


def test_a_large_layer_is_sampled_and_a_plane_is_the_least() -> None:
    workload = parse("n2c64h40f64k3p1")
    (part,) = sample.parts(workload, "forward", Choices(1))
    assert part.case.f == sample.MOST_MACS // (40 * 40 * 9 * 64)
    assert (part.case.n, part.case.c, part.case.groups) == (1, 64, 1)
    (part,) = sample.parts(parse("c512h100f4k3"), "forward", Choices(1))
    assert part.case.f == 1
