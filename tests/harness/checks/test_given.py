"""What a call must leave as it was: each bit of its inputs, their shapes and dtypes, and that they can be written."""

from collections.abc import Callable

import numpy as np
import pytest

from convoracle.harness.checks.given import Given


def test_every_bit_is_seen() -> None:
    arrays = {"x": np.array([[1.0, 2.0], [0.0, np.nan]])[:, ::-1], "weight": np.ones(3)}
    given = Given(arrays)
    assert given.changed() is None, "a NaN that stayed is no change"
    arrays["x"][0, 1] = 5.0
    problem = given.changed()
    assert problem is not None
    assert (problem.kind, problem.check, problem.index) == ("contract", "inputs unmodified", (0, 1))
    assert (problem.expected, problem.got) == (1.0, 5.0)
    arrays["x"][0, 1] = 1.0
    assert given.changed() is None
    arrays["x"][1, 1] = -0.0
    assert given.changed() is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: setattr(x, "shape", (6,)), "the shape of its input x, from (2, 3) to (6,)"),
        (lambda x: setattr(x, "dtype", np.dtype("int32")), "the dtype of its input x, from float32 to int32"),
        (lambda x: x.setflags(write=False), "whether one may write to its input x, from True to False"),
    ],
)
def test_a_change_of_the_array_itself_is_seen(change: Callable[[np.ndarray], None], told: str) -> None:
    x = np.zeros((2, 3), np.float32)
    given = Given({"x": x})
    change(x)
    problem = given.changed()
    assert problem is not None
    assert problem.sentence == f"the call changed {told}"
