"""The built-in backends: what each does, as a table from operation to `Variant`.

A new kernel is listed here, with its limits and their reason. The others come from plug-ins
(`convoracle.fast.plugins`).
"""

from collections.abc import Mapping
from typing import Any

from convoracle.fast.variant import ALL_DTYPES, FLOAT_DTYPES, Variant


def _with_gradients(operation: str) -> tuple[str, ...]:
    gradients = ("input_grad", "weight_grad", "bias_grad", "backward")
    return (operation, *(f"{operation}_{gradient}" for gradient in gradients))


CONVOLUTIONS = {name: _with_gradients(name) for name in ("conv2d", "conv1d", "conv3d", "conv_transpose2d")}
POOLS = {name: (name, f"{name}_backward") for name in ("max_pool2d", "avg_pool2d")}
LOCAL = {"locally_connected2d": ("locally_connected2d", "locally_connected2d_backward")}
BY_NUMPY = {
    name: (name, f"{name}_backward")
    for name in (
        "downsample2d",
        "upsample2d",
        "linear",
        "relu",
        "sigmoid",
        "softmax",
        "log_softmax",
        "cross_entropy",
        "euclidean_loss",
        "mean_subtract",
    )
}
"""Primitives the readable backends leave to NumPy, having nothing better: so a whole network runs on one of them."""

EXPONENTIALS = ("softmax", "log_softmax", "sigmoid", "cross_entropy")
"""Those of them that are mostly exponentials, which `direct` computes by vectors; their gradients are left to NumPy."""

FLOATS_ONLY = (
    "avg_pool2d",
    "sigmoid",
    "softmax",
    "log_softmax",
    "cross_entropy",
    "euclidean_loss",
    "mean_subtract",
)
"""Primitives whose results are no integers: a mean, a quotient, an exponential."""


BY_PLANES = {
    "conv1d": "convoracle.fast.readable.conv1d_by_planes",
    "conv3d": "convoracle.fast.readable.conv3d_by_planes",
    "conv_transpose2d": "convoracle.fast.readable.conv_transpose2d_by_adjoint",
}
"""Convolutions that every backend does by its kernels of `conv2d`, and the modules which say how."""


def _convolution(primitive: str, operation: str, planes: str, **properties: Any) -> Variant:
    """Return a convolution by a module with the kernels of `conv2d`."""
    if primitive in BY_PLANES:
        return Variant(f"{BY_PLANES[primitive]}:{operation}", planes=planes, **properties)
    return Variant(f"{planes}:{operation}", **properties)


def _readable(suffix: str, *tables: Mapping[str, tuple[str, ...]], requires: str | None = None) -> dict[str, Variant]:
    """Return the variants of a backend whose kernels live in ``convoracle.fast.readable.<primitive>_<suffix>``."""
    folder = "convoracle.fast.readable"
    return {
        operation: _convolution(primitive, operation, f"{folder}.conv2d_{suffix}", requires=requires)
        for primitive, operations in CONVOLUTIONS.items()
        for operation in operations
    } | {
        operation: Variant(
            f"{folder}.{primitive}_{'numpy' if primitive in BY_NUMPY else suffix}:{operation}",
            dtypes=FLOAT_DTYPES if primitive in FLOATS_ONLY else ALL_DTYPES,
            requires=requires,
        )
        for primitives in tables
        for primitive, operations in primitives.items()
        for operation in operations
    }


def _scipy_fft() -> dict[str, Variant]:
    """Return the variants of the FFT backend: those operations that are correlations of two full operands."""
    planes = "convoracle.fast.readable.conv2d_scipy_fft"
    return {
        operation: _convolution(
            primitive, operation, planes, accuracy="normwise", dtypes=("float32", "float64"), requires="scipy"
        )
        for primitive, operations in CONVOLUTIONS.items()
        for operation in operations
        if not operation.endswith("_bias_grad")
    }


def _direct() -> dict[str, Variant]:
    """Return the variants of the backend built on vectors of floats: convolutions, pools and exponentials."""
    properties: dict[str, Any] = {"dtypes": ("float32", "float64"), "requires": "numba"}
    return (
        {
            operation: _convolution(primitive, operation, "convoracle.fast.direct.conv2d", **properties)
            for primitive, operations in CONVOLUTIONS.items()
            for operation in operations
        }
        | {
            operation: Variant(f"convoracle.fast.direct.{primitive}:{operation}", **properties)
            for primitive, operations in POOLS.items()
            for operation in operations
        }
        | {
            operation: Variant(f"convoracle.fast.direct.softmax:{operation}", **properties)
            for operation in EXPONENTIALS
        }
    )


def _winograd() -> dict[str, Variant]:
    """Return the variants by Winograd's algorithm: the convolution of planes, and its gradients."""
    floats = ("float32", "float64")
    limits = {"kernel_size": {(3, 3), (5, 5)}, "stride": {1}}
    why = "Winograd's F(2, 3), F(4, 3) and F(2x4, 5x5)"
    transformed = [name for name in CONVOLUTIONS["conv2d"] if not name.endswith("_bias_grad")]
    module = "convoracle.fast.winograd.conv2d"
    return {
        operation: Variant(f"{module}:{operation}", "normwise", floats, limits, why, "numba")
        for operation in transformed
    } | {"conv2d_bias_grad": Variant(f"{module}:conv2d_bias_grad", dtypes=floats, requires="numba")}


def _plane() -> dict[str, Variant]:
    """Return the variants that go plane by plane: the convolution of planes, and its gradients."""
    return {
        operation: Variant(f"convoracle.fast.plane.conv2d:{operation}", dtypes=("float32", "float64"), requires="numba")
        for operation in CONVOLUTIONS["conv2d"]
    }


def _fft() -> dict[str, Variant]:
    """Return the variants by products of spectra: the convolution of planes, and its gradients."""
    return {
        operation: Variant(
            f"convoracle.fast.fft.conv2d:{operation}",
            accuracy="componentwise" if operation.endswith("_bias_grad") else "normwise",
            dtypes=("float32", "float64"),
            requires="numba",
        )
        for operation in CONVOLUTIONS["conv2d"]
    }


def _auto() -> dict[str, Variant]:
    """Return the variants of the backend that chooses among the others: every operation."""
    transformed = {operation for operations in CONVOLUTIONS.values() for operation in operations}
    return {
        operation: Variant(
            "convoracle.fast.auto.choose:choose_kernel",
            accuracy="normwise"
            if operation in transformed and not operation.endswith("_bias_grad")
            else "componentwise",
            dtypes=FLOAT_DTYPES if primitive in FLOATS_ONLY else ALL_DTYPES,
            is_chooser=True,
        )
        for primitive, operations in (CONVOLUTIONS | POOLS | LOCAL | BY_NUMPY).items()
        for operation in operations
    }


BUILT_IN: Mapping[str, Mapping[str, Variant]] = {
    "im2col": _readable("im2col", POOLS, LOCAL, BY_NUMPY),
    "numba": _readable("numba", POOLS, LOCAL, BY_NUMPY, requires="numba"),
    "scipy": _readable("scipy", POOLS, BY_NUMPY, requires="scipy"),
    "scipy-fft": _scipy_fft(),
    "direct": _direct(),
    "winograd": _winograd(),
    "plane": _plane(),
    "fft": _fft(),
    "auto": _auto(),
}
OPERATIONS = tuple(BUILT_IN["im2col"])
