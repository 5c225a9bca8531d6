"""How much memory an algorithm needs beside its input and its output.

The bands of the arrays that a thread works on are bounded by constants of the algorithms. What grows with the layer is
transformed weights, up to a bound again, beyond which they are transformed piece by piece. A test holds what is
measured to these numbers.
"""

import math

from convoracle.fast.auto.layer import Layer

MIB = 1 << 20

OF_THREAD = {"direct": 4 * MIB, "plane": 4 * MIB, "winograd": 10 * MIB, "fft": 24 * MIB}
"""What a thread works on, at most, unless a single row of a plane takes more."""

LARGEST_WEIGHTS = 40 * MIB
"""Winograd's transformed weights; larger ones pass by in pieces."""

LARGEST_SUMS = 32 * MIB
"""Sums of Winograd's weight gradient, which wait for the last image."""


def workspace_of(backend: str, layer: Layer) -> int:
    """Return how many bytes a backend needs for a layer on one thread, about; others add their `OF_THREAD`."""
    if backend != "winograd":
        return OF_THREAD.get(backend, 0)
    # Tiles of 36 products.
    transformed = 36 * layer.itemsize * layer.weight_numbers // math.prod(layer.kernel_size)
    if layer.operation == "conv2d_weight_grad":
        return OF_THREAD[backend] + min(transformed, LARGEST_SUMS)
    return OF_THREAD[backend] + (transformed if transformed <= LARGEST_WEIGHTS else 0)
