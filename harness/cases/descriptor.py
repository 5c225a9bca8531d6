"""A case as one line of text, and back: what a report prints and ``--case`` takes.

``n=2 c=3 h=5 w=7 f=4 kernel=3x2 stride=2x1 padding=1.0x0.2 dilation=1 groups=1 bias=yes dtype=float32 layout=C+F
seed=42``: a pair is ``AxB``, two sides of an axis are ``A.B``, several layouts are joined by ``+``.
"""

import dataclasses
import re
from typing import Any

from convoracle.harness.candidates.candidate import DTYPES
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.operations import Operation


def describe(case: Any) -> str:
    """Return the case as text."""
    return " ".join(f"{field.name}={_text(getattr(case, field.name))}" for field in dataclasses.fields(case))


def parse(operation: Operation, text: str) -> Any:
    """Return the case that `describe` wrote.

    Raises
    ------
    ValueError
        If a field is missing, unknown, unreadable or no legal value, or if the operation cannot have such a case.
    """
    words = dict(word.partition("=")[::2] for word in text.replace(",", " ").split())
    names = [field.name for field in dataclasses.fields(operation.case_type)]
    unknown, missing = sorted(set(words) - set(names)), [name for name in names if name not in words]
    if unknown:
        listed = f"field{'s' * (len(unknown) > 1)} {', '.join(map(repr, unknown))}"
        raise ValueError(f"case of {operation.name}: unknown {listed}; known: {', '.join(names)}")
    if missing:
        raise ValueError(f"case of {operation.name}: missing field{'s' * (len(missing) > 1)} {', '.join(missing)}")
    case = operation.case_type(**{name: _value(name, word) for name, word in words.items()})
    for name in names:
        if not _is_legal(name, getattr(case, name), operation):
            raise ValueError(f"case of {operation.name}: {name}={words[name]} is not possible")
    operation.operand_shapes(case)  # raises ValueError for an impossible case
    return case


def _is_legal(name: str, value: Any, operation: Operation) -> bool:
    """Return whether a value is one that a field of that name can have, whatever the other fields are."""
    if name == "dtype":
        return value in DTYPES and (operation.takes_integers or not value.startswith("int"))
    if name == "layout":
        return all(layout in LAYOUTS for layout in value)
    if name in ("bias", "ceil_mode", "return_indices", "count_include_pad"):
        return isinstance(value, bool)
    if name in ("axis", "grad_output"):
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "spatial" and not isinstance(value, tuple):
        return value is None
    axes = getattr(operation.case_type, "axes", 2)
    if isinstance(value, tuple) and len(value) != axes:
        return False
    if name in ("n", "c", "d", "h", "w", "f", "groups", "seed"):
        return _is_number(value, 0 if name == "seed" else 1)
    if name == "divisor_override":
        return value is None or _is_number(value, 1) or (_is_number(value, -(2**31)) and value < 0)
    if name in ("padding", "output_padding"):
        axes = value if isinstance(value, tuple) else (value,)
        sides = [side for axis in axes for side in (axis if isinstance(axis, tuple) else (axis,))]
        return (isinstance(value, str) and name == "padding") or all(_is_number(side, 0) for side in sides)
    of_convolution = "groups" in {field.name for field in dataclasses.fields(operation.case_type)}
    if value is None:
        return name == "stride" and not of_convolution
    if not isinstance(value, tuple):
        return _is_number(value, 1) and not (name == "kernel_size" and of_convolution and axes > 1)
    return all(_is_number(axis, 1) for axis in value)


def _is_number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        if isinstance(value[0], str):
            return "+".join(value)
        joiner = "x" if not isinstance(value[0], tuple) else None
        return joiner.join(map(str, value)) if joiner else "x".join(f"{a}.{b}" for a, b in value)
    return str(value)


def _value(name: str, word: str) -> Any:
    if name == "layout":
        return tuple(word.split("+"))
    if word in ("yes", "no"):
        return word == "yes"
    if word == "none":
        return None
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    if re.fullmatch(r"\d+(x\d+)+", word):
        return tuple(int(axis) for axis in word.split("x"))
    if re.fullmatch(r"\d+\.\d+(x\d+\.\d+)*", word):
        sides = [tuple(map(int, axis.split("."))) for axis in word.split("x")]
        return tuple(sides)
    if re.fullmatch(r"[a-z_]+\d*", word):
        return word
    raise ValueError(f"cannot read {name}={word}")
