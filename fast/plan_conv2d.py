"""A convolution whose weights are prepared once and used many times."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convoracle.fast import registry
from convoracle.fast.arguments import IntOrSizes, check_shape
from convoracle.fast.arrays import accumulator, check_array, check_dtype, to_kernel
from convoracle.fast.conv_geometry import ConvPadding, conv_geometry
from convoracle.fast.convolution import check_bias, properties_of
from convoracle.fast.kernels import BOUND, bind_kernel
from convoracle.fast.selector import choose_backend


class Prepared(NamedTuple):
    """What is called for a batch: ``kernel(x, *operands, **options)``."""

    kernel: Callable[..., np.ndarray]
    operands: tuple[np.ndarray | None, ...]
    options: dict[str, Any]
    nbytes: int
    """Memory it keeps beside the weight and the bias."""


class ConvPlan:
    """What `plan_conv2d` returns; call it with a batch.

    Several threads may call it at once: no result depends on what was called before. It has copies of the weight and
    the bias. A pickled plan is made again, by the same backend, where it is loaded.

    Attributes
    ----------
    backend : str
        The backend that computes.
    image_shape : (C, H, W)
        Shape of the images it takes.
    dtype : str
        Their dtype.
    nbytes : int
        Memory it keeps.
    """

    def __init__(
        self,
        backend: str,
        weight: np.ndarray,
        bias: np.ndarray | None,
        image_shape: tuple[int, ...],
        options: dict[str, Any],
    ) -> None:
        self.backend = backend
        self.image_shape = image_shape
        self.dtype = weight.dtype.name
        self._options = options
        self._weight = np.array(weight, order="C")
        self._bias = None if bias is None else np.array(bias, order="C")
        self._prepared = _prepare(backend, self._weight, self._bias, image_shape, options)
        self._calls: dict[object, Callable[..., np.ndarray]] = {}
        self.nbytes = sum(array.nbytes for array in (self._weight, self._bias) if array is not None)
        self.nbytes += self._prepared.nbytes

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Convolve a batch.

        Parameters
        ----------
        x : array (N, C, H, W)
            Any number of images of the shape and the dtype that were planned for.

        Returns
        -------
        array (N, F, H_out, W_out)
            The same, bit for bit, as that of `convoracle.conv2d` by the same backend.

        Raises
        ------
        ValueError, TypeError
            For another shape or dtype.
        """
        # What has been checked before is known by its shape, its dtype and whether a kernel can have it as it is.
        kind = (x.shape, x.dtype, x.flags.carray) if type(x) is np.ndarray else None
        call = self._calls.get(kind)
        if call is None:
            images = check_array("plan", "x", x, "NCHW")
            if images.shape[1:] != self.image_shape:
                raise ValueError(
                    f"plan: x must have shape (N, {', '.join(map(str, self.image_shape))}), which was planned for, "
                    f"got {images.shape}"
                )
            check_dtype("plan", x=images, weight=self._weight)
            kernel, operands, options, _ = self._prepared
            call = bind_kernel(kernel, self.dtype, (images, *operands), (), options)
            if kind is None:
                return call(images, *operands)
            if len(self._calls) >= BOUND:
                self._calls.clear()
            self._calls[kind] = call
        return call(x, *self._prepared.operands)

    def __repr__(self) -> str:
        image = ", ".join(map(str, self.image_shape))
        return (
            f"<plan of conv2d by {self.backend}: x (N, {image}) {self.dtype}, weight {self._weight.shape}, "
            f"{self.nbytes / 2**20:.1f} MiB kept>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return ConvPlan, (self.backend, self._weight, self._bias, self.image_shape, self._options)


def plan_conv2d(
    weight: np.ndarray,
    x_shape: tuple[int, int, int, int],
    bias: np.ndarray | None = None,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> ConvPlan:
    """Prepare a convolution whose weight stays the same.

    What `convoracle.conv2d` finds out in every call, which algorithm is the fastest and how it shares out the work,
    is found out here, and weights that the algorithm transforms are transformed here.

    Parameters
    ----------
    weight : array (F, C // groups, kH, kW) of float16, float32, float64 or int8 to int64
        The filters. They are copied: later changes do not matter.
    x_shape : (N, C, H, W)
        Shape of the images. Their number N does not matter: the plan takes any.
    bias : array (F,) of the same dtype, optional
        Added to every output of a filter; copied.
    stride, padding, dilation, groups
        As `convoracle.conv2d`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep; the one in force if not given.

    Returns
    -------
    ConvPlan
        ``plan(x)`` is ``conv2d(x, weight, bias, ...)``, bit for bit.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `convoracle.conv2d`.

    See Also
    --------
    convoracle.explain_conv2d : which algorithm, and why.

    Examples
    --------
    >>> weight = np.ones((4, 3, 1, 1), np.float32)
    >>> plan = plan_conv2d(weight, (1, 3, 8, 9), backend="im2col")
    >>> plan
    <plan of conv2d by im2col: x (N, 3, 8, 9) float32, weight (4, 3, 1, 1), 0.0 MiB kept>
    >>> plan(np.ones((2, 3, 8, 9), np.float32)).shape
    (2, 4, 8, 9)
    """
    filters = check_array("plan_conv2d", "weight", weight, "FCHW")
    offsets = None if bias is None else check_array("plan_conv2d", "bias", bias, "F")
    dtype = check_dtype("plan_conv2d", weight=filters, bias=offsets)
    if offsets is not None:
        check_bias("plan_conv2d", offsets, len(filters))
    shape = check_shape("plan_conv2d", "x_shape", x_shape, "NCHW")
    options = conv_geometry(
        "plan_conv2d", shape, filters.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ).options()
    properties = properties_of(shape, filters.shape, accuracy)
    chosen = choose_backend("conv2d", backend, dtype, options, properties)
    return ConvPlan(chosen, filters, offsets, shape[1:], options)


def _prepare(
    backend: str,
    weight: np.ndarray,
    bias: np.ndarray | None,
    image_shape: tuple[int, ...],
    options: dict[str, Any],
) -> Prepared:
    """Return what a plan calls.

    A backend's module that has functions `prepare` and `conv2d_prepared` prepares weights.
    """
    variant = registry.variant("conv2d", backend)
    computed = accumulator(weight.dtype.name)
    filters = to_kernel(weight, computed)
    offsets = None if bias is None else to_kernel(bias, computed)
    module = importlib.import_module(variant.target.partition(":")[0])
    if hasattr(module, "prepare"):
        prepared = module.prepare(filters, (1, *image_shape), **options)
        return Prepared(lambda x, bias: module.conv2d_prepared(x, prepared, bias), (offsets,), {}, _bytes_of(prepared))
    return Prepared(variant.load(), (filters, offsets), options, 0)


def _bytes_of(prepared: Any) -> int:
    """Return the bytes of the arrays in an object, and in what it consists of."""
    if isinstance(prepared, np.ndarray):
        return prepared.nbytes
    if isinstance(prepared, tuple | list):
        return sum(map(_bytes_of, prepared))
    return sum(map(_bytes_of, vars(prepared).values())) if hasattr(prepared, "__dict__") else 0
