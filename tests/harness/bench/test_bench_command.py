"""``convoracle bench``, run as a user runs it, on layers so small that it is done at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from convoracle.harness.bench import machine
from convoracle.harness.bench.comparison import Comparison, Task
from convoracle.harness.bench.comparison import Result as Timed
from convoracle.harness.bench.layer_sets import LAYER_SETS
from convoracle.harness.bench.sample import Measured
from convoracle.harness.bench.statistics import Interval
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import bench_command, main

TINY = ("--layer", "n1c2h8f3k3", "--layer", "max n2c3h8k2", "--seconds", "0.001", "--backend", "im2col")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure the machine in no time."""
    roof = machine.Roof(1, {"float32": 1e11, "float64": 5e10}, {}, 2e10, 1e11)
    monkeypatch.setattr(bench_command, "roof", lambda threads: roof)
    monkeypatch.setattr(bench_command, "CALIBRATION", "n1c2h8f3k3")
    monkeypatch.setattr(bench_command, "CALIBRATOR", "im2col")


def invoke(*words: str, columns: int = 80) -> Result:
    return CliRunner().invoke(main, ["bench", *words], env={"COLUMNS": str(columns)})


@pytest.mark.parametrize("columns", [80, 160])
def test_a_run_its_tables_and_its_files(columns: int, tmp_path: Path) -> None:
    files = ("--json", f"{tmp_path}/found.json", "--plot", f"{tmp_path}/all.png")
    others = ("--against", "torch", "--against", "onnxruntime")
    files = files if columns == 80 else files[:2]
    run = invoke(*TINY, *others, "--pass", "both", *files, columns=columns)
    assert run.exit_code == 0, run.output
    lines = run.output.splitlines()
    assert lines[0].startswith("the same against itself: ")
    assert lines[1].startswith("[1/4] forward n1c2h8f3k3, 1 thread: im2col ")
    tables = [line for line in lines if line.startswith((" layer", " n1", " max", "   im2col", "   torch", "   onnx"))]
    assert max(map(len, tables)) <= columns
    assert "…" not in run.output
    # Of either pass: the layers' names, then a line for each implementation; twice where there is no room.
    assert sum(line.startswith("   onnxruntime") for line in tables) == (2 if columns == 160 else 4)
    for words in ("forward, float32, 1 thread", "GFLOP/s", "GB/s", "time / im2col", "error/bound", "workspace"):
        assert words in run.output
    assert "torch / im2col: geometric mean " in run.output
    assert "left out: onnxruntime has no gradients" in lines
    assert columns == 160 or (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
    content = json.loads((tmp_path / "found.json").read_text())
    assert [one["layer"] for one in content["comparisons"]] == ["n1c2h8f3k3", "max n2c3h8k2"] * 2
    assert {result["grade"] for one in content["comparisons"] for result in one["implementations"].values()} == {"A"}
    assert content["machine"]["roofs"][0]["threads"] == 1


def made_up(ratio: float, rounds: int = 17, grade: str = "A") -> Callable[[Task], Comparison]:
    """A comparison in which the other takes `ratio` times as long in every round."""

    def compare(task: Task) -> Comparison:
        found = Comparison(task)
        problem = None if grade != "fail" else "all values are wrong"
        for name, seconds in ((*task.names, 1.0), (*task.against, ratio)):
            measured = Measured(0.5, 1.0, 10, problem)
            found.results[name] = Timed(name, (seconds,) * rounds, measured, "componentwise", None)
        return found

    return compare


@pytest.mark.parametrize(
    ("ratio", "rounds", "status", "words"),
    [
        (1.0, 17, 0, "gate 0.95: passed (of 2 ratios: 2 passed, 0 failed, 0 cannot tell)"),
        (0.9, 17, 1, "gate 0.95: failed: forward n1c2h8f3k3, 1 thread: torch / im2col is 0.900 (0.900 to 0.900)"),
        (0.9, 5, 2, "gate 0.95: cannot tell (of 2 ratios: 0 passed, 0 failed, 2 cannot tell)"),
    ],
)
def test_the_gate(ratio: float, rounds: int, status: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_command, "compare", made_up(ratio, rounds))
    run = invoke(*TINY, "--against", "torch", "--fail-below", "0.95")
    assert run.exit_code == status, run.output
    assert words in run.output.splitlines()


def test_each_of_several_sets_has_its_own_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = {**dict.fromkeys(LAYER_SETS["images"], 2.0), **dict.fromkeys(LAYER_SETS["pools"], 8.0)}
    monkeypatch.setattr(bench_command, "compare", lambda task: made_up(ratios[str(task.workload)])(task))
    one = invoke("--layers", "images", "--backend", "im2col", "--against", "torch")
    assert "geometric mean 2.00" in one.output
    assert "images:" not in one.output
    both = invoke("--layers", "images", "--layers", "pools", "--backend", "im2col", "--against", "torch")
    for name, mean in (("images", "2.00"), ("pools", "8.00")):
        sentence = f"{name}: torch / im2col: geometric mean {mean} ({mean} to {mean}) over {len(LAYER_SETS[name])} "
        assert sentence in both.output


def test_the_gate_does_not_pass_what_could_not_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(task: Task) -> Comparison:
        found = made_up(1.0)(task)
        if not task.workload.is_convolution:
            found.refused["im2col"] = "im2col cannot"
            del found.results["im2col"]
        return found

    monkeypatch.setattr(bench_command, "compare", compare)
    run = invoke(*TINY, "--against", "torch", "--fail-below", "0.95")
    assert run.exit_code == 2
    assert "left out: im2col cannot" in run.output
    assert "gate 0.95: cannot tell: not run on max n2c3h8k2" in run.output


def test_a_wrong_result_is_said_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_command, "compare", made_up(2.0, grade="fail"))
    run = invoke(*TINY, "--against", "torch")
    assert run.exit_code == 1
    assert "WRONG: im2col, forward n1c2h8f3k3: all values are wrong" in run.output
    assert "fail" in run.output


