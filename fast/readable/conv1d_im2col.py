"""The 1-D convolution through the matrix products of `convoracle.fast.readable.conv2d_im2col`."""

from functools import partial

from convoracle.fast.readable import conv1d_by_planes, conv2d_im2col

conv1d = partial(conv1d_by_planes.conv1d, conv2d_im2col)
conv1d_input_grad = partial(conv1d_by_planes.conv1d_input_grad, conv2d_im2col)
conv1d_weight_grad = partial(conv1d_by_planes.conv1d_weight_grad, conv2d_im2col)
conv1d_bias_grad = partial(conv1d_by_planes.conv1d_bias_grad, conv2d_im2col)
conv1d_backward = partial(conv1d_by_planes.conv1d_backward, conv2d_im2col)
