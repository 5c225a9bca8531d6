"""3-D convolution as 2-D convolutions.

The taps along the depth become channels: the planes that meet in one output plane are stacked, and every output plane
is an image of its own. So all the terms of one output are added up by one call of the 2-D kernel. The stacks hold every
plane once for each tap that meets it, so only a *slab* of them exists at a time
(`convoracle.fast.readable.conv3d_slabs`). An output's sum is the same whatever the slab.

Each function returns the kernel that does so by `planes`, which has the kernels of `conv2d`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Shape
from convoracle.fast.kernels import all_gradients, bind_kernel, kernel_from
from convoracle.fast.readable.conv3d_slabs import Depth, Slab, slabs_of
from convoracle.fast.shapes import count_outputs

Call = Callable[..., Any]


def conv3d(planes: Any) -> Call:
    """Convolve the stacks of planes."""
    return kernel_from(partial(_bind_conv3d, planes), arrays=3)


def conv3d_input_grad(planes: Any) -> Call:
    """Return the input gradient: that of the stacks, added back onto the planes they were made of."""
    return kernel_from(partial(_bind_input_grad, planes), arrays=2)


def conv3d_weight_grad(planes: Any) -> Call:
    """Return the weight gradient: the sum of those of the stacks."""
    return kernel_from(partial(_bind_weight_grad, planes), arrays=2)


def conv3d_bias_grad(planes: Any) -> Call:
    """Return the bias gradient: that of planes as high as the volumes' depth and height together."""
    return kernel_from(partial(_bind_bias_grad, planes), arrays=1)


def conv3d_backward(planes: Any) -> Call:
    """Return the gradients of input, weight and bias."""
    return all_gradients(conv3d_input_grad(planes), conv3d_weight_grad(planes), conv3d_bias_grad(planes))


def _bind_conv3d(planes: Any, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, **options: Any) -> Call:
    """Bind a convolution of stacks, a slab of output planes at a time."""
    input_size, kernel_size = x.shape[2:], weight.shape[2:]
    steps = options["stride"], options["dilation"]
    size = tuple(map(count_outputs, input_size, options["padding"], kernel_size, *steps))
    shape, dtype, stacked = (len(x), len(weight), *size), x.dtype, _stacked(weight.shape)

    def bind(stacks: np.ndarray, _: np.ndarray) -> Call:
        arrays = stacks, weight.reshape(stacked), bias
        return bind_kernel(planes.conv2d, dtype.name, arrays, (), _of_planes(options))

    slabs = _bind_slabs(bind, x.shape, shape, kernel_size, options, dtype)

    def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        weight, out = weight.reshape(stacked), np.empty(shape, dtype)
        for slab, of_stacks in slabs:
            slab.write_images(of_stacks(slab.stack(x), weight, bias), out)
        return out

    return convolve


def _bind_input_grad(
    planes: Any, grad_output: np.ndarray, weight: np.ndarray, input_shape: Shape, **options: Any
) -> Call:
    """Bind an input gradient of stacks, whose planes are added to those they are copies of."""
    dtype, stacked = weight.dtype, _stacked(weight.shape)

    def bind(stacks: np.ndarray, images: np.ndarray) -> Call:
        arrays = images, weight.reshape(stacked)
        return bind_kernel(planes.conv2d_input_grad, dtype.name, arrays, (stacks.shape,), _of_planes(options))

    slabs = _bind_slabs(bind, input_shape, grad_output.shape, weight.shape[2:], options, dtype)

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        weight, grad = weight.reshape(stacked), np.zeros(input_shape, dtype)
        for slab, of_images in slabs:
            _add_stacks(slab, of_images(slab.images_of(grad_output), weight), grad)
        return grad

    return gather


def _bind_weight_grad(planes: Any, grad_output: np.ndarray, x: np.ndarray, weight_shape: Shape, **options: Any) -> Call:
    """Bind a weight gradient of stacks, which is summed over the slabs."""
    dtype, stacked = x.dtype, _stacked(weight_shape)

    def bind(stacks: np.ndarray, images: np.ndarray) -> Call:
        return bind_kernel(planes.conv2d_weight_grad, dtype.name, (images, stacks), (stacked,), _of_planes(options))

    slabs = _bind_slabs(bind, x.shape, grad_output.shape, weight_shape[2:], options, dtype)

    def add(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        grads = (of_images(slab.images_of(grad_output), slab.stack(x)) for slab, of_images in slabs)
        total: np.ndarray = _sum(grads) if slabs else np.zeros(weight_shape, dtype)
        return total.reshape(weight_shape)

    return add


def _bind_bias_grad(planes: Any, grad_output: np.ndarray) -> Call:
    """Bind a bias gradient of planes as high as depth and height together."""
    batch, filters, depth, height, width = grad_output.shape
    shape = batch, filters, depth * height, width
    add = bind_kernel(planes.conv2d_bias_grad, grad_output.dtype.name, (grad_output.reshape(shape),), (), {})
    return lambda grad_output: add(grad_output.reshape(shape))


def _bind_slabs(
    bind: Callable[[np.ndarray, np.ndarray], Call],
    input_shape: Shape,
    output_shape: Shape,
    kernel_size: Shape,
    options: dict[str, Any],
    dtype: np.dtype,
) -> list[tuple[Slab, Call]]:
    """Return all slabs, and for each what `bind` returns for its stacks and for its output planes as images."""
    depth = Depth(kernel_size[0], options["stride"][0], options["padding"][0][0], options["dilation"][0])
    slabs, bound = list(slabs_of(input_shape, output_shape, depth, dtype.itemsize)), {}
    for images in {slab.images for slab in slabs}:
        stacks = np.empty((images, input_shape[1] * depth.taps, *input_shape[3:]), dtype)
        bound[images] = bind(stacks, np.empty((images, output_shape[1], *output_shape[3:]), dtype))
    return [(slab, bound[slab.images]) for slab in slabs]


# NaN and infinity are results like any other.
@np.errstate(over="ignore", invalid="ignore")
def _add_stacks(slab: Slab, stacks: np.ndarray, grad: np.ndarray) -> None:
    slab.add_stacks(stacks, grad)


@np.errstate(over="ignore", invalid="ignore")
def _sum(grads: Iterator[np.ndarray]) -> np.ndarray:
    total = next(grads)
    for grad in grads:
        total += grad
    return total


def _stacked(weight_shape: Shape) -> Shape:
    """Return the shape of filters (F, C / groups, kD, kH, kW) whose taps along the depth are channels."""
    filters, channels, taps, *kernel_size = weight_shape
    return (filters, channels * taps, *kernel_size)


def _of_planes(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the 2-D convolution."""
    return {name: option if name == "groups" else option[1:] for name, option in options.items()}