def test_what_was_found_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = made_up(2.0)

    def compare(task: Task) -> Comparison:
        if not task.workload.is_convolution:
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr(bench_command, "compare", compare)
    run = invoke(*TINY, "--against", "torch", "--json", f"{tmp_path}/found.json")
    assert run.exit_code == 2
    assert "interrupted after 1 of 2 comparisons" in run.output
    assert "   torch" in run.output
    assert len(json.loads((tmp_path / "found.json").read_text())["comparisons"]) == 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--layer", "c3h8"], "layer 'c3h8': 'f' is missing; allowed: letters with a number each"),
        (["--layers", "resnet18"], "'resnet18' is not one of 'resnet50', 'vgg16'"),
        (["--backend", "im2row"], "could not run: unknown implementation 'im2row'; allowed: torch,"),
        (["--against", "jax"], "could not run: unknown implementation 'jax'; allowed: torch,"),
        (["--threads", "two"], "'two' is not positive integers with commas between them, as in 1,2"),
        (["--threads", "4096", *TINY], "could not run: --threads 4096: Numba has"),
        (["--dtype", "float16"], "'float16' is not one of 'float32', 'float64'"),
        (["--seconds", "0"], "0.0 is not in the range x>0"),
        (["--fail-below", "0.9", "--against", "none"], "--fail-below needs --against"),
        (["--machine", "--regret"], "--machine, --regret and --gate-rates exclude each other"),
        (["--fail-below", "nan", "--against", "im2col"], "nan is not a finite number"),
        (["--plot", "picture.txt"], "--plot cannot write .txt files; allowed: a folder, or a file ending in"),
        (["--backend", "numpy:add"], "could not run: 'numpy:add': a function needs the name of its operation"),
        (["--layer", "max c2h8k3", "--pass", "weight_grad"], "could not run: none of the layers has the pass"),
    ],
)
def test_misuse_is_explained_with_status_2(words: list[str], answer: str) -> None:
    run = invoke(*words)
    assert run.exit_code == 2, run.output
    assert answer in " ".join(run.output.replace("│", " ").split())


