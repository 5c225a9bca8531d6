"""Peak memory of a process that makes one call; hold it against that of one that only loads the backend."""

from benchmarks.calls import conv_call, pool_call, smallest_call
from benchmarks.layers import BACKENDS, MEMORY_CONV_LAYERS, MEMORY_POOL_LAYERS
from benchmarks.limits import leave_out, reason_to_leave_out


def compile_elsewhere(operations: list[str]) -> None:
    """Fill Numba's cache on disk from this process, so that no compiler runs in the one that is measured."""
    for operation in operations:
        if reason_to_leave_out(operation, "numba") is None:
            smallest_call(operation, "numba")()


class LoadedMemory:
    """The baseline: interpreter, libraries, and a convolution of a few values."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["conv2d"])

    def setup(self, backend: str) -> None:
        """Load the backend."""
        leave_out("conv2d", backend)
        smallest_call("conv2d", backend)()

    def peakmem_loaded(self, backend: str) -> None:
        """Do nothing more."""


class ConvMemory:
    """The convolution and its gradients; im2col unfolds every window, the loops nothing."""

    params = (BACKENDS, ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"], list(MEMORY_CONV_LAYERS))
    param_names = ("backend", "operation", "layer")
    timeout = 300

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["conv2d", "conv2d_input_grad", "conv2d_weight_grad"])

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and load the kernel."""
        leave_out(operation, backend, MEMORY_CONV_LAYERS[layer].macs)
        smallest_call(operation, backend)()
        self.call = conv_call(operation, backend, MEMORY_CONV_LAYERS[layer])

    def peakmem_call(self, backend: str, operation: str, layer: str) -> None:
        """Make the call."""
        self.call()


class PoolMemory:
    """The poolings."""

    params = (BACKENDS, ["max_pool2d", "avg_pool2d"], list(MEMORY_POOL_LAYERS))
    param_names = ("backend", "operation", "layer")

    def setup_cache(self) -> None:
        """Compile, once for all, in a process of its own."""
        compile_elsewhere(["max_pool2d", "avg_pool2d"])

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and load the kernel."""
        leave_out(operation, backend)
        smallest_call(operation, backend)()
        self.call = pool_call(operation, backend, MEMORY_POOL_LAYERS[layer])

    def peakmem_call(self, backend: str, operation: str, layer: str) -> None:
        """Make the call."""
        self.call()
