"""Peak memory of a process that makes one call; hold it against that of one that only loads the backend."""

from collections.abc import Mapping

from benchmarks.calls import Call, call_of
from benchmarks.layers import (
    BACKENDS,
    BACKENDS_OF_POOLS,
    MEMORY_CONV_LAYERS,
    MEMORY_POOL_LAYERS,
    SMALLEST_CONV,
    SMALLEST_POOL,
    Layer,
)
from benchmarks.limits import leave_out, reason_to_leave_out
from benchmarks.measurement import hold_threads

COMPILED = ("numba", "direct", "auto", "winograd", "plane", "fft")


def compile_elsewhere(operations: list[str], layers: Mapping[str, Layer]) -> None:
    """Fill Numba's cache on disk from this process, so that no compiler runs in the one that is measured."""
    for operation in operations:
        for backend in COMPILED:
            for layer in layers.values():
                if reason_to_leave_out(operation, backend, layer, is_repeated=False) is None:
                    call_of(operation, backend, layer)()


def load(operation: str, backend: str, layer: Layer, smallest: Layer) -> Call:
    """Return a call with its arrays made and its libraries loaded, by a call of a few values."""
    leave_out(operation, backend, layer, is_repeated=False)
    call_of(operation, backend, smallest)()
    hold_threads(1)
    return call_of(operation, backend, layer)


class LoadedMemory:
    """The baseline: interpreter, libraries, and a convolution of a few values."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["conv2d"], {"smallest": SMALLEST_CONV})

    def setup(self, backend: str) -> None:
        """Load the backend."""
        load("conv2d", backend, SMALLEST_CONV, SMALLEST_CONV)

    def peakmem_loaded(self, backend: str) -> None:
        """Do nothing more."""


class ConvMemory:
    """The convolution and its gradients; im2col unfolds every window, the loops nothing."""

    params = (BACKENDS, ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"], list(MEMORY_CONV_LAYERS))
    param_names = ("backend", "operation", "layer")
    timeout = 300

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["conv2d", "conv2d_input_grad", "conv2d_weight_grad"], MEMORY_CONV_LAYERS)

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and load the kernel."""
        self.call = load(operation, backend, MEMORY_CONV_LAYERS[layer], SMALLEST_CONV)

    def peakmem_call(self, backend: str, operation: str, layer: str) -> None:
        """Make the call."""
        self.call()


class PoolMemory:
    """The poolings."""

    params = (BACKENDS_OF_POOLS, ["max_pool2d", "avg_pool2d"], list(MEMORY_POOL_LAYERS))
    param_names = ("backend", "operation", "layer")

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["max_pool2d", "avg_pool2d"], MEMORY_POOL_LAYERS)

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and load the kernel."""
        self.call = load(operation, backend, MEMORY_POOL_LAYERS[layer], SMALLEST_POOL)

    def peakmem_call(self, backend: str, operation: str, layer: str) -> None:
        """Make the call."""
        self.call()
