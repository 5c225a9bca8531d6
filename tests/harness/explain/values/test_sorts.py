"""On which sorts of data a candidate is wrong, where it is right on others."""

from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.values.sorts import sorts
from convoracle.harness.operations import OPERATIONS


def said_of(function: Any, check: str = "exact") -> str:
    operation = OPERATIONS["relu"]
    cases = [draw_small(operation, {}, ("float32",), 0, number) for number in range(6)]
    return sorts(operation, Candidate(function, "relu"), function, cases, check)


def test_a_fraction_decides() -> None:
    assert said_of(lambda x: np.trunc(reference.relu(x))) == (
        "wrong on floats; right on integers, large integers (in 4 failing cases)"
    )


def test_a_special_value_decides() -> None:
    said = said_of(lambda x: np.where(np.isnan(x), 0, reference.relu(x)).astype(x.dtype), "specials")
    assert "integers and one nan" in said.partition(";")[0]
    assert "integers and one inf" in said.partition(";")[2]


def test_where_all_sorts_are_alike_nothing_is_said() -> None:
    assert said_of(reference.relu) == said_of(lambda x: -reference.relu(x) - 1) == ""
