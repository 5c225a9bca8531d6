"""What each package may import, read from its source, and what `import convoracle` loads."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THIRD_PARTIES = {"reference": {"numpy"}, "fast": {"numpy", "scipy", "numba", "llvmlite", "platformdirs"}}


def imported_modules(source: Path) -> set[str]:
    """The absolute names of all modules a file imports, at any depth of the file."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name} imports relatively"
            if node.module == "convoracle":
                # A name taken from the package itself is one of its rooms: `from convoracle import reference`.
                names |= {f"convoracle.{alias.name}" for alias in node.names}
            else:
                names.add(str(node.module))
    return names


def test_the_walk_sees_every_kind_of_import(tmp_path: Path) -> None:
    source = tmp_path / "example.py"
    source.write_text(
        "import a.b, c\nfrom d.e import f\nfrom convoracle import reference\nfrom convoracle.harness import x\n"
        "def g():\n    import h\n"
    )
    assert imported_modules(source) == {"a.b", "c", "d.e", "convoracle.reference", "convoracle.harness", "h"}


@pytest.mark.parametrize("package", ["reference", "fast"])
def test_reference_and_fast_share_nothing(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert len(files) > 5
    own = f"convoracle.{package}"
    for file in files:
        for module in imported_modules(file):
            top = module.partition(".")[0]
            allowed = (
                top in sys.stdlib_module_names
                or top in THIRD_PARTIES[package]
                or module == own
                or module.startswith(f"{own}.")
            )
            assert allowed, f"{package}/{file.name} imports {module}"


@pytest.mark.parametrize("package", ["reference", "fast"])
def test_nothing_is_imported_by_a_computed_name_from_another_room(package: str) -> None:
    """A kernel is loaded by the name of its module, a string; no such string leads out of the room."""
    others = {"reference", "fast", "harness"} - {package}
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith(tuple(f"convoracle.{other}." for other in others)), file.name


def test_import_convoracle_is_light() -> None:
    heavy = {"numba", "scipy", "hypothesis", "click", "rich", "torch"}
    program = f"import sys, convoracle; print(sorted({heavy!r} & sys.modules.keys()))"
    # No start-up hook of the environment (coverage, say) may import for us.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert finished.stdout.strip() == "[]"
