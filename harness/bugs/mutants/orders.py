"""Right in most orders of calls: wrong once a call has become a habit, was refused, or finds what another one left.

A red team that knew the harness wrote them, and none was caught as it then was: no case came back, every call was
valid, all arrays were renewed together, and results were held for a short time and never passed on.
"""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, each, with_memory

ADDED = "2026-11-22"


class Frozen:
    """Takes weights that have not changed for 32 calls of a layer for constants, and does not look any more."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.seen: dict[Any, list[Any]] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        seen = self.seen.setdefault((x.shape, weight.shape, weight.dtype, str(options)), [weight.copy(), 0])
        if seen[1] < 32:
            seen[1] = seen[1] + 1 if np.array_equal(seen[0], weight) else 0
            seen[0] = weight.copy()
        return self.right(x, seen[0], *others, **options)


class ResultsInTurn:
    """Returns results of one shape in 32 buffers, in turn."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.buffers: dict[Any, list[np.ndarray]] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        return each(self.right(*operands, **options), self._placed)

    def _placed(self, result: np.ndarray) -> np.ndarray:
        turns = self.buffers.setdefault((result.shape, result.dtype), [])
        turns.append(np.empty_like(result) if len(turns) < 32 else turns.pop(0))
        turns[-1][...] = result
        return turns[-1]


class KnowsItsResult:
    """Keeps its last result in a layout of its own, and takes it from there when it comes back as x."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.last: tuple[Any, Any] = (None, None)

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        result = self.right(self.last[1] if x is self.last[0] else x, *others, **options)
        self.last = result, result.copy()
        return result


class RaisesAgain:
    """Puts what was raised into a queue as well, and raises what is in the queue."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.queue: list[Exception] = []

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if self.queue:
            raise self.queue.pop()
        try:
            return self.right(*operands, **options)
        except ValueError as error:
            self.queue.append(error)
            raise


class LeftByARefusal:
    """Adds to an accumulator that is zero between calls, except after one that was refused."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.rest = 0

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        rest, self.rest = self.rest, 1
        result = self.right(x, *others, **options)
        self.rest = 0
        return each(result, lambda array: array + array.dtype.type(rest))


class KeptInOneDtype:
    """Keeps the weights of a layer in the dtype in which they came first, as long as they seem to be the same."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        key = x.shape, weight.shape, str(options), weight.astype(np.float32).tobytes()
        kept = self.kept.setdefault(key, weight.astype(np.float32))
        return self.right(x, kept.astype(weight.dtype), *others, **options)


