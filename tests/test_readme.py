"""What the README shows is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=cwd, check=False)


def test_table_of_backends_is_the_programs(tmp_path: Path) -> None:
    shown = README.split("<!-- table: convoracle list --markdown -->\n")[1].split("<!-- end of table -->")[0]
    assert shown == run("-m", "convoracle.harness.cli", "list", "--markdown", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "snippet", [text for text in SNIPPETS if "import convoracle" in text], ids=["verify", "backend"]
)
def test_python_snippets_run(snippet: str, tmp_path: Path) -> None:
    finished = run("-c", snippet, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr


def test_example_of_a_wrong_kernel_fails_as_shown(tmp_path: Path) -> None:
    (tmp_path / "my_kernels.py").write_text(SNIPPETS[0], encoding="utf-8")
    finished = run(
        "-m", "convoracle.harness.cli", "verify", "--candidate", "my_kernels:max_pool2d_backward", cwd=tmp_path
    )
    assert finished.returncode == 1, finished.stderr
    shown = README.split("$ convoracle verify --candidate my_kernels:max_pool2d_backward\n")[1].split("```")[0]
    printed = iter(finished.stdout.splitlines())
    for line in shown.splitlines()[1:]:  # the first says how long it took
        if line.strip() != "...":
            assert any(one.startswith(line) for one in printed), f"not printed, or not after the line before it: {line}"


@pytest.mark.parametrize("name", ["verify", "test"])
def test_commands_are_one_line_each(name: str) -> None:
    (block,) = re.findall(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, flags=re.DOTALL)
    assert block.count("\n") == 1
    assert block.startswith("python3 -m venv .venv && . .venv/bin/activate && pip install ")
