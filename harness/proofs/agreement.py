"""Whether two formulations agree, and whether a door refuses what is no configuration."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.proofs.tally import Tally


def compare(
    tally: Tally, configuration: Any, name: str, got: np.ndarray | Sequence[np.ndarray], expected: Sequence[np.ndarray]
) -> None:
    """Compare the results of one formulation with the dense ones: the same shapes and the same numbers, exactly."""
    results = [got] if isinstance(got, np.ndarray) else list(got)
    tally.counts["values compared"] += sum(array.size for array in expected)
    tally.expect(
        len(results) == len(expected) and all(map(np.array_equal, results, expected)),
        f"agreements of {name} with the dense matrix",
        f"{name} differs from the dense matrix: {configuration}",
    )


def refuses(call: Callable[[], Any]) -> bool:
    """Return whether a call raises ValueError."""
    try:
        call()
    except ValueError:
        return True
    return False
