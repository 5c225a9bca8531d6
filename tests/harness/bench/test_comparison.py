"""Comparisons: ratios, grades, memory, and what the pictures and the file make of them."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoracle
from convoracle.harness.bench import pictures, report, workspace
from convoracle.harness.bench.comparison import Comparison, Result, Task, compare, same_twice
from convoracle.harness.bench.implementation import Implementation, as_tuple, prepare
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.picture_of_frontier import pareto
from convoracle.harness.bench.sample import Measured
from convoracle.harness.bench.statistics import Interval
from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.base import Arrays

ROOF = Roof(1, {"float32": 1e11, "float64": 5e10}, {"float32": 9e10, "float64": 4e10}, 2e10, 1e11)


def of_times(text: str, times: dict[str, Sequence[float]], direction: str = "forward", threads: int = 1) -> Comparison:
    """A comparison that was never made, of the first one with the others."""
    first, *others = times
    found = Comparison(Task(parse(text), direction, threads, (first,), tuple(others)))
    for number, (name, rounds) in enumerate(times.items()):
        found.results[name] = Result(name, tuple(rounds), Measured(0.1, 2.0 + number, 5), "componentwise", 100)
    return found


def wrong(name: str, workload: Workload, direction: str, sets: Sequence[Arrays], threads: int) -> Implementation:
    """The backend of this name, or one that adds 100 to its results, or one that is always right after the first."""
    made = prepare("im2col", workload, direction, sets, threads)
    if name == "im2col":
        return made

    def call(number: int) -> Any:
        return made.call(number) + np.float32(100.0)

    return Implementation(name, call, as_tuple)


def test_a_wrong_result_is_no_fast_one() -> None:
    found = compare(Task(parse("c2h8f3k3"), "forward", 1, ("im2col", "liar"), seconds=0.001), wrong)
    assert {name: result.grade for name, result in found.results.items()} == {"im2col": "A", "liar": "fail"}
    assert found.results["liar"].measured.ratio > 1.0


def test_ratios_are_of_the_same_rounds_and_above_one_where_the_backend_is_faster() -> None:
    found = of_times("c2h8f3k3", {"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 9.0]})
    assert found.pairs() == [("a", "b")]
    assert found.ratios("a", "b") == [2.0, 2.0, 3.0]
    assert found.ratio("a", "b") == Interval(2.0, 2.0, 3.0)


def test_what_cannot_take_part_is_left_out_with_the_reason() -> None:
    task = Task(parse("max c2h8k2"), "backward", 1, ("im2col",), ("onnxruntime", "scipy-fft", "torch"), seconds=0.001)
    found = compare(task)
    assert list(found.results) == ["im2col", "torch"]
    assert found.refused["onnxruntime"] == "onnxruntime has no gradients"
    assert "'scipy-fft' does not do max_pool2d_backward" in found.refused["scipy-fft"]


def test_cold_and_warm_are_right() -> None:
    found = compare(Task(parse("c2h8f3k3"), "forward", 1, ("im2col",), is_cold=True, seconds=0.001))
    assert found.results["im2col"].grade == "A"


def test_the_same_against_itself_is_about_one() -> None:
    found = same_twice(parse("c2h8f3k3"), 1, "im2col", 0.05)
    assert found.low <= found.middle <= found.high


def test_memory_that_a_thread_keeps_counts_in_every_call() -> None:
    kept = threading.local()

    def call(number: int) -> np.ndarray:
        if not hasattr(kept, "memory"):
            kept.memory = np.ones(1 << 20, np.uint8)
        return np.ones(10)

    made = Implementation("mine", call, as_tuple, allocates_in_numpy=True)
    made.call(0)
    for _ in range(2):
        assert (workspace.peak_workspace(made, 1) or 0) >= 1 << 20


def test_workspace_is_what_is_taken_beside_the_results() -> None:
    def call(number: int) -> np.ndarray:
        taken = np.ones(1 << 20, np.uint8)
        return taken[: 1 << 18].copy()

    seen = workspace.peak_workspace(Implementation("mine", call, as_tuple, allocates_in_numpy=True), 1)
    assert seen is not None
    # Beside the arrays there are only small objects.
    assert 1 << 20 <= seen < (1 << 20) + (1 << 16)
    assert workspace.peak_workspace(Implementation("foreign", call, as_tuple), 1) is None


@pytest.fixture
def comparisons() -> list[Comparison]:
    generator = np.random.Generator(np.random.PCG64(0))
    texts = ["n1c64h56f64k3p1", "n1c64h56f256k1", "n1c144h56f144k3p1g144", "max n1c64h112k3s2p1"]
    return [
        of_times(text, {name: list(generator.uniform(1.0, 1.5, 9) * 1e-3 * pace) for name, pace in paces.items()})
        for text in texts
        for paces in [{"auto": 1.0, "torch": 1.3, "onnxruntime": 0.9}]
    ]


def test_pictures_are_drawn_into_a_folder_or_one_file(comparisons: list[Comparison], tmp_path: Path) -> None:
    written = pictures.draw_all(tmp_path / "new", comparisons, {1: ROOF})
    assert [path.name for path in written] == ["roofline.png", "ratios.png", "frontier.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    (one,) = pictures.draw_all(tmp_path / "all.svg", comparisons, {})
    picture = one.read_text(encoding="utf-8")
    assert picture.lstrip().startswith("<?xml")


def test_pictures_of_little_or_nothing_are_drawn(comparisons: list[Comparison], tmp_path: Path) -> None:
    alone = of_times("c2h8f3k3", {"auto": [1.0] * 9})
    assert len(pictures.draw_all(tmp_path / "alone", [alone], {})) == 3
    assert len(pictures.draw_all(tmp_path / "pools", comparisons[-1:], {1: ROOF})) == 3
    assert pictures.draw_all(tmp_path / "nothing", [Comparison(alone.task)], {}) == []


def test_the_frontier_is_of_those_that_nothing_beats() -> None:
    assert pareto([(2.0, 5.0), (1.0, 4.0), (3.0, 4.5), (2.0, 3.0), (4.0, 9.0)]) == [(1.0, 4.0), (2.0, 5.0), (4.0, 9.0)]


def test_the_file_has_every_round_and_is_whole(comparisons: list[Comparison], tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    bad = of_times("c2h8f3k3", {"auto": [1.0] * 9})
    bad.results["auto"] = Result("auto", (1.0,) * 9, Measured(np.inf, np.inf, 0, "no"), "normwise", None)
    report.write(path, report.as_json({}, Interval(1.0, 0.9, 1.1), [*comparisons, bad]))
    content = json.loads(path.read_text())
    assert content["convoracle"] == convoracle.__version__
    first = content["comparisons"][0]
    assert first["layer"] == "n1c64h56f64k3p1"
    assert len(first["implementations"]["torch"]["rounds"]) == 9
    ratio = first["ratios"][0]
    assert (ratio["implementation"], ratio["against"]) == ("auto", "torch")
    assert ratio["low"] <= ratio["middle"] <= ratio["high"]
    assert content["comparisons"][-1]["implementations"]["auto"]["grade"] == "fail"
    assert list(tmp_path.iterdir()) == [path]
