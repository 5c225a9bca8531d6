"""Layers for which an algorithm is not the fastest on any machine: nothing has to be measured to leave it out."""

import math

from convoracle.fast.auto.layer import Layer

MOST_PLANES = 16
"""Channels of a group beyond which reading every input once for each filter costs more than it saves."""

FEW_PLANES = 4
"""So few filters, or channels in an input gradient, have no use for inputs that are read once for many of them."""

LEAST_TAPS = 25
"""Products an output must save at least for transforms of whole planes to pay."""

MOST_SPECTRA = 1024
"""Transformed kernels beyond which multiplying with them is all there is, and tiles do that faster."""


def why_hopeless(backend: str, layer: Layer) -> str | None:
    """Return why an algorithm is never the fastest for a layer, or None if it might be."""
    channels, filters = layer.channels // layer.groups, layer.filters // layer.groups
    if backend == "plane" and channels > MOST_PLANES and filters > FEW_PLANES:
        return f"is for at most {MOST_PLANES} channels or {FEW_PLANES} filters a group"
    if backend == "fft" and math.prod(layer.kernel_size) < LEAST_TAPS:
        return f"is for kernels of at least {LEAST_TAPS} taps"
    if backend == "fft" and channels * layer.filters > MOST_SPECTRA:
        return f"is for at most {MOST_SPECTRA} kernels"
    return None