def test_without_matplotlib_nothing_is_timed_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run = invoke(*TINY, "--plot", "pictures")
    assert run.exit_code == 2
    assert "--plot needs matplotlib: pip install 'convoracle[report]'" in run.output


def test_torch_is_the_other_where_it_is_and_nobody_where_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def compare(task: Task) -> Comparison:
        seen.append(task.against)
        return made_up(1.0)(task) if task.against else Comparison(task)

    monkeypatch.setattr(bench_command, "compare", compare)
    assert invoke(*TINY).exit_code == 0

    def check_name(name: str) -> None:
        if name == "torch":
            raise CannotRun("'torch' needs torch")

    monkeypatch.setattr(bench_command, "check_name", check_name)
    assert invoke(*TINY).exit_code == 2  # nothing could be run
    assert invoke(*TINY, "--against", "none").exit_code == 2
    assert seen == [("torch",)] * 2 + [()] * 4
    run = invoke(*TINY, "--against", "torch")
    assert run.exit_code == 2
    assert "could not run: 'torch' needs torch" in run.output


def test_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from convoracle.harness.cli import machine_command

    monkeypatch.setattr(machine, "_SECONDS", 1e-3)
    monkeypatch.setattr(machine, "_cores", lambda: 1)
    monkeypatch.setattr(machine_command, "CALIBRATION", "n1c2h8f3k3")
    monkeypatch.setattr(machine_command, "CALIBRATOR", "im2col")
    run = invoke("--machine", "--threads", "1", "--seconds", "0.001", "--json", f"{tmp_path}/machine.json", columns=100)
    assert run.exit_code == 0, run.output
    for words in (
        "processor  ",
        "bits",
        "numpy ",
        "BLAS ",
        "noise, 1 thread",
        "register tile, float32",
        "GFLOP/s",
    ):
        assert words in run.output
    content = json.loads((tmp_path / "machine.json").read_text())["machine"]
    assert content["roofs"][0]["copied"] > 0
    assert content["vector bits"] in (128, 256, 512)


def test_gate_rates_are_counted(tmp_path: Path) -> None:
    words = ("--gate-rates", "3", "--backend", "im2col", "--layer", "n1c8h32f8k3", "--seconds", "0.01")
    run = invoke(*words, "--json", f"{tmp_path}/rates.json")
    assert run.exit_code == 0, run.output
    assert "gate 0.95, n1c8h32f8k3, im2col, 1 thread, at most 0.01 s for a run" in run.output
    assert "of 3 (" in run.output
    rates: list[dict[str, Any]] = json.loads((tmp_path / "rates.json").read_text())["rates"]
    assert [(one["slowdown"], len(one["answers"])) for one in rates] == [(1.0, 3), (1.1, 3)]


def test_the_noise_of_an_interval_is_what_can_be_detected() -> None:
    from convoracle.harness.cli.bench_tables import detectable, duration, interval_text, noise_sentence, size

    assert detectable(Interval(1.0, 0.99, 1.01)) == pytest.approx(2 * (1 / 0.99 - 1))
    assert noise_sentence(Interval(1.0, 0.99, 1.01)).endswith(
        "so a change of less than 2.0 % cannot be told from noise here"
    )
    assert noise_sentence(Interval(1.0, 0.5, 1.01)).endswith("so this machine is too noisy now to tell anything")
    assert interval_text(Interval(2.0, 1.9, 2.1)) == "2.00 ±5.3 %"
    assert interval_text(Interval(0.02, 0.01, 0.02)) == "0.02 ±100 %"
    assert [duration(seconds) for seconds in (2.0, 3.456e-3, 7.8e-6, 5e-8)] == ["2 s", "3.46 ms", "7.8 µs", "50 ns"]
    assert [size(count) for count in (5, 2048, 3 << 20, 1.5 * 2**30)] == ["5 B", "2 KiB", "3 MiB", "1.5 GiB"]
    assert [size(1010 << 10), duration(0.9996), duration(0.0123)] == ["1010 KiB", "1000 ms", "12.3 ms"]
