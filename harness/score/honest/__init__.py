"""Candidates that are right: a harness that fails one of them cries wolf."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convoracle.fast import registry
from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.candidates.source import PEERS, CannotRun, Source
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score.honest import recovering, remembering, summation, transforms, unusual

ALL_DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64")
FLOATS = ("float32", "float64")


@dataclass(frozen=True)
class Honest:
    """A right implementation of one operation, and what it says about itself.

    Parameters
    ----------
    name : str
        Unique: the operation, a slash, and what it is.
    operation : str
        What it is an implementation of.
    make : callable
        Returns a fresh candidate.
    accuracy : str
        The bound it promises to keep.
    dtypes : tuple of str
        The dtypes it takes.
    limits : mapping
        What it does not do, as `verify` takes it.
    concurrent : bool
        Whether it promises to be right in several threads at once.
    """

    name: str
    operation: str
    make: Callable[[], Callable[..., Any]]
    accuracy: str = "componentwise"
    dtypes: tuple[str, ...] = FLOATS
    limits: Mapping[str, Any] = field(default_factory=dict)
    concurrent: bool = True


def _around(operation: str, name: str, way: Callable[..., Any], **declared: Any) -> Honest:
    """Return a right implementation, with something unusual done around it that the contract allows."""
    return Honest(f"{operation}/{name}", operation, lambda: functools.partial(way, right(operation)), **declared)


def _with_memory(operation: str, name: str, way: Callable[..., Any], **declared: Any) -> Honest:
    """Return one that keeps something between calls, as the contract allows."""
    return Honest(f"{operation}/{name}", operation, lambda: way(right(operation)), **declared)


SUMS = ("reversed", "pairwise", "blocked", "permuted", "kahan", "in float64", "by largest", "einsum", "as matrices")
STRIDE_1 = {"stride": {1}}
WINOGRAD = {"kernel_size": {3}, "stride": {1}, "dilation": {1}}

HONEST: tuple[Honest, ...] = (
    *(
        Honest(f"{name}/loopback", name, functools.partial(right, name), dtypes=_dtypes)
        for name in OPERATIONS
        for _dtypes in [ALL_DTYPES if OPERATIONS[name].takes_integers else FLOATS]
    ),
    *(Honest(f"conv2d/summed {order}", "conv2d", functools.partial(summation.convolution, order)) for order in SUMS),
    *(
        Honest(f"conv1d/summed {order}", "conv1d", functools.partial(summation.convolution, order))
        for order in ("reversed", "pairwise", "kahan")
    ),
    Honest("conv3d/summed permuted", "conv3d", functools.partial(summation.convolution, "permuted")),
    Honest("conv2d/winograd F(2x2, 3x3)", "conv2d", lambda: transforms.winograd2, "normwise", limits=WINOGRAD),
    Honest("conv2d/winograd F(4x4, 3x3)", "conv2d", lambda: transforms.winograd4, "normwise", limits=WINOGRAD),
    Honest("conv2d/fft", "conv2d", lambda: transforms.fft, "normwise"),
    _around("conv2d", "stride 1 only", unusual.as_it_is, limits=STRIDE_1),
    _around("conv2d", "no groups", unusual.without_groups, limits={"groups": {1}}),
    _around("conv2d", "no dilation, float64 only", unusual.as_it_is, limits={"dilation": {1}}, dtypes=("float64",)),
    _around("conv2d", "int8 only", unusual.as_it_is, dtypes=("int8",)),
    _around("conv2d", "square kernels", unusual.refusing_other_kernels, limits={"kernel_size": {(3, 3)}}),
    _around("conv2d", "raises outside its limits", unusual.refusing_strides, limits=STRIDE_1),
    _around("max_pool2d", "values only", unusual.as_it_is, limits={"return_indices": {False}}),
    _around("avg_pool2d", "no ceil_mode", unusual.as_it_is, limits={"ceil_mode": {False}}),
    *(
        _around(operation, "Fortran order", unusual.in_fortran_order)
        for operation in ("conv2d", "conv2d_backward", "max_pool2d", "avg_pool2d", "linear")
    ),
    *(
        _around(operation, "channels last inside", unusual.channels_last)
        for operation in ("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "relu")
    ),
    *(
        _around(operation, "negative zero", unusual.with_negative_zeros)
        for operation in ("conv2d", "conv2d_input_grad", "max_pool2d_backward", "relu", "upsample2d")
    ),
    *(
        _around(operation, "a thread for each image", unusual.an_image_a_thread)
        for operation in ("conv2d", "avg_pool2d")
    ),
    _around("conv2d", "with a margin around it", unusual.inside_a_margin),
    _around("conv2d", "backwards in memory", unusual.backwards_in_memory),
    _around("conv2d_bias_grad", "read-only", unusual.read_only),
    _around("avg_pool2d", "read-only", unusual.read_only),
    _around("conv2d_backward", "one buffer for three gradients", unusual.cut_from_one_buffer),
    _around("linear_backward", "a list of gradients", unusual.as_a_list),
    *(
        _with_memory(operation, "workspace", remembering.Workspace, concurrent=False)
        for operation in ("conv2d", "conv2d_weight_grad", "max_pool2d")
    ),
    *(
        _around(operation, "refuses to do nothing", unusual.refusing_nothing)
        for operation in ("conv2d", "conv2d_weight_grad", "avg_pool2d")
    ),
    _with_memory("conv2d", "a workspace for each thread", remembering.WorkspaceOfThread),
    _with_memory("conv2d", "a workspace and a lock", remembering.LockedWorkspace),
    *(_with_memory(operation, "memoises by content", remembering.Memo) for operation in ("conv2d", "avg_pool2d")),
    _with_memory("conv2d", "pool of arrays", remembering.Pool, concurrent=False),
    _with_memory("conv2d", "warms up", remembering.WarmsUp),
    _with_memory("conv2d", "packs weights by content", remembering.PacksWeights),
    _with_memory("conv_transpose2d", "spreads into planes", remembering.SpreadsIntoPlanes, concurrent=False),
    *(
        _with_memory(operation, "prepares for layers", remembering.PreparesForLayers, concurrent=False)
        for operation in ("conv2d", "conv2d_input_grad", "conv_transpose2d", "max_pool2d", "avg_pool2d")
    ),
    _with_memory("conv2d", "keeps what is its own", remembering.KeepsCopies),
    _with_memory("conv2d_weight_grad", "adds as they come", remembering.AddsAsTheyCome),
    _with_memory("conv2d", "autotunes", remembering.Autotunes),
    _with_memory("conv2d", "takes back", remembering.TakesBack, concurrent=False),
    *(
        _with_memory(operation, "keeps eight weights", recovering.LeastRecentlyUsed)
        for operation in ("conv2d", "conv2d_input_grad", "conv_transpose2d")
    ),
    *(
        _with_memory(operation, "knows the last x", recovering.KnowsTheLast)
        for operation in ("conv2d", "conv3d", "max_pool2d")
    ),
    *(
        _with_memory(operation, "zero between calls", recovering.ZeroBetweenCalls, concurrent=False)
        for operation in ("conv2d", "conv2d_weight_grad", "avg_pool2d")
    ),
    *(
        _with_memory(operation, "grows and clears", recovering.GrowsAndClears)
        for operation in ("conv2d", "conv2d_backward", "max_pool2d")
    ),
    *(
        _with_memory(operation, "cuts from margins", recovering.CutsFromMargins)
        for operation in ("conv2d", "avg_pool2d", "conv_transpose2d_backward")
    ),
    Honest("avg_pool2d/tap by tap", "avg_pool2d", lambda: unusual.mean_by_taps),
    Honest(
        "max_pool2d/by rows, then columns",
        "max_pool2d",
        lambda: unusual.maximum_by_axes,
        limits={"return_indices": {False}},
    ),
    Honest("relu/np.maximum", "relu", lambda: unusual.relu_by_maximum),
    Honest("linear/matmul", "linear", lambda: unusual.linear_by_matmul),
)
"""What comes without any backend or peer: loopbacks of the oracle, other orders and algorithms, odd but legal ways."""


def backends() -> tuple[Honest, ...]:
    """Return every variant of every backend that can be used here, and at every accuracy that it can be asked for."""
    found = []
    for backend in registry.backends():
        try:
            variants = registry.variants_of(backend)
        except ImportError:
            continue
        for operation, variant in variants.items():
            if operation in OPERATIONS and variant.missing() is None:
                for source in sources_of(backend, variant):
                    candidate = source.load(operation)
                    kept = _kept(operation, variant.dtypes)
                    make = functools.partial(functools.partial, candidate.function)
                    asked = f" {source.accuracy}" if source.accuracy else ""
                    name = f"{operation}/backend {backend}{asked}"
                    found.append(Honest(name, operation, make, candidate.accuracy, kept, variant.limits))
    return tuple(found)


def sources_of(backend: str, variant: registry.Variant) -> tuple[Source, ...]:
    """Return a variant as it is, and as it is when it is asked for more accuracy than it keeps by itself."""
    if variant.is_chooser and variant.accuracy == "normwise":
        return Source("backend", backend), Source("backend", backend, "componentwise")
    return (Source("backend", backend),)


def peers() -> tuple[Honest, ...]:
    """Return every operation of every peer library that can be imported here."""
    found = []
    for peer in PEERS:
        try:
            operations = Source("peer", peer).operations()
        except CannotRun:
            continue
        for operation in operations:
            candidate = Source("peer", peer).load(operation)
            make = functools.partial(functools.partial, candidate.function)
            kept = _kept(operation, candidate.dtypes)
            found.append(Honest(f"{operation}/{peer}", operation, make, candidate.accuracy, kept, candidate.limits))
    return tuple(found)


def _kept(operation: str, dtypes: tuple[str, ...]) -> tuple[str, ...]:
    """Return those dtypes that the operation has."""
    return tuple(d for d in dtypes if OPERATIONS[operation].takes_integers or not d.startswith("int"))
