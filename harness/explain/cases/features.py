"""What can be said about a case in a few words: the statements a rule is made of."""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

from convoracle.harness.explain.mistakes.windows import Axis, axes_of
from convoracle.harness.operations.base import Operation

THRESHOLDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 15, 16, 24, 31, 32, 48, 64, 128, 256)
LARGE = (512, 1024, 4096, 32767, 65535)
"""Thresholds of products besides: what small integers hold, and blocks of threads."""

BLOCKS = (2, 3, 4, 8, 16)


def statements(operation: Operation, case: Any) -> dict[str, tuple[bool, int]]:
    """Return every statement, whether it is true of the case, and how far-fetched it is."""
    said: dict[str, tuple[bool, int]] = {}
    for name, (number, is_size) in _numbers(case).items():
        for threshold in (*THRESHOLDS, *(LARGE if " * " in name else ())):
            cost = (2 if is_size else 1) if threshold == 1 or (threshold == 0 and not is_size) else 3
            said[f"{name} > {threshold}"] = (number > threshold, cost)
            is_least = threshold == 1 and "padding" not in name  # everything else is 1 at least
            said[f"{name} = 1" if is_least else f"{name} <= {threshold}"] = (number <= threshold, cost)
        for block in BLOCKS if is_size else (2,):
            cost = 2 if block == 8 else 3
            said[f"{name} mod {block} != 0"] = (number % block != 0, cost)
            said[f"{name} mod {block} = 0"] = (number % block == 0, cost)
            for rest in range(1, block if is_size and block > 3 else 1):
                said[f"{name} mod {block} = {rest}"] = (number % block == rest, 5)
        for value in range(2, 9):
            said[f"{name} = {value}"] = (number == value, 4)
    for (left, right), (first, second) in _pairs(case).items():
        said[f"{left} != {right}"] = (first != second, 2)
        said[f"{left} = {right}"] = (first == second, 2)
        said[f"{left} > {right}"] = (first > second, 3)
        said[f"{left} < {right}"] = (first < second, 3)
    for name, truth in _words(operation, case):
        said[name] = (truth, 1)
        said[_denied(name)] = (not truth, 2)
    return said


def numbers_of(case: Any) -> dict[str, int]:
    """Return the numbers of a case by name."""
    return {name: number for name, (number, _) in _numbers(case).items()}


