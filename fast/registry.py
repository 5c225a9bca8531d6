"""Which backend can do what: a table of strings, so that nothing heavy is imported before a backend is used.

A backend is a mapping from operation to `Variant`. The built-in ones are listed here; others come from the entry points
of installed distributions (`convoracle.fast.plugins`). A variant's kernel is called with normalised arguments (see
`convoracle.fast.kernels` for the exact calls) and trusts them.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convoracle.fast import plugins

ALL_DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64")
FLOAT_DTYPES = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Variant:
    """One backend's way to do one operation.

    Parameters
    ----------
    target : str
        The kernel, as "package.module:function".
    accuracy : "componentwise" or "normwise"
        Which error bound the floating-point results keep.
    dtypes : tuple of str
        Dtypes of the arguments it takes.
    limits : mapping of str to a set
        Option names and the only values they may have, for example ``{"dilation": {1}}``; every number of a pair is
        held to it.
    why : str
        The reason for the limits, in a few words.
    requires : str, optional
        A top-level module that must be importable.
    is_chooser : bool
        Whether the target is no kernel but returns one: it is called with the operation, the dtype, the accuracy asked
        for and the mapping of options and properties (`convoracle.fast.selector.choose_kernel`), and returns a kernel
        that keeps that accuracy. `accuracy` is what its results keep if nothing is asked for.

    Examples
    --------
    >>> Variant("my_kernels.winograd:conv2d", limits={"stride": {1}}, why="F(2, 3) has stride 1").missing() is None
    True
    """

    target: str
    accuracy: str = "componentwise"
    dtypes: tuple[str, ...] = ALL_DTYPES
    limits: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    requires: str | None = None
    is_chooser: bool = False

    def missing(self) -> str | None:
        """Return why this variant cannot be used here, or None if it can."""
        if self.requires is None:
            return None
        try:
            importlib.import_module(self.requires)
        except Exception as error:  # a half-installed module may raise anything
            return f"{self.requires}, which cannot be imported here: {type(error).__name__}: {error}"
        return None

    def load(self) -> Callable[..., Any]:
        """Import the kernel, or what chooses it, and return it."""
        module, _, function = self.target.partition(":")
        kernel: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return kernel


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
"""Primitives every backend leaves to NumPy, having nothing better: so a whole network runs on one backend."""

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


def _built_in(suffix: str, *tables: Mapping[str, tuple[str, ...]], requires: str | None = None) -> dict[str, Variant]:
    """Return the variants of a backend whose kernels live in ``convoracle.fast.readable.<primitive>_<suffix>``."""
    return {
        operation: Variant(
            f"convoracle.fast.readable.{primitive}_{'numpy' if primitive in BY_NUMPY else suffix}:{operation}",
            dtypes=FLOAT_DTYPES if primitive in FLOATS_ONLY else ALL_DTYPES,
            requires=requires,
        )
        for primitives in tables
        for primitive, operations in primitives.items()
        for operation in operations
    }


def _scipy_fft() -> dict[str, Variant]:
    """Return the variants of the FFT backend: those operations that are correlations of two full operands."""
    return {
        operation: Variant(
            f"convoracle.fast.readable.{primitive}_scipy_fft:{operation}",
            accuracy="normwise",
            dtypes=("float32", "float64"),
            requires="scipy",
        )
        for primitive, operations in CONVOLUTIONS.items()
        for operation in operations
        if not operation.endswith("_bias_grad")
    }


def _direct() -> dict[str, Variant]:
    """Return the variants of the backend built on vectors of floats: the convolutions and the pools."""
    return {
        operation: Variant(
            f"convoracle.fast.direct.{primitive}:{operation}", dtypes=("float32", "float64"), requires="numba"
        )
        for primitive, operations in (CONVOLUTIONS | POOLS).items()
        for operation in operations
    }


def _winograd() -> dict[str, Variant]:
    """Return the variants by Winograd's algorithm: the convolution of planes, and its gradients."""
    floats = ("float32", "float64")
    limits = {"kernel_size": {3}, "stride": {1}, "dilation": {1}}
    why = "Winograd's F(2, 3) and F(4, 3)"
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
    "im2col": _built_in("im2col", CONVOLUTIONS, POOLS, LOCAL, BY_NUMPY),
    "numba": _built_in("numba", CONVOLUTIONS, POOLS, LOCAL, BY_NUMPY, requires="numba"),
    "scipy": _built_in("scipy", CONVOLUTIONS, POOLS, BY_NUMPY, requires="scipy"),
    "scipy-fft": _scipy_fft(),
    "direct": _direct(),
    "winograd": _winograd(),
    "plane": _plane(),
    "fft": _fft(),
    "auto": _auto(),
}
OPERATIONS = tuple(BUILT_IN["im2col"])


def operations() -> tuple[str, ...]:
    """Return the names of the operations."""
    return OPERATIONS


def backends() -> tuple[str, ...]:
    """Return the names of the backends, built in and then installed by third parties, without importing any."""
    return (*BUILT_IN, *sorted(plugins.names() - BUILT_IN.keys()))


def is_backend(name: str) -> bool:
    """Tell whether there is a backend of this name; plug-ins are looked for only if it is not built in."""
    return name in BUILT_IN or name in plugins.names()


def missing(backend: str) -> str | None:
    """Return why a backend cannot be used here (a module is missing, a plug-in is broken), or None if it can."""
    try:
        table = variants_of(backend)
    except (ImportError, ValueError) as error:
        return str(error)
    reasons = (variant.missing() for variant in table.values())
    return next((reason for reason in reasons if reason is not None), None)


def variants_of(backend: str) -> Mapping[str, Variant]:
    """Return the variants of one backend by operation; a plug-in is imported here, the first time it is named.

    Raises
    ------
    ValueError
        For an unknown name.
    ImportError
        For a plug-in that is broken.
    """
    if backend in BUILT_IN:
        return BUILT_IN[backend]
    if not is_backend(backend):
        raise ValueError(f"unknown backend {backend!r}; available: {', '.join(backends())}")
    return plugins.load(backend, Variant, OPERATIONS)


def variants(operation: str) -> dict[str, Variant]:
    """Return the built-in variants of one operation by backend.

    Plug-ins are left out: they change nothing until they are named.

    Raises
    ------
    ValueError
        For an unknown operation.

    Examples
    --------
    >>> list(variants("max_pool2d"))
    ['im2col', 'numba', 'scipy', 'direct', 'auto']
    """
    _check_operation(operation)
    return {backend: table[operation] for backend, table in BUILT_IN.items() if operation in table}


def variant(operation: str, backend: str) -> Variant:
    """Return one backend's variant of one operation.

    Raises
    ------
    ValueError
        For an unknown operation or backend, or a backend that does not have the operation.
    ImportError
        For a plug-in that is broken.

    Examples
    --------
    >>> variant("conv2d", "scipy-fft").accuracy
    'normwise'
    """
    _check_operation(operation)
    if not is_backend(backend):
        raise ValueError(f"unknown backend {backend!r}; available for {operation}: {', '.join(variants(operation))}")
    table = variants_of(backend)
    if operation not in table:
        raise ValueError(
            f"backend {backend!r} does not do {operation}; backends that can: {', '.join(variants(operation))}"
        )
    return table[operation]


def _check_operation(operation: str) -> None:
    if operation not in OPERATIONS:
        raise ValueError(f"unknown operation {operation!r}; there are {', '.join(OPERATIONS)}")
