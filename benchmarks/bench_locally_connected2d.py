"""Speed of the locally connected layer and of its gradients, float32."""

from benchmarks.layers import BACKENDS_OF_LOCAL, LOCAL_LAYERS
from benchmarks.measurement import prepare


class LocallyConnected2d:
    """Nanoseconds per multiply-accumulate; the gradients all together, of the two large ones."""

    params = (
        BACKENDS_OF_LOCAL,
        ["locally_connected2d", "locally_connected2d_backward"],
        list(LOCAL_LAYERS),
    )
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, LOCAL_LAYERS[layer])

    def track_locally_connected2d(self, backend: str, operation: str, layer: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()
