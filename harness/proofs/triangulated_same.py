"""The triangulation of padding by a rule: "same" and "same_lower", with any stride and dilation.

The rule, as TensorFlow's notes on padding and ONNX's ``SAME_UPPER`` and ``SAME_LOWER`` have it: as many outputs as
strides begin within the input, the least padding that makes room for them, and of an odd number of zeros the last one
after the input, or before it. Here the zeros are dealt out one by one until enough windows fit.
"""

from collections.abc import Callable
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.blocks import Loops
from convoracle.harness.proofs.formulations import Axis
from convoracle.harness.proofs.space import Convolution, Same
from convoracle.harness.proofs.tally import Tally
from convoracle.harness.proofs.triangulated_convolution import check_convolution


def check_same(tally: Tally, configuration: Same, choices: Choices, run: Loops, twin: Callable[..., Any]) -> None:
    """Compare the formulations of a convolution whose padding is a rule to the reference, and counted here."""
    rows, columns = (padded(axis, configuration.rule) for axis in (configuration.rows, configuration.columns))
    check_convolution(tally, Convolution(rows, columns, 1), choices, run, twin, configuration.rule)


def padded(axis: Axis, rule: str) -> Axis:
    """Return the axis with as many zeros as the rule asks for."""
    outputs = len(range(0, axis.size, axis.stride))
    sides = ("after", "before") if rule == "same" else ("before", "after")
    dealt = 0
    while axis.windows() < outputs:
        side = sides[dealt % 2]
        axis = axis._replace(**{side: getattr(axis, side) + 1})
        dealt += 1
    return axis
