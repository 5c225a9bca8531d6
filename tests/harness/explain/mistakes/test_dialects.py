"""The catalogue: every entry can be run on every case of its operation, and is one of a kind."""

import numpy as np
import pytest

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.operands import integers
from convoracle.harness.explain.mistakes.dialect import oracle
from convoracle.harness.explain.mistakes.dialects import dialects
from convoracle.harness.operations import OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_entry_runs_on_every_case(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(4):
        case = draw_small(operation, {}, ("float32",), 0, number)
        arrays = integers(operation, case, 3)
        right = oracle(operation, case, arrays)
        saved = {key: array.copy() for key, array in arrays.items()}
        for dialect in dialects(name):
            with np.errstate(all="ignore"):
                results = dialect.compute(operation, case, arrays)
            assert results is None or len(results) == len(right), dialect.says
        assert all((saved[key] == array).all() for key, array in arrays.items())


@pytest.mark.parametrize("name", OPERATIONS)
def test_entries_are_named_once_and_the_simplest_come_first(name: str) -> None:
    entries = dialects(name)
    assert len({dialect.says for dialect in entries}) == len(entries)
    assert [dialect.cost for dialect in entries] == sorted(dialect.cost for dialect in entries)


def test_the_kernel_is_turned_round() -> None:
    (true,) = [dialect for dialect in dialects("conv2d") if "true convolution" in dialect.says]
    operation = OPERATIONS["conv2d"]
    case = draw_small(operation, {"groups": {1}}, ("float64",), 0, 0)
    arrays = integers(operation, case, 3)
    results = true.compute(operation, case, arrays)
    assert results is not None
    turned = oracle(operation, case, {**arrays, "weight": arrays["weight"][:, :, ::-1, ::-1].copy()})
    np.testing.assert_array_equal(results[0], turned[0])
    assert (results[0] != oracle(operation, case, arrays)[0]).any()
