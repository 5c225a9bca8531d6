"""Which variants may be chosen: those that have a verified grade.

The harness verifies all of them in every run of the tests, and one of those (`tests/fast/test_verified.py`) sees to it
that nothing else is in these tables.
"""

from collections.abc import Mapping

from convoracle.fast.registry import BY_NUMPY, CONVOLUTIONS, EXPONENTIALS, LOCAL, POOLS

_CONV2D = CONVOLUTIONS["conv2d"]
_POOLS = tuple(operation for operations in POOLS.values() for operation in operations)
_EVERYTHING = tuple(
    operation for operations in (CONVOLUTIONS | POOLS | LOCAL | BY_NUMPY).values() for operation in operations
)

ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "direct": (*_CONV2D, *_POOLS, *EXPONENTIALS),
    "winograd": ("conv2d", "conv2d_input_grad", "conv2d_weight_grad"),
    "plane": ("conv2d", "conv2d_input_grad", "conv2d_weight_grad"),
    "fft": ("conv2d", "conv2d_input_grad", "conv2d_weight_grad"),
}
"""Backends that are fast for some layers, and their operations."""

FALL_BACK: Mapping[str, tuple[str, ...]] = {"numba": _EVERYTHING, "im2col": _EVERYTHING}
"""Backends that do everything, for what none of the others does; the second needs nothing but NumPy."""
