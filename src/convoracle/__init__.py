"""convoracle: the operations of convolutional networks, in several backends, each proved right against an oracle.

>>> import numpy as np
>>> import convoracle as co
>>> x, weight = np.ones((1, 3, 8, 9), np.float32), np.ones((4, 3, 3, 3), np.float32)
>>> with co.use_backend("scipy"):
...     co.conv2d(x, weight, padding=1).shape
(1, 4, 8, 9)
"""

from convoracle.fast.avg_pool2d import avg_pool2d, avg_pool2d_backward
from convoracle.fast.conv2d import conv2d
from convoracle.fast.conv2d_backward import conv2d_backward, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from convoracle.fast.max_pool2d import max_pool2d, max_pool2d_backward
from convoracle.fast.selector import get_backend, set_backend, use_backend
from convoracle.fast.shapes import conv_output_size, pool_output_size

__version__ = "0.1.0"

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_weight_grad",
    "conv_output_size",
    "get_backend",
    "max_pool2d",
    "max_pool2d_backward",
    "pool_output_size",
    "set_backend",
    "use_backend",
]
