"""The 3-D convolution through the correlations of `convoracle.fast.readable.conv2d_scipy`."""

from functools import partial

from convoracle.fast.readable import conv2d_scipy, conv3d_by_planes

conv3d = partial(conv3d_by_planes.conv3d, conv2d_scipy)
conv3d_input_grad = partial(conv3d_by_planes.conv3d_input_grad, conv2d_scipy)
conv3d_weight_grad = partial(conv3d_by_planes.conv3d_weight_grad, conv2d_scipy)
conv3d_bias_grad = partial(conv3d_by_planes.conv3d_bias_grad, conv2d_scipy)
conv3d_backward = partial(conv3d_by_planes.conv3d_backward, conv2d_scipy)