def _numbers(case: Any) -> dict[str, tuple[int, bool]]:
    """Return the numbers of a case, and whether each is a size."""
    numbers: dict[str, tuple[int, bool]] = {}
    for field in ("n", "c", "f"):
        if hasattr(case, field):
            numbers[field.upper()] = (getattr(case, field), True)
    groups = getattr(case, "groups", None)
    if groups is not None:
        numbers["groups"] = (groups, False)
        numbers["C / groups"] = (case.c // groups, True)
        numbers["F / groups"] = (case.f // groups, True)
    axes = axes_of(case)
    if axes and hasattr(case, "n"):
        planes = case.n * getattr(case, "f", getattr(case, "c", 1))
        taps = math.prod(axis.kernel for axis in axes)
        if len(axes) > 1:
            big, out = (" * ".join(axis.name.upper() + end for axis in axes) for end in ("", "_out"))
            sizes = math.prod(axis.size for axis in axes), math.prod(axis.windows for axis in axes)
            numbers |= {big: (sizes[0], True), out: (sizes[1], True)}
        numbers["N * F" if hasattr(case, "f") else "N * C"] = (planes, True)
        if groups is not None:
            numbers["C / groups * kernel"] = (case.c // groups * taps, True)
            numbers["F * outputs"] = (case.f * math.prod(axis.windows for axis in axes), True)
    for axis in axes:
        numbers |= {name: (number, name.startswith(axis.name.upper())) for name, number in _of_axis(axis, case).items()}
    for option in ("stride", "dilation", "kernel", "padding") if len(axes) > 1 else ():
        values = [axis.before + axis.after if option == "padding" else getattr(axis, option) for axis in axes]
        numbers[f"some {option}"] = (max(values), False)
        numbers[f"every {option}"] = (min(values), False)
    if not axes:
        for field in ("h", "w"):
            if hasattr(case, field):
                numbers[field.upper()] = (getattr(case, field), True)
    return numbers


def _of_axis(axis: Axis, case: Any) -> dict[str, int]:
    big = axis.name.upper()
    is_transposed = hasattr(case, "output_padding")
    sizes = (axis.windows, axis.size) if is_transposed else (axis.size, axis.windows)
    numbers = {
        big: sizes[0],
        f"{big}_out": sizes[1],
        f"kernel_{axis.name}": axis.kernel,
        f"stride_{axis.name}": axis.stride,
        f"dilation_{axis.name}": axis.dilation,
        f"padding before {axis.name}": axis.before,
        f"padding after {axis.name}": axis.after,
    }
    if is_transposed:
        numbers[f"output_padding_{axis.name}"] = axis.extra
    return numbers


def _pairs(case: Any) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the pairs of numbers that are worth comparing."""
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    axes = axes_of(case)
    for axis in axes:
        name = axis.name
        pairs[f"stride_{name}", f"kernel_{name}"] = (axis.stride, axis.kernel)
        pairs[f"stride_{name}", f"dilation_{name}"] = (axis.stride, axis.dilation)
        pairs[f"padding before {name}", f"padding after {name}"] = (axis.before, axis.after)
        pairs[f"padding before {name}", f"half of kernel_{name}"] = (axis.before, axis.kernel // 2)
        rest = (axis.size + axis.before + axis.after - axis.span) % axis.stride
        pairs[f"what stride_{name} leaves over", "0"] = (rest, 0)
    for first, second in itertools.pairwise(axes):
        for option in ("stride", "dilation", "kernel"):
            pair = (getattr(first, option), getattr(second, option))
            pairs[f"{option}_{first.name}", f"{option}_{second.name}"] = pair
        pairs[f"padding of {first.name}", f"padding of {second.name}"] = (
            first.before + first.after,
            second.before + second.after,
        )
        pairs[first.name.upper(), second.name.upper()] = (first.size, second.size)
        pairs[f"{first.name.upper()}_out", f"{second.name.upper()}_out"] = (first.windows, second.windows)
    if hasattr(case, "c"):
        pairs["N", "C"] = (case.n, case.c)
    if hasattr(case, "f"):
        pairs["C", "F"] = (case.c, case.f)
        pairs["N", "F"] = (case.n, case.f)
        if axes:
            pairs[f"{axes[-1].name.upper()}_out", "F"] = (axes[-1].windows, case.f)
    if hasattr(case, "groups"):
        pairs["C / groups", "F"] = (case.c // case.groups, case.f)
        pairs["groups", "C"] = (case.groups, case.c)
        pairs["groups", "F"] = (case.groups, case.f)
    return pairs


def _words(operation: Operation, case: Any) -> Iterator[tuple[str, bool]]:
    """Yield what is either so or not."""
    for field in dataclasses.fields(case):
        value = getattr(case, field.name)
        if isinstance(value, bool):
            yield field.name, value
    if hasattr(case, "divisor_override"):
        yield "divisor_override given", case.divisor_override is not None
    if hasattr(case, "stride"):
        yield "stride given", case.stride is not None
    if hasattr(case, "padding"):
        for word in ("same", "same_lower"):
            yield f"padding = {word!r}", case.padding == word
        yield "padding in words", isinstance(case.padding, str)
    hanging = {
        axis.name: (axis.windows - 1) * axis.stride + axis.span > axis.size + axis.before + axis.after
        for axis in axes_of(case)
        if axis.ceil == "ceil"
    }
    if hasattr(case, "ceil_mode"):
        yield "a window hangs over the padding", any(hanging.values())
    for name, hangs in hanging.items():
        yield f"a window hangs over the padding of {name}", hangs
    for dtype in ("float16", "float32", "float64", "int8", "int16", "int32", "int64"):
        yield f"dtype = {dtype}", case.dtype == dtype
    for position, name in enumerate(operation.operand_shapes(case)):
        layout = case.layout[min(position, len(case.layout) - 1)]
        for word in ("C", "F", "channels_last", "sliced", "reversed", "offset"):
            yield f"{name} in layout {word}", layout == word
    every = set(case.layout)
    yield "every operand in C order", every == {"C"}
    yield "some operand in F order", "F" in every


def _denied(statement: str) -> str:
    if " = " in statement:
        return statement.replace(" = ", " != ")
    if " in " in statement:
        return statement.replace(" in ", " not in ", 1)
    if statement.endswith(" given"):
        return statement.replace(" given", " not given")
    return f"not {statement}"
