"""``convoracle verify --network``, run as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from convoracle.harness.cli import main

MODULE = """
import time
import convoracle

def conv2d(x, *operands, **options):
    result = convoracle.conv2d(x, *operands, backend="im2col", **options)
    if x.shape[1] == 192:
        result[0, 100, 3, 5] += 1
    return result

def hangs(x, *operands, **options):
    if x.shape[1] == 192:
        time.sleep(60)
    return convoracle.conv2d(x, *operands, backend="im2col", **options)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    (folder / "mine.py").write_text(MODULE)
    return folder


def convoracle(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "convoracle.harness.cli", "verify", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_forward_layers_of_a_right_backend(folder: Path) -> None:
    run = convoracle(folder, "--network", "alexnet", "--backend", "im2col", "--json", "out.json")
    assert run.returncode == 0, run.stdout + run.stderr
    reports = json.loads((folder / "out.json").read_text())["reports"]
    assert {report["operation"]: len(report["layers"]) for report in reports} == {
        "conv2d": 5,
        "max_pool2d": 3,
        "avg_pool2d": 1,
    }
    assert run.stdout.count("right") >= 9
    assert "features.12" in run.stdout


def test_a_wrong_layer_is_named_with_a_command_that_finds_it_again(folder: Path) -> None:
    run = convoracle(folder, "conv2d", "--network", "alexnet", "--candidate", "mine:conv2d")
    assert run.returncode == 1
    assert "at [0, 100, 3, 5]" in run.stdout
    (command,) = [line.split("convoracle verify ")[1] for line in run.stdout.splitlines() if "reproduce" in line]
    again = convoracle(folder, *command.split())
    assert again.returncode == 1
    found = [line for line in run.stdout.splitlines() if "at [" in line]
    assert found == [line for line in again.stdout.splitlines() if "at [" in line]


def test_a_hang_is_the_verdict_on_a_layer(folder: Path) -> None:
    words = ["conv2d", "--network", "alexnet", "--candidate", "mine:hangs", "--timeout", "4"]
    run = convoracle(folder, *words, "--layer", "features.6")
    assert run.returncode == 1
    assert "timeout" in run.stdout
    assert "features.6 of alexnet" in run.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["linear", "--network", "vgg16"], "linear is in none of the networks"),
        (["--network", "vgg16", "--layer", "features.0"], "--layer needs one OPERATION and one --network"),
        (["conv2d", "--network", "vgg16", "--layer", "conv1"], "vgg16 has no layer 'conv1'"),
        (["conv2d", "--network", "vgg16", "--case", "n=1"], "--case and --network exclude each other"),
        (["--network", "lenet"], "'lenet' is not one of"),
        (["conv2d", "--layer", "features.0"], "--layer needs one OPERATION and one --network"),
        (["conv2d", "--batch", "2"], "--batch needs a --network"),
        (["--network", "vgg16", "--check", "exact"], "no --check, --skip, --examples or --coverage"),
    ],
)
def test_misuse(words: list[str], message: str) -> None:
    run = CliRunner().invoke(main, ["verify", *words])
    assert run.exit_code == 2
    assert message in " ".join(run.output.replace("│", " ").split())
