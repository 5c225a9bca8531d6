"""The arrays of a workload: several sets, between which the calls rotate, so that no result can be an earlier one's."""

import numpy as np

from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.base import Arrays

SETS = 3
MOST_BYTES = 1 << 30
"""So much for all sets together; a layer that needs more has fewer sets."""

_SHARED = ("weight", "bias")
"""The same in every set, as in a network."""


def operand_sets(workload: Workload, direction: str) -> list[Arrays]:
    """Return sets of standard normal operands of a pass, the weights being the same in all."""
    operation = workload.operation(direction)
    shapes = operation.operand_shapes(workload.case)
    count = max(1, min(SETS, MOST_BYTES // workload.bytes_moved(direction)))
    generator = np.random.Generator(np.random.PCG64(0))
    dtype = np.dtype(workload.case.dtype)
    shared = {name: _normal(generator, shapes[name], dtype) for name in _SHARED if name in shapes}
    sets: list[Arrays] = []
    for _ in range(count):
        arrays = {}
        for name, shape in shapes.items():
            if name == "indices":
                arrays[name] = _indices(workload, generator, dtype)
            else:
                arrays[name] = shared[name] if name in shared else _normal(generator, shape, dtype)
        sets.append(arrays)
    return sets


def _indices(workload: Workload, generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Return where the maxima of a random input are."""
    import convoracle

    x = _normal(generator, workload.case.x_shape(), dtype)
    _, keywords = workload.operation("forward").arguments(workload.case, {"x": x})
    _, indices = convoracle.max_pool2d(x, workload.case.kernel_size, **{**keywords, "return_indices": True})
    return np.asarray(indices)


def _normal(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return generator.standard_normal(shape, np.float32 if dtype == np.float32 else np.float64)