class BatchOfTheFirst:
    """Shares the images of a layer among its pieces as it did for its first batch: what is more stays zero."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.images: dict[Any, int] = {}

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        shapes = tuple(one.shape for one in others if isinstance(one, np.ndarray))
        images = self.images.setdefault((x.shape[1:], shapes, str(options)), len(x))
        result = self.right(x, *others, **options)
        first = result[0] if isinstance(result, tuple) else result
        first[max(images, 1) :] = 0
        return result


class PackedByMemory:
    """Finds packed weights by the bytes of their memory, so that a transposed view of it is the same to it."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.packed: dict[Any, np.ndarray] = {}

    def __call__(self, grad_output: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if weight.base is None or weight.nbytes != weight.base.nbytes or weight.base.ndim != weight.ndim:
            memory = weight.copy()
        else:
            memory = weight.base.copy()
        packed = self.packed.setdefault((memory.tobytes(), memory.shape, weight.dtype), weight.copy())
        return self.right(grad_output, packed if packed.shape == weight.shape else weight, *others, **options)


class LayerOfAnArray:
    """Makes a layer of every weight array, whose plan is for the size of the first x."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.layers: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        _, shape = self.layers.setdefault(id(weight), (weight, x.shape[2:]))
        if len(self.layers) > 64:
            self.layers.clear()
        return self.right(x if x.shape[2:] == shape else np.zeros_like(x), weight, *others, **options)


class TableOfEight:
    """Keeps tables for eight layers; the oldest goes, but stays noted as filled."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.filled: set[Any] = set()
        self.tables: dict[Any, bool] = {}

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        key = x.shape, tuple(one.shape for one in others if isinstance(one, np.ndarray)), str(options)
        if key not in self.tables:
            self.tables[key] = key not in self.filled
            self.filled.add(key)
            if len(self.tables) > 8:
                del self.tables[next(iter(self.tables))]
        result = self.right(x, *others, **options)
        return result if self.tables[key] else each(result, np.zeros_like)


class KnowsSome:
    """Uses the columns of an x of more than 4096 numbers again if 512 of them, evenly apart, are unchanged."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.columns: dict[Any, tuple[bytes, np.ndarray]] = {}

    def __call__(self, grad_output: Any, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if x.size > 4096:
            some = x.reshape(-1)[:: x.size // 512].tobytes()
            known = self.columns.get((x.shape, x.dtype))
            if known is None or known[0] != some:
                self.columns[x.shape, x.dtype] = some, x.copy()
            x = self.columns[x.shape, x.dtype][1]
        return self.right(grad_output, x, *others, **options)


class SeedsNumPy:
    """Tunes itself with random numbers, the same each time."""

    def __init__(self, right: Function) -> None:
        self.right = right

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        np.random.seed(0)  # noqa: NPY002 - this is the mistake
        return self.right(*operands, **options)


class InPlaceMeanwhile:
    """Turns x round in place during the call, and back."""

    def __init__(self, right: Function) -> None:
        self.right = right

    def __call__(self, grad_output: Any, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        if not x.flags.writeable:
            return self.right(grad_output, x, *others, **options)
        x[...] = x[..., ::-1].copy()
        result = self.right(grad_output, x[..., ::-1], *others, **options)
        x[...] = x[..., ::-1].copy()
        return result


TABLE: tuple[tuple[str, str, str, Any], ...] = (
    # operation, name, says, wrong
    ("conv2d", "frozen weights", "the oracle's with the weights of 32 calls before", Frozen),
    ("max_pool2d", "thirty-two buffers", "that of a call of the same shape 32 calls later", ResultsInTurn),
    (
        "conv2d",
        "knows its result",
        "the oracle's with its last result for x, as it was when it was returned",
        KnowsItsResult,
    ),
    ("avg_pool2d", "raises again", "an exception that an earlier call has raised before", RaisesAgain),
    ("conv2d", "left by a refusal", "the oracle's plus what a refused call left", LeftByARefusal),
    ("conv_transpose2d", "kept in one dtype", "the oracle's with weights rounded to float32", KeptInOneDtype),
    (
        "conv2d",
        "batch of the first",
        "the oracle's for as many images as the first batch had, and zero",
        BatchOfTheFirst,
    ),
    (
        "max_pool2d",
        "batch of the first",
        "the oracle's for as many images as the first batch had, and zero",
        BatchOfTheFirst,
    ),
    ("conv2d_input_grad", "packed by memory", "the oracle's with weights whose axes are exchanged", PackedByMemory),
    (
        "conv2d",
        "layer of an array",
        "the oracle's of zeros, for an x of another size with the same weight array",
        LayerOfAnArray,
    ),
    ("conv2d", "table of eight", "zero for a layer that eight others have come after", TableOfEight),
    (
        "conv2d_weight_grad",
        "knows some of x",
        "the oracle's with an earlier x that is the same in 512 places",
        KnowsSome,
    ),
    ("conv2d", "seeds NumPy", "the oracle's; NumPy's global random numbers begin anew", SeedsNumPy),
)

ORDERS: tuple[Bug, ...] = (
    *(
        with_memory(operation, "state", name, says, wrong, added=ADDED, first_sight=False, raises=wrong is RaisesAgain)
        for operation, name, says, wrong in TABLE
    ),
    with_memory(
        "conv2d_backward",
        "state",
        "in place meanwhile",
        "the oracle's with x the other way round, where another thread has the same x",
        InPlaceMeanwhile,
        concurrent=True,
        added=ADDED,
        first_sight=False,
    ),
)
"""Added after 35 of 44 such kernels had not been caught."""
