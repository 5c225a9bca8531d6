"""The oracle: the loops of five lectures on convolutional networks, typed one for one.

Arrays are NCHW, weights OIHW, indices start at 0; axis -2 is the lectures' x, axis -1 their y. Every operation is a
pure loop function (``conv2d_loops``) behind a door that checks its arguments (``conv2d``). The loops use ``+``, ``*``,
``/`` and comparisons only, so they run on floats, integers, ``fractions.Fraction`` and dual numbers, and ``numba.njit``
compiles them unchanged; pass the compiled function as ``loops=``. Nothing but NumPy is imported, and nothing is shared
with ``convoracle.fast``.

What each lecture gave, and where it errs: ``docs/sources.md``.
"""

from convoracle.reference.avg_pool2d import (
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_backward_loops,
    avg_pool2d_divisors,
    avg_pool2d_loops,
)
from convoracle.reference.conv2d import conv2d, conv2d_loops
from convoracle.reference.conv2d_backward import conv2d_backward, conv2d_backward_loops
from convoracle.reference.conv2d_bias_grad import conv2d_bias_grad, conv2d_bias_grad_loops
from convoracle.reference.conv2d_input_grad import (
    conv2d_input_grad,
    conv2d_input_grad_flipped_loops,
    conv2d_input_grad_gather_loops,
    conv2d_input_grad_scatter_loops,
)
from convoracle.reference.conv2d_weight_grad import (
    conv2d_weight_grad,
    conv2d_weight_grad_loops,
    conv2d_weight_grad_scatter_loops,
)
from convoracle.reference.max_pool2d import (
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_backward_loops,
    max_pool2d_loops,
)
from convoracle.reference.shapes import conv_output_size, pool_output_size, resolve_padding, same_padding

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool2d_backward_loops",
    "avg_pool2d_divisors",
    "avg_pool2d_loops",
    "conv2d",
    "conv2d_backward",
    "conv2d_backward_loops",
    "conv2d_bias_grad",
    "conv2d_bias_grad_loops",
    "conv2d_input_grad",
    "conv2d_input_grad_flipped_loops",
    "conv2d_input_grad_gather_loops",
    "conv2d_input_grad_scatter_loops",
    "conv2d_loops",
    "conv2d_weight_grad",
    "conv2d_weight_grad_loops",
    "conv2d_weight_grad_scatter_loops",
    "conv_output_size",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_backward_loops",
    "max_pool2d_loops",
    "pool_output_size",
    "resolve_padding",
    "same_padding",
]
