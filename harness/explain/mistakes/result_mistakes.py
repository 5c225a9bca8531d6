"""Mistakes about the result: scaled, in the wrong order, or with a part of it missing."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.explain.mistakes.operand_mistakes import rounded_to
from convoracle.harness.operations.base import Arrays

Change = Callable[[Any, Arrays, np.ndarray], np.ndarray | None]


@dataclass(frozen=True)
class ResultMistake:
    """A change of every output of values, and what it amounts to in words; None where it cannot be."""

    says: str
    change: Change
    cost: int = 3


BLOCKS = (2, 4, 8, 16, 32, 64)


def result_mistakes(axes: int, has_bias: bool, is_gradient: bool) -> Iterator[ResultMistake]:
    """Yield the mistakes about results with so many spatial axes."""
    yield from _of_values()
    if axes:
        yield from _of_order(axes)
    yield from _of_tails(axes, has_bias)
    yield from _of_batches()
    if is_gradient:
        yield ResultMistake(
            "divided by the batch size", lambda case, arrays, result: result / case.n if hasattr(case, "n") else None, 2
        )
        yield ResultMistake("divided by the number of output elements of a channel", _divided, 2)


def _divided(case: Any, arrays: Arrays, result: np.ndarray) -> np.ndarray | None:
    grad = arrays.get("grad_output")
    return None if grad is None or grad.ndim < 2 else result / (grad.size // grad.shape[1])


def _of_values() -> Iterator[ResultMistake]:
    yield ResultMistake("negated", lambda case, arrays, result: -result)
    yield ResultMistake("doubled", lambda case, arrays, result: 2 * result)
    yield ResultMistake("halved", lambda case, arrays, result: result / 2)
    yield ResultMistake("plus one", lambda case, arrays, result: result + 1)
    yield ResultMistake("with every negative value made zero", lambda case, arrays, result: np.maximum(result, 0))
    yield ResultMistake("left at zero", lambda case, arrays, result: np.zeros_like(result))
    yield ResultMistake("with NaN made zero", lambda case, arrays, result: np.where(result != result, 0, result))
    yield ResultMistake("rounded to float16", _as_float16)
    for bits, what in ((8, "bfloat16"), (11, "eleven bits (TensorFloat-32)"), (24, "float32")):
        yield ResultMistake(
            f"rounded to {what}",
            functools.partial(
                lambda bits, case, arrays, result: (
                    rounded_to(result, bits)
                    if case.dtype.startswith("float") and np.finfo(case.dtype).nmant + 1 > bits
                    else None
                ),
                bits,
            ),
        )
    for width in (8, 16, 32):
        yield ResultMistake(
            f"wrapped around at {width} bits",
            functools.partial(
                lambda width, case, arrays, result: (
                    result.astype(f"int{width}").astype(np.int64) if result.dtype.kind == "i" else None
                ),
                width,
            ),
        )
    yield ResultMistake("cut off to integers", lambda case, arrays, result: np.trunc(result))
    yield ResultMistake("rounded down to integers", lambda case, arrays, result: np.floor(result))


def _as_float16(case: Any, arrays: Arrays, result: np.ndarray) -> np.ndarray | None:
    return result.astype(np.float16).astype(np.float64) if case.dtype in ("float32", "float64") else None


def _of_order(axes: int) -> Iterator[ResultMistake]:
    yield ResultMistake(
        "written as channels-last memory (NHWC)",
        lambda case, arrays, result: (
            np.ascontiguousarray(np.moveaxis(result, 1, -1)).reshape(result.shape) if result.ndim > 2 else None
        ),
        2,
    )
    yield ResultMistake(
        "flipped along every axis of its planes",
        lambda case, arrays, result: np.flip(result, tuple(range(2, result.ndim))) if result.ndim > 2 else None,
    )
    if axes > 1:
        yield ResultMistake(
            "with its planes transposed",
            lambda case, arrays, result: result.swapaxes(-1, -2) if result.ndim > 2 else None,
        )
        yield ResultMistake(
            "with its planes written column by column",
            lambda case, arrays, result: result.swapaxes(-1, -2).reshape(result.shape) if result.ndim > 2 else None,
        )
        yield ResultMistake(
            "with its planes transposed where they are square",
            lambda case, arrays, result: (
                result.swapaxes(-1, -2) if result.ndim > 2 and result.shape[-1] == result.shape[-2] else result
            ),
        )
    yield ResultMistake(
        "with its first two axes exchanged where they are equal",
        lambda case, arrays, result: (
            result.swapaxes(0, 1) if result.ndim > 1 and result.shape[0] == result.shape[1] else result
        ),
    )
    for forward, says in (
        (True, "with its channels interleaved between the groups"),
        (False, "with its channels dealt out to the groups in turn"),
    ):
        yield ResultMistake(
            says,
            functools.partial(
                lambda forward, case, arrays, result: _interleaved(result, getattr(case, "groups", 0), forward), forward
            ),
        )


def _of_tails(axes: int, has_bias: bool) -> Iterator[ResultMistake]:
    places = (("columns", -1), ("rows", -2), ("channels", 1)) if axes > 1 else (("columns", -1), ("channels", 1))
    fills: list[tuple[str, str]] = [("left at zero", "zero"), ("one too large", "one")]
    if has_bias:
        fills.append(("holding nothing but the bias", "bias"))
    for where, axis in places:
        for word, fill in fills:
            for block in BLOCKS:
                for also in (False, True):
                    length = f"after the last full {block}" + (", if there is a full one," if not also else "")
                    yield ResultMistake(
                        f"with its {where} {length} {word}",
                        functools.partial(
                            lambda axis, fill, block, also, case, arrays, result: _tail(
                                arrays, result, axis, result_kept(result, axis, block, also), fill
                            ),
                            axis,
                            fill,
                            block,
                            also,
                        ),
                        4,
                    )
            for name, kept in (("last", -1), ("first", 0)):
                yield ResultMistake(
                    f"with its {name} {where.removesuffix('s')} {word}",
                    functools.partial(
                        lambda axis, fill, kept, case, arrays, result: _tail(
                            arrays, result, axis, slice(kept, kept + 1 or None), fill
                        ),
                        axis,
                        fill,
                        kept,
                    ),
                )
        yield ResultMistake(
            f"with the one before in place of the last of its {where}",
            functools.partial(lambda axis, case, arrays, result: _repeated(result, axis), axis),
        )


def result_kept(result: np.ndarray, axis: int, block: int, also_without_full: bool) -> slice | None:
    """Return what comes after the last full block along an axis, None if that is nothing."""
    if result.ndim <= abs(axis) or (axis == -1 and result.ndim == 1):
        return None
    size = result.shape[axis]
    full = size // block * block
    return slice(full, None) if full < size and (full or also_without_full) else None


def _tail(arrays: Arrays, result: np.ndarray, axis: int, where: slice | None, fill: str) -> np.ndarray | None:
    """Return the result with a part of one axis filled otherwise."""
    if where is None or result.ndim < 3:
        return result
    changed = result.copy()
    part = changed.swapaxes(0, axis)[where]
    if fill == "zero":
        part[...] = 0
    elif fill == "one":
        part += 1
    elif "bias" not in arrays or arrays["bias"].ndim != 1:
        part[...] = 0
    else:
        bias = np.broadcast_to(arrays["bias"].reshape(-1, *[1] * (result.ndim - 2)), result.shape)
        part[...] = bias.swapaxes(0, axis)[where]
    return changed


def _repeated(result: np.ndarray, axis: int) -> np.ndarray | None:
    if result.ndim < 3 or result.shape[axis] < 2:
        return result
    changed = result.copy()
    moved = changed.swapaxes(0, axis)
    moved[-1] = moved[-2]
    return changed


def _interleaved(result: np.ndarray, groups: int, forward: bool) -> np.ndarray | None:
    if result.ndim < 3 or groups < 1 or result.shape[1] % groups:
        return None
    order = np.arange(result.shape[1]).reshape(groups, -1).T.ravel()
    return result[:, order if forward else np.argsort(order)]


def _of_batches() -> Iterator[ResultMistake]:
    for first in (0, 1):
        word = ("first", "second")[first]
        yield ResultMistake(
            f"with the {word} image's in place of all later ones",
            functools.partial(lambda first, case, arrays, result: _later(case, result, first, 1), first),
        )
    for kept in (0, 1, 2):
        yield ResultMistake(
            f"with all images after the first {kept + 1} left at zero".replace("first 1 ", "first "),
            functools.partial(lambda kept, case, arrays, result: _later(case, result, kept, 0), kept),
        )


def _later(case: Any, result: np.ndarray, kept: int, factor: int) -> np.ndarray | None:
    if result.ndim < 2 or len(result) != case.n:
        return None
    changed = result.copy()
    changed[kept + 1 :] = factor * result[kept : kept + 1]
    return changed
