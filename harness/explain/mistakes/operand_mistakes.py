"""Mistakes about the operands: memory misread, axes exchanged, parts left out, too few bits. The sums are right."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from convoracle.harness.explain.mistakes.kernel_mistakes import kernel_mistakes
from convoracle.harness.explain.mistakes.operand_mistake import OperandMistake, flipped, interleaved, zeroed
from convoracle.harness.operations.base import Operation

BATCHED = ("x", "grad_output")


def operand_mistakes(operation: Operation, names: tuple[str, ...], axes: int) -> Iterator[OperandMistake]:
    """Yield the mistakes about operands of these names, which have so many spatial axes."""
    for position, name in enumerate(names):
        yield from _of_memory(name, position)
        if name in BATCHED and axes:
            yield from _of_maps(name, axes)
        if name == "weight" and axes and operation.name.startswith("conv"):
            yield from kernel_mistakes(axes)
        if name != "indices":
            yield from _of_values(name)
        if name == "bias":
            yield from _of_bias()


def _of_memory(name: str, position: int) -> Iterator[OperandMistake]:
    def as_it_lies(case: Any, array: np.ndarray) -> np.ndarray | None:
        layout = case.layout[min(position, len(case.layout) - 1)]
        if layout == "F":
            return array.ravel("F").reshape(array.shape)
        if layout == "channels_last":
            return np.ascontiguousarray(np.moveaxis(array, 1, -1)).reshape(array.shape) if array.ndim > 1 else array
        if layout == "reversed":
            return np.flip(array)
        return array if layout == "C" else None

    yield OperandMistake(f"with the memory of {name} read as if it were in C order", name, as_it_lies)


def _of_maps(name: str, axes: int) -> Iterator[OperandMistake]:
    def channels_last(case: Any, array: np.ndarray) -> np.ndarray:
        shape = (array.shape[0], *array.shape[2:], array.shape[1])
        return np.moveaxis(array.reshape(shape), -1, 1)

    yield OperandMistake(f"with {name} read as channels-last memory (NHWC)", name, channels_last)
    if axes > 1:
        yield OperandMistake(
            f"with each plane of {name} read column by column",
            name,
            lambda case, array: array.reshape(*array.shape[:2], *array.shape[:1:-1]).transpose(
                0, 1, *range(array.ndim - 1, 1, -1)
            ),
        )
        yield OperandMistake(
            f"with the planes of {name} transposed where they are square",
            name,
            lambda case, array: array.swapaxes(-1, -2) if array.shape[-1] == array.shape[-2] else array,
        )
    yield OperandMistake(f"with {name} flipped along every axis of its planes", name, lambda c, a: flipped(a, axes))
    for axis, where in zip((-1, -2)[:axes], ("column", "row")[:axes], strict=True):
        for end, place in (("last", -1), ("first", 0)):
            yield OperandMistake(
                f"with the {end} {where} of {name} left out",
                name,
                functools.partial(
                    lambda axis, place, case, array: zeroed(array, axis, slice(place, place + 1 or None)), axis, place
                ),
            )
    yield OperandMistake(
        f"with the channels of {name} interleaved between the groups",
        name,
        lambda case, array: array[:, interleaved(array.shape[1], case.groups)] if hasattr(case, "groups") else None,
    )
    yield OperandMistake(
        f"with the channels of {name} dealt out to the groups in turn",
        name,
        lambda case, array: (
            array[:, np.argsort(interleaved(array.shape[1], case.groups))] if hasattr(case, "groups") else None
        ),
    )
    yield OperandMistake(
        f"with every group reading the {name} channels of the first one",
        name,
        lambda case, array: (
            np.concatenate([array[:, : array.shape[1] // case.groups]] * case.groups, axis=1)
            if hasattr(case, "groups")
            else None
        ),
    )
    yield OperandMistake(f"with only the first image of {name}", name, lambda c, a: zeroed(a, 0, slice(1, None)))
    yield OperandMistake(f"with only the last image of {name}", name, lambda c, a: zeroed(a, 0, slice(0, -1)))
    yield OperandMistake(f"with the last image of {name} left out", name, lambda c, a: zeroed(a, 0, slice(-1, None)))
    yield OperandMistake(
        f"with the first image of {name} in place of every other", name, lambda c, a: np.repeat(a[:1], len(a), axis=0)
    )


def _of_values(name: str) -> Iterator[OperandMistake]:
    yield OperandMistake(
        f"with {name} rounded to float16",
        name,
        lambda case, array: (
            array.astype(np.float16).astype(np.float64) if case.dtype in ("float32", "float64") else None
        ),
        3,
    )
    for bits, what in ((8, "bfloat16"), (11, "eleven bits (TensorFloat-32)"), (24, "float32")):
        yield OperandMistake(
            f"with {name} rounded to {what}",
            name,
            functools.partial(
                lambda bits, case, array: rounded_to(array, bits) if _has_more(case.dtype, bits) else None, bits
            ),
            3,
        )
    yield OperandMistake(
        f"with NaN in {name} taken as zero", name, lambda case, array: np.where(array != array, 0, array), 3
    )
    yield OperandMistake(
        f"with infinities in {name} taken as the largest number",
        name,
        lambda case, array: (
            np.nan_to_num(array, nan=np.nan, posinf=np.finfo(case.dtype).max, neginf=-np.finfo(case.dtype).max)
            if case.dtype.startswith("float")
            else None
        ),
        3,
    )
    yield OperandMistake(f"with negative values of {name} taken as zero", name, lambda c, a: np.maximum(a, 0), 3)
    yield OperandMistake(f"with the absolute values of {name}", name, lambda c, a: np.abs(a), 3)


def _of_bias() -> Iterator[OperandMistake]:
    yield OperandMistake("without the bias", "bias", lambda c, a: np.zeros_like(a), 1)
    yield OperandMistake("with the bias added twice", "bias", lambda c, a: 2 * a, 1)
    yield OperandMistake("with the bias subtracted", "bias", lambda c, a: -a, 1)
    yield OperandMistake("with the first bias for every filter", "bias", lambda c, a: np.full_like(a, a.flat[0]))
    yield OperandMistake("with the biases in reverse order", "bias", lambda c, a: a[::-1])
    yield OperandMistake(
        "with the biases of the first group for every group",
        "bias",
        lambda c, a: np.tile(a[: len(a) // c.groups], c.groups) if hasattr(c, "groups") and a.ndim == 1 else None,
    )
    yield OperandMistake(
        "with the bias added once for each group",
        "bias",
        lambda c, a: c.groups * a if hasattr(c, "groups") else None,
    )
    yield OperandMistake(
        "with the bias added once for each channel", "bias", lambda c, a: c.c // getattr(c, "groups", 1) * a
    )


def rounded_to(values: np.ndarray, bits: int) -> np.ndarray:
    """Return values rounded to a significand of so many bits, of any exponent."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits)


def _has_more(dtype: str, bits: int) -> bool:
    return dtype.startswith("float") and np.finfo(dtype).nmant + 1 > bits
