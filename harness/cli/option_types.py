"""Types of options beyond click's own: what is wrong with a value is said before any work is done."""

import math
import os
from pathlib import Path
from typing import Any

import click


class _OutputFile(click.Path):
    """A file that can be written: hours of work must not end in finding out that it cannot."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Path:
        """Return the path."""
        path = Path(super().convert(value, parameter, context))  # type: ignore[arg-type]
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent}", parameter, context)
        if not path.exists() and not os.access(path.parent, os.W_OK):
            self.fail(f"the folder {path.parent} cannot be written to", parameter, context)
        return path


class _Positive(click.FloatRange):
    """A finite number above zero: `nan` and `inf` are numbers to click."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """Return the number."""
        number: float = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", parameter, context)
        return number


class _Counts(click.ParamType):
    """Positive integers with commas between them."""

    name = "counts"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> tuple[int, ...]:
        """Return the integers, each once."""
        words = value.split(",") if isinstance(value, str) else [str(count) for count in value]
        if not all(word.strip().isascii() and word.strip().isdigit() and int(word) > 0 for word in words):
            self.fail(f"{value!r} is not positive integers with commas between them, as in 1,2", parameter, context)
        return tuple(dict.fromkeys(int(word) for word in words))


OUTPUT_FILE, POSITIVE, COUNTS = _OutputFile(), _Positive(), _Counts()
