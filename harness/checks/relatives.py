"""A few cases of one family: what is kept for one of them may be taken for another.

=========================  ============================================================
the case itself            twice, with different data
in the other dtype         of the same shapes
of one image               and of one more than it has
with other options         in the same arrays
of a key in common         see `convoracle.harness.checks.same_key`
of nearly the same size    a row or a column more or less
=========================  ============================================================
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from convoracle.harness.checks.other_options import OtherOptions, of_nearly_the_same_size
from convoracle.harness.checks.same_key import RARE, USUAL, SameKey, possible
from convoracle.harness.choices import Choices
from convoracle.harness.everyday import is_small
from convoracle.harness.operations.base import Operation

MOST_PRODUCTS = 10_000
"""As many as each of them has at most: they are called many times."""

OTHER_OPTIONS, SAME_KEYS = 2, 3
"""So many of these."""

OTHER_DTYPE = {"float32": "float64", "float64": "float32", "float16": "float32", "int64": "int32"}
"""Which dtype is asked besides one; of all others float32."""


def relatives(operation: Operation, case: Any) -> list[Any]:
    """Return the family of a case whose arrays are in C order, the case first; empty if it is too much work."""
    if not is_small(operation, case, MOST_PRODUCTS):
        return []
    others = [other for other in _others(operation, case) if is_small(operation, other, MOST_PRODUCTS)]
    return list(dict.fromkeys([case, *others]))


def _others(operation: Operation, case: Any) -> Iterator[Any]:
    """Yield the others."""
    yield dataclasses.replace(case, dtype=OTHER_DTYPE.get(case.dtype, "float32"))
    if hasattr(case, "n"):
        yield dataclasses.replace(case, n=case.n + 1)
        yield dataclasses.replace(case, n=1)
    yield from itertools.islice(OtherOptions(operation, case), OTHER_OPTIONS)
    kinds: list[SameKey] = Choices(case.seed, "relatives").shuffled((*USUAL, *RARE))
    found = (possible(kind, operation, case) for kind in kinds)
    yield from itertools.islice((other for other in found if other is not None), SAME_KEYS)
    nearly = possible(of_nearly_the_same_size, operation, case)
    if nearly is not None:
        yield nearly
