"""im2col and its transpose, col2im, as functions of their own: what the backend ``im2col`` is made of."""

from typing import Any

import numpy as np

from convoracle.fast.arguments import IntOrSizes, check_shape, check_sizes
from convoracle.fast.arrays import check_array, check_dtype, from_kernel, to_kernel
from convoracle.fast.conv_geometry import ConvGeometry, ConvPadding, conv_geometry
from convoracle.fast.windows import add_windows, crop_planes, pad_planes, view_windows


def im2col(
    x: np.ndarray,
    kernel_size: IntOrSizes,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
) -> np.ndarray:
    """Return the windows of every image as the columns of a matrix.

    A convolution without groups is then ``weight.reshape(F, -1) @ im2col(x, ...)``. PyTorch calls it ``unfold``.

    Parameters
    ----------
    x : array (N, C, H, W) of any float or integer dtype
        Images.
    kernel_size : int or (kH, kW)
        Size of a window.
    stride, padding, dilation
        As in `convoracle.conv2d`.

    Returns
    -------
    array (N, C * kH * kW, H_out * W_out) of the dtype of `x`
        Rows in the order of a weight's elements, columns in the order of the result's.

    Raises
    ------
    TypeError, ValueError
        As `convoracle.conv2d` does.

    Notes
    -----
    Not in the lectures. Chellapilla, Puri and Simard, *High Performance Convolutional Neural Networks for Document
    Processing*, 2006.

    Examples
    --------
    >>> im2col(np.array([[[[1, 2, 3], [4, 5, 6]]]]), (2, 2))[0]
    array([[1, 2],
           [2, 3],
           [4, 5],
           [5, 6]])
    """
    operation = "im2col"
    x = check_array(operation, "x", x, "NCHW")
    dtype = check_dtype(operation, x=x)
    kernel, geometry = _geometry(operation, x.shape, kernel_size, stride, padding, dilation)
    padded = pad_planes(to_kernel(x, np.dtype(dtype)), _pairs(geometry))
    steps, holes, size = _pair(geometry.stride), _pair(geometry.dilation), geometry.output_shape[2:]
    columns = [view_windows(image, kernel, steps, holes, size).reshape(-1, size[0] * size[1]) for image in padded]
    return np.stack(columns) if columns else np.empty((0, x.shape[1] * kernel[0] * kernel[1], size[0] * size[1]), dtype)


def col2im(
    columns: np.ndarray,
    input_shape: tuple[int, int, int, int],
    kernel_size: IntOrSizes,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
) -> np.ndarray:
    """Return images to which every column was added where `im2col` took it from: its transpose, not its inverse.

    PyTorch calls it ``fold``. Sums of float16 are accumulated in float32; integers wrap as NumPy's do.

    Parameters
    ----------
    columns : array (N, C * kH * kW, H_out * W_out) of any float or integer dtype
        As `im2col` returns them.
    input_shape : (N, C, H, W)
        Shape of the images.
    kernel_size, stride, padding, dilation
        As given to `im2col`.

    Returns
    -------
    array (N, C, H, W) of the dtype of `columns`
        Elements in several windows hold the sum of all.

    Raises
    ------
    TypeError, ValueError
        As `im2col` does, and for columns of another shape than it would return.

    Examples
    --------
    >>> col2im(np.ones((1, 4, 2)), (1, 1, 2, 3), (2, 2))[0, 0]
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    operation = "col2im"
    columns = check_array(operation, "columns", columns, "NKP")
    dtype = check_dtype(operation, columns=columns)
    shape = check_shape(operation, "input_shape", input_shape, "NCHW")
    kernel, geometry = _geometry(operation, shape, kernel_size, stride, padding, dilation)
    size, ends = geometry.output_shape[2:], _pairs(geometry)
    expected = (shape[0], shape[1] * kernel[0] * kernel[1], size[0] * size[1])
    if columns.shape != expected:
        raise ValueError(f"{operation}: columns must have shape {expected}, got {columns.shape}")
    summed = np.dtype(np.float32 if dtype == "float16" else dtype)
    (top, bottom), (left, right) = ends
    images = np.zeros((*shape[:2], top + shape[2] + bottom, left + shape[3] + right), summed)
    for planes, of_image in zip(images, to_kernel(columns, summed), strict=True):
        windows = of_image.reshape(shape[1], *kernel, *size)
        add_windows(planes, windows, _pair(geometry.stride), _pair(geometry.dilation))
    return from_kernel(crop_planes(images, ends, shape[2:]), dtype)


def _geometry(
    operation: str, shape: tuple[int, ...], kernel_size: object, stride: object, padding: object, dilation: object
) -> tuple[tuple[int, int], ConvGeometry]:
    """Return the kernel's size, and the geometry of the convolution that has it."""
    kernel = _pair(check_sizes(operation, "kernel_size", kernel_size, 1, 2))
    weight_shape = (1, shape[1], *kernel)
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
    return kernel, conv_geometry(operation, shape, weight_shape, **options)


def _pair(sizes: tuple[int, ...]) -> tuple[int, int]:
    return sizes[0], sizes[1]


def _pairs(geometry: ConvGeometry) -> tuple[tuple[int, int], tuple[int, int]]:
    return geometry.padding[0], geometry.padding[1]
