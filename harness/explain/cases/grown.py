"""Cases a little larger than one that is known: so that what is true of one size is not taken for true of all."""

import dataclasses
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.operations.base import Operation

EXTENTS = ("n", "c", "f", "d", "h", "w")
MORE = (1, 2, 3, 5, 8)
"""What there is more of, and how much; of channels and filters so many in every group."""


def grown(operation: Operation, limits: Limits, case: Any, number: int) -> Any | None:
    """Return a case with one or two extents larger, and data of its own: another one for each number; None if none."""
    choices = Choices("grown", number)
    groups = getattr(case, "groups", 1)
    extents = [name for name in EXTENTS if isinstance(getattr(case, name, None), int)]
    if not extents:
        return None
    values = {
        name: getattr(case, name) + choices.pick(MORE) * (groups if name in ("c", "f") else 1)
        for name in sorted({choices.pick(extents) for _ in range(2)})
    }
    return possible(operation, limits, dataclasses.replace(case, **values, seed=case.seed + number))


def possible(operation: Operation, limits: Limits, case: Any) -> Any | None:
    """Return the case if there is such a call, and the limits allow it."""
    try:
        operation.operand_shapes(case)
    except ValueError:
        return None
    return case if inside(limits, case) else None
