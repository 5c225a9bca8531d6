"""The 1-D convolution through the register tile of `convoracle.fast.direct.conv2d`."""

from functools import partial

from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.readable import conv1d_by_planes

conv1d = partial(conv1d_by_planes.conv1d, conv2d_direct)
conv1d_input_grad = partial(conv1d_by_planes.conv1d_input_grad, conv2d_direct)
conv1d_weight_grad = partial(conv1d_by_planes.conv1d_weight_grad, conv2d_direct)
conv1d_bias_grad = partial(conv1d_by_planes.conv1d_bias_grad, conv2d_direct)
conv1d_backward = partial(conv1d_by_planes.conv1d_backward, conv2d_direct)
