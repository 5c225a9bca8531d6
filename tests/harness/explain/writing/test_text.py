"""What is printed: eighty columns, one screen, nothing that needs a colour."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure
from convoracle.harness.explain.writing.text import entry, number
from convoracle.harness.oracle import compiled
from convoracle.harness.report import indented

Explained = Callable[..., Failure]


def tail_missing(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = reference.conv2d(x, weight, bias, **options, loops=compiled(reference.conv2d_loops))
    if result.shape[3] > 8:
        result[..., result.shape[3] // 8 * 8 :] = 0
    return result


def without_words(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    if isinstance(options["padding"], str):
        raise NotImplementedError("padding in words")
    return reference.conv2d(x, weight, bias, **options, loops=compiled(reference.conv2d_loops))


def everything_wrong(*operands: Any, **options: Any) -> Any:
    results = reference.conv3d_backward(*operands, **options, loops=compiled(reference.conv3d_backward_loops))
    return tuple(result + 1 for result in results)


@pytest.mark.parametrize(("operation", "liar"), [("conv2d", tail_missing), ("conv3d_backward", everything_wrong)])
def test_a_failure_fits_a_terminal(explained: Explained, operation: str, liar: Any) -> None:
    failure = explained(operation, liar)
    lines = indented(str(failure)).splitlines()
    assert len(lines) <= 25
    assert [line for line in lines if len(line) > 80] == [f"    reproduce      {failure.command}"]
    assert all(line.isascii() for line in lines)


def test_a_tail_is_explained_in_every_way(explained: Explained) -> None:
    text = str(explained("conv2d", tail_missing))
    for label in ("smallest call", "with", "diagnosis", "when", "found first", "reproduce"):
        assert f"\n  {label} " in text, text
    assert "columns after the last full 8" in " ".join(text.split())
    assert "W_out mod 8 != 0" in " ".join(text.split())
    assert ", zeros elsewhere" in text
    assert "........x" in text


def test_whoever_takes_no_padding_in_words_is_told_so_and_how_to_declare_it(explained: Explained) -> None:
    failure = explained("conv2d", without_words)
    assert failure.kind == "raised"
    assert failure.rule is not None
    assert failure.rule.statements == ("padding in words",)
    assert "hint what an implementation does not take it declares" in " ".join(str(failure).split())
    assert "limits = {'padding': {0, 1}" in failure.hint


def test_numbers_are_short_and_exact() -> None:
    assert [number(value) for value in (np.float32(3), 0.1, np.nan, -np.inf, np.int64(7), 1e300)] == [
        "3",
        "0.1",
        "nan",
        "-inf",
        "7",
        "1e+300",
    ]


def test_a_long_entry_hangs_under_its_label() -> None:
    lines = entry("when", "word " * 40)
    assert lines[0].startswith("  when           word")
    assert all(line.startswith(" " * 17 + "word") for line in lines[1:])
