"""Whether numbers are finite, told without a warning, a copy or a sum that might overflow."""

from convoracle.fast.jit import kernel


@kernel
def are_finite(numbers):  # type: ignore[no-untyped-def]
    """Tell whether all numbers of an array of one dimension are finite."""
    # Without a branch, so that LLVM makes vectors of it.
    is_other = False
    for number in numbers:
        is_other |= number - number != 0
    return not is_other
