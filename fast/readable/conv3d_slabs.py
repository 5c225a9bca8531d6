"""What a 3-D convolution by planes works on at a time: the stacks of some output planes of some volumes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convoracle.fast.conv_geometry import Shape

SLAB_BYTES = 16 << 20
"""Stacks and their results take so many bytes at a time, or one output plane's worth if that is more."""


class Depth(NamedTuple):
    """The convolution along the depth."""

    taps: int
    stride: int
    before: int
    dilation: int


class Slab(NamedTuple):
    """Some volumes of the batch, and some of their output planes."""

    volumes: slice
    planes: slice
    meetings: tuple[tuple[slice, slice], ...]
    """For each tap the planes of the input that it meets, and which of the slab's output planes meet them."""

    @property
    def shape(self) -> tuple[int, int]:
        """How many volumes, and how many output planes of each."""
        return self.volumes.stop - self.volumes.start, self.planes.stop - self.planes.start

    @property
    def images(self) -> int:
        """How many output planes, each of which is an image."""
        volumes, planes = self.shape
        return volumes * planes

    def stack(self, x: np.ndarray) -> np.ndarray:
        """Return x (N, C, D, H, W) as images (output planes, C * kD, H, W), zeros where a tap meets no plane."""
        _, channels, _, height, width = x.shape
        taps = len(self.meetings)
        stacks = np.zeros((*self.shape, channels, taps, height, width), x.dtype)
        for tap, (met, planes) in enumerate(self.meetings):
            stacks[:, planes, :, tap] = x[self.volumes, :, met].swapaxes(1, 2)
        return stacks.reshape(-1, channels * taps, height, width)

    def add_stacks(self, stacks: np.ndarray, grad: np.ndarray) -> None:
        """Add images (output planes, C * kD, H, W) onto the planes of grad (N, C, D, H, W) they are stacks of."""
        _, channels, _, height, width = grad.shape
        of_taps = stacks.reshape(*self.shape, channels, len(self.meetings), height, width)
        for tap, (met, planes) in enumerate(self.meetings):
            grad[self.volumes, :, met] += of_taps[:, planes, :, tap].swapaxes(1, 2)

    def images_of(self, grad_output: np.ndarray) -> np.ndarray:
        """Return output planes (N, F, D_out, H_out, W_out) as images (output planes, F, H_out, W_out)."""
        planes = np.ascontiguousarray(grad_output[self.volumes, :, self.planes].swapaxes(1, 2))
        return planes.reshape(-1, *planes.shape[2:])

    def write_images(self, images: np.ndarray, out: np.ndarray) -> None:
        """Write images (output planes, F, H_out, W_out) to where they are in out (N, F, D_out, H_out, W_out)."""
        out[self.volumes, :, self.planes] = images.reshape(*self.shape, *images.shape[1:]).swapaxes(1, 2)


def slabs_of(input_shape: Shape, output_shape: Shape, depth: Depth, itemsize: int) -> Iterator[Slab]:
    """Yield all volumes and output planes, so many at a time as may be stacked."""
    batch, channels, planes, height, width = input_shape
    filters, out_planes, rows, columns = output_shape[1:]
    of_plane = itemsize * (channels * depth.taps * height * width + filters * rows * columns)
    wanted = max(SLAB_BYTES // of_plane, 1)
    volumes, at_once = max(wanted // out_planes, 1), min(wanted, out_planes)
    for first_plane in range(0, out_planes, at_once):
        of_slab = slice(first_plane, min(first_plane + at_once, out_planes))
        meetings = tuple(_meeting(tap, of_slab, planes, depth) for tap in range(depth.taps))
        for first in range(0, batch, volumes):
            yield Slab(slice(first, min(first + volumes, batch)), of_slab, meetings)


def _meeting(tap: int, wanted: slice, planes: int, depth: Depth) -> tuple[slice, slice]:
    """Return the planes of the input that a tap of the output planes `wanted` meets, and which of those meet any."""
    offset = tap * depth.dilation - depth.before
    first = max(wanted.start, -(offset // depth.stride))
    last = min(wanted.stop, (planes - 1 - offset) // depth.stride + 1)
    if first >= last:
        return slice(0, 0), slice(0, 0)
    met = slice(first * depth.stride + offset, (last - 1) * depth.stride + offset + 1, depth.stride)
    return met, slice(first - wanted.start, last - wanted.start)
