"""The command line asked for what it cannot do, and for help; and `convoracle list`."""

import pkgutil
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import convoracle
from convoracle.fast import registry
from convoracle.harness.cli import main, prove_command
from convoracle.harness.operations import OPERATIONS


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["conv4d"], "unknown operation 'conv4d'; known: conv2d, conv2d_input_grad"),
        (["conv2d", "--backend", "im2row"], "could not run: unknown backend 'im2row'; available"),
        (["conv2d", "--backend", "scipy-fft", "max_pool2d", "--case", "n=1"], "--case needs one OPERATION and a"),
        (["conv2d", "--case", "n=1"], "--case needs one OPERATION and a --backend or --candidate"),
        (["conv2d", "--backend", "numba", "--case", "n=1"], "case of conv2d: missing fields c, h, w, f"),
        (["conv2d", "--backend", "numba", "--check", "shape"], "'shape' is a part of the check 'form'"),
        (["--backend", "scipy-fft", "max_pool2d"], "could not run: scipy-fft has no max_pool2d; it has conv2d"),
        (["--examples", "0"], "0 is not in the range x>=1"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--timeout", "0"], "0.0 is not in the range x>0"),
        (["--timeout", "nan"], "nan is not a finite number"),
        (["relu", "--backend", "numba", "--adapter", "nhwc"], "--adapter needs a --candidate"),
        (["--dtype", "float8"], "'float8' is not one of 'float16', 'float32'"),
        (["--accuracy", "good"], "'good' is not one of 'componentwise', 'normwise'"),
        (["--profile", "huge"], "'huge' is not one of 'smoke', 'ci', 'nightly'"),
    ],
)
def test_misuse_is_explained_with_status_2(arguments: list[str], words: str) -> None:
    result = invoke("verify", *arguments)
    assert result.exit_code == 2, result.output
    assert words in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    "words",
    [
        *(["verify", option] for option in ("--json", "--junit", "--html", "--reproducer")),
        *([command, "--json"] for command in ("prove", "score", "side-by-side", "coverage", "bench")),
    ],
)
def test_no_work_is_done_for_a_file_that_cannot_be_written(words: list[str]) -> None:
    result = invoke(*words, "nowhere/file")
    assert result.exit_code == 2, result.output
    assert "there is no folder nowhere" in result.output


@pytest.mark.parametrize("wrong", ["stride=0", "h=3x4", "dtype=float8", "layout=Q+Q", "seed=-1", "groups=0"])
def test_an_impossible_case_is_explained_with_status_2(wrong: str) -> None:
    text = "n=1 c=1 h=3 w=3 f=1 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float32 layout=C+C"
    fields = dict(word.split("=") for word in f"{text} seed=0".split())
    name, value = wrong.split("=")
    fields[name] = value
    case = " ".join(f"{name}={value}" for name, value in fields.items())
    result = invoke("verify", "conv2d", "--backend", "im2col", "--case", case)
    assert result.exit_code == 2
    assert "Invalid value for --case" in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_interrupted_command_could_not_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(prove_command, "prove", interrupted)
    result = invoke("prove")
    assert (result.exit_code, result.output) == (2, "interrupted\n")


def test_nor_one_that_is_interrupted_while_its_modules_are_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, *others: object) -> None:
            if name == "convoracle.harness.cli":
                raise KeyboardInterrupt

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    script = pkgutil.resolve_name(project["scripts"]["convoracle"])
    monkeypatch.delitem(sys.modules, "convoracle.harness.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        script()
    assert (ended.value.code, capsys.readouterr().err) == (2, "interrupted\n")


def test_version_and_help() -> None:
    assert invoke("--version").output == f"convoracle, version {convoracle.__version__}\n"
    for arguments in (["--help"], ["-h"], ["verify", "--help"], ["list", "-h"]):
        result = invoke(*arguments)
        assert result.exit_code == 0
        assert result.output.startswith("Usage: ")
    text = " ".join(invoke("verify", "--help").output.split())
    assert "smoke: 20 cases, float32 and float64; ci: 385 cases, every declared dtype; nightly: 2000 cases" in text


def test_list_names_every_operation_and_backend() -> None:
    result = invoke("list")
    assert result.exit_code == 0
    first = [line.split()[0] for line in result.output.splitlines() if line.strip()]
    assert [word for word in first if word in OPERATIONS] == list(OPERATIONS)
    for backend in ("im2col", "numba", "scipy", "scipy-fft", "direct"):
        assert backend in result.output


def test_list_as_markdown_is_one_table() -> None:
    result = invoke("list", "--markdown")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("| operations | im2col | numba | scipy | scipy-fft | direct |")
    columns = 1 + len(registry.BUILT_IN)
    assert lines[1] == "|" + " --- |" * columns
    shown = [name for line in lines[2:] for name in line.split("`")[1::2]]
    assert sorted(shown) == sorted(registry.operations())
    assert all(line.count("|") == columns + 1 for line in lines)
    assert "| normwise: float32-64 | componentwise: float32-64 |" in lines[2]
    (mean,) = [line for line in lines if "`avg_pool2d`" in line]
    assert "| - | componentwise: float32-64 | - |" in mean, "no FFT of a mean"
