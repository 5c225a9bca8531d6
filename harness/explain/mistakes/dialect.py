"""A known way to compute something else: another convention, or a mistake that is often made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.operations.base import Arrays, Operation

Results = tuple[np.ndarray, ...]
Compute = Callable[[Operation, Any, Arrays], Results | None]


@dataclass(frozen=True)
class Dialect:
    """One entry of the catalogue.

    Parameters
    ----------
    says : str
        What it computes, as the end of the sentence "the result equals ...". Also its name.
    compute : callable
        Returns the results for an operation, a case and operands; None where it does not apply.
    cost : int
        How far-fetched it is: of two that explain the same, the cheaper one is named first.
    """

    says: str
    compute: Compute
    cost: int = 2


def oracle(operation: Operation, case: Any, arrays: Arrays) -> Results:
    """Return the right results."""
    return tuple(np.asarray(output.compute(arrays)) for output in operation.outputs(case))
