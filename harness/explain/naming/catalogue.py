"""The planted and the historical bugs that a diagnosis may name."""

import functools

from convoracle.harness.bugs.bug import Bug

DETERMINISTIC = ("structure", "tail", "numerics", "data", "contract")
"""The kinds of bugs whose results depend on nothing but the call."""


@functools.cache
def bugs_of(operation: str) -> tuple[Bug, ...]:
    """Return the bugs of one operation that give the same wrong results whenever they are asked."""
    from convoracle.harness.bugs.mutants import MUTANTS  # only a failure needs them
    from convoracle.harness.bugs.zoo import ZOO

    return tuple(
        bug for bug in (*MUTANTS, *ZOO) if bug.operation == operation and bug.kind in DETERMINISTIC and not bug.raises
    )
