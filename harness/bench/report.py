"""Comparisons as plain values, for JSON: every round is in it."""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import convoracle
from convoracle.harness.bench.comparison import Comparison, Result
from convoracle.harness.bench.statistics import Interval

FORMAT = 1


def as_json(machine: dict[str, Any], noise: Interval | None, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return all that a run of ``convoracle bench`` found."""
    return {
        "convoracle": convoracle.__version__,
        "format": FORMAT,
        "machine": machine,
        "same against itself": None if noise is None else asdict(noise),
        "comparisons": [_comparison(one) for one in comparisons],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file at once, so that whoever is interrupted leaves the one before, whole."""
    text = json.dumps(content, indent=1, allow_nan=False, default=_plain) + "\n"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)


def _comparison(one: Comparison) -> dict[str, Any]:
    task, workload = one.task, one.task.workload
    return {
        "layer": str(workload),
        "dtype": workload.case.dtype,
        "pass": task.direction,
        "threads": task.threads,
        "cold": task.is_cold,
        "floating-point operations": workload.operations(task.direction),
        "bytes": workload.bytes_moved(task.direction),
        "implementations": {name: _result(result) for name, result in one.results.items()},
        "ratios": [
            {
                "implementation": name,
                "against": other,
                **asdict(one.ratio(name, other)),
                **({} if task.limit is None else {"gate": one.answer(name, other)}),
            }
            for name, other in one.pairs()
        ],
        "could not run": one.refused,
    }


def _result(result: Result) -> dict[str, Any]:
    measured = {key: value if value != float("inf") else "infinite" for key, value in asdict(result.measured).items()}
    return {
        "seconds": asdict(result.seconds),
        "rounds": result.rounds,
        "accuracy": result.accuracy,
        "grade": result.grade,
        "sample": measured,
        "workspace": result.workspace,
    }


def _plain(value: Any) -> Any:
    """Return a NumPy number as Python's."""
    return value.item()
