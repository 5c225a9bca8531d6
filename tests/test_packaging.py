"""What is built is what is in the tree, under one import name; and the tools that guard the layout do guard it."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import convoracle

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "src/convoracle": "convoracle",
    "reference": "convoracle/reference",
    "fast": "convoracle/fast",
    "harness": "convoracle/harness",
}
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "output")


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel built from it.

    Built from a copy, since setuptools packs what an earlier build has left in the tree, and without isolation, so that
    no network is needed.
    """
    folder = tmp_path_factory.mktemp("packaging")
    shutil.copytree(ROOT, folder / "tree", ignore=NOT_COPIED)
    finished = run("-m", "build", "--no-isolation", "--outdir", folder / "dist", folder / "tree", cwd=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def files_of_the_tree() -> list[str]:
    return [
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, package in PACKAGES.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix == ".py" or path.name == "py.typed" or path.parent.name == "plans"
    ]


def test_the_wheel_holds_the_tree_and_nothing_else(names: list[str]) -> None:
    files = files_of_the_tree()
    assert {"convoracle/__init__.py", "convoracle/py.typed", "convoracle/harness/operations/conv2d.py"} <= set(files)
    assert sorted(name for name in names if ".dist-info/" not in name) == sorted(files)


def test_the_wheel_has_one_import_name(names: list[str], wheel: Path) -> None:
    dist_info = f"convoracle-{convoracle.__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"convoracle", dist_info}
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(f"{dist_info}/top_level.txt").decode().split() == ["convoracle"]


def test_the_wheel_works_on_its_own(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    script = (
        "import importlib.util, json, sys; sys.path.insert(0, sys.argv[1]);"
        "import numpy, convoracle, convoracle.harness, convoracle.reference;"
        "x = numpy.ones((1, 1, 3, 3));"
        "assert convoracle.conv2d(x, x).item() == convoracle.conv2d(x, x, backend='im2col').item() == 9;"
        "print(json.dumps({'file': convoracle.__file__,"
        " 'kernel': convoracle.fast.readable.conv2d_im2col.__file__,"
        " 'bare': [name for name in ('reference', 'fast', 'harness') if name in sys.modules"
        " or importlib.util.find_spec(name)]}))"
    )
    finished = run("-c", script, installed, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert found["file"].startswith(str(installed))
    assert found["kernel"].startswith(str(installed))
    assert found["bare"] == []


def test_entry_points(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(name).decode()
    assert text.split("\n\n") == [
        "[console_scripts]\nconvoracle = convoracle.__main__:main",
        "[pytest11]\nconvoracle = convoracle.harness.pytest_plugin\n",
    ]
    assert callable(metadata.entry_points(group="console_scripts")["convoracle"].load())
    assert hasattr(metadata.entry_points(group="pytest11")["convoracle"].load(), "verify")


def test_the_version_is_a_literal_in_one_place(wheel: Path) -> None:
    tree = ast.parse((ROOT / "src/convoracle/__init__.py").read_text(encoding="utf-8"))
    (version,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert version == convoracle.__version__
    assert wheel.name == f"convoracle-{version}-py3-none-any.whl"


def test_the_source_distribution_holds_what_its_tests_need(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    files = [
        file.relative_to(ROOT)
        for folder in ("benchmarks", "docs", "examples", "tests")
        for file in (ROOT / folder).rglob("*")
        if file.is_file()
    ]
    wanted = {
        file.as_posix()
        for file in files
        if not any(part.startswith(".") or part in ("__pycache__", "output") for part in file.parts)
    }
    assert {"tests/test_packaging.py", "benchmarks/layers.py"} <= wanted
    assert {"asv.conf.json", "pyproject.toml", "LICENSE", "README.md", *wanted} - held == set()
    assert not [name for name in held if name.endswith((".pyc", ".nbi", ".nbc"))]


@pytest.mark.parametrize("statement", ["import fast", "import reference.conv2d", "from harness import checks"])
def test_ruff_bans_the_bare_names(statement: str) -> None:
    assert "TID251" in lint(f"{statement}\n")


def test_ruff_allows_the_full_names() -> None:
    assert "TID" not in lint("import convoracle.fast\nfrom convoracle.harness import checks\n")


def lint(code: str) -> str:
    """What ruff says about code in one of the packages, with the project's settings."""
    return subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--stdin-filename=fast/new_file.py", "-"],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


WRONG = """
import convoracle as co


def test_wrong(verify):
    verify("relu", abs, examples=20)


def test_right(verify):
    assert verify("relu", co.relu, examples=2).passed


def test_asserts_are_rewritten():
    import convoracle.harness.assertions as assertions

    assert "@pytest_ar" in vars(assertions)
"""


def test_the_plugin_fails_a_test_with_the_report(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(WRONG, encoding="utf-8")
    finished = run("-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path, cwd=tmp_path)
    assert finished.returncode == pytest.ExitCode.TESTS_FAILED, finished.stdout + finished.stderr
    assert "1 failed, 2 passed" in finished.stdout
    for phrase in (
        "is WRONG, found after",
        "smallest call  relu(x(",
        "expected",
        "reproduce      convoracle verify relu --candidate builtins:abs",
    ):
        assert phrase in finished.stdout
