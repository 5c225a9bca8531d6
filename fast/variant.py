"""One backend's way to do one operation, described by data: nothing heavy is imported before it is used."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
        held to it, unless the pair itself is among them, as in ``{"kernel_size": {(3, 3), (5, 5)}}``.
    why : str
        The reason for the limits, in a few words.
    requires : str, optional
        A top-level module that must be importable.
    is_chooser : bool
        Whether the target is no kernel but returns one: it is called with the operation, the dtype, the accuracy asked
        for and the mapping of options and properties (`convoracle.fast.selector.choose_kernel`), and returns a kernel
        that keeps that accuracy. `accuracy` is what its results keep if nothing is asked for.
    planes : str, optional
        A module with the kernels of `conv2d`, by which the kernel does its work: the target is called with it, and
        returns the kernel.

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
    planes: str | None = None

    def missing(self) -> str | None:
        """Return why this variant cannot be used here, or None if it can."""
        if self.requires is None:
            return None
        try:
            importlib.import_module(self.requires)
        except Exception as error:  # a half-installed module may raise anything
            return f"{self.requires}, which cannot be imported here: {type(error).__name__}: {error}"
        return None

    def load(self, planes: object = None) -> Callable[..., Any]:
        """Import the kernel, or what chooses it, and return it; `planes` may take the place of its own."""
        module, _, function = self.target.partition(":")
        kernel: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return kernel if self.planes is None else kernel(planes or importlib.import_module(self.planes))
