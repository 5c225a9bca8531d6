"""The 3-D convolution through the register tile of `convoracle.fast.direct.conv2d`."""

from functools import partial

from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.readable import conv3d_by_planes

conv3d = partial(conv3d_by_planes.conv3d, conv2d_direct)
conv3d_input_grad = partial(conv3d_by_planes.conv3d_input_grad, conv2d_direct)
conv3d_weight_grad = partial(conv3d_by_planes.conv3d_weight_grad, conv2d_direct)
conv3d_bias_grad = partial(conv3d_by_planes.conv3d_bias_grad, conv2d_direct)
conv3d_backward = partial(conv3d_by_planes.conv3d_backward, conv2d_direct)
