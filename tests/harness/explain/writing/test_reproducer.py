"""The test file: plain pytest runs it, it fails for the wrong candidate, and it passes for the right one."""

import functools
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from convoracle.harness import Failure
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import Source
from convoracle.harness.explain.writing.candidate_import import import_of, is_alone
from convoracle.harness.operations import OPERATIONS

Reproduced = Callable[..., Failure]

RIGHT = """
import numpy as np

from convoracle import reference
from convoracle.harness.oracle import compiled

LAST = []


def conv2d(x, weight, bias, **options):
    return {wrong}(reference.conv2d(x, weight, bias, **options, loops=compiled(reference.conv2d_loops)), x, bias)


def max_pool2d(x, kernel, **options):
    returned = reference.max_pool2d(x, kernel, **options, loops=compiled(reference.max_pool2d_loops))
    return (returned[0], {wrong}(returned[1], x, None)) if options["return_indices"] else returned


def fine(result, x, bias):
    return result


def first_tap_less(result, x, bias):
    result[..., -1:] = 0
    return result


def half(result, x, bias):
    with np.errstate(all="ignore"):
        return result.astype("float16").astype(result.dtype)


def moved(result, x, bias):
    return result + 1


def narrow(result, x, bias):
    return result.astype("int32")


def written(result, x, bias):
    x[...] = 0
    return result


def remembered(result, x, bias):
    LAST.append(result)
    LAST[0][...] = result if LAST[0].shape == result.shape else 0
    return LAST[0] if LAST[0].shape == result.shape else result


def raising(result, x, bias):
    if bias is not None:
        raise RuntimeError("no bias")
    return result
"""


def module(folder: Path, name: str, wrong: str) -> ModuleType:
    """Write the module of a candidate and import it."""
    (folder / f"{name}.py").write_text(RIGHT.format(wrong=wrong))
    importlib.invalidate_caches()
    sys.modules.pop(name, None)
    return importlib.import_module(name)


WRONG = {
    "first_tap_less": "conv2d",
    "half": "conv2d",
    "moved": "max_pool2d",
    "narrow": "max_pool2d",
    "written": "conv2d",
    "raising": "conv2d",
    "remembered": "conv2d",
}


def test_it_fails_until_the_candidate_is_right(
    reproduced: Reproduced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for wrong, operation in WRONG.items():
        name = f"candidate_{wrong}"
        candidate = getattr(module(tmp_path, name, wrong), operation)
        script = reproduced(operation, candidate).reproducer()
        (tmp_path / f"test_{wrong}.py").write_text(script)
        assert [line for line in script.splitlines() if line.startswith(("import ", "from "))] in (
            ["import numpy as np", f"from {name} import {operation} as candidate"],
            ["import threading", "import numpy as np", f"from {name} import {operation} as candidate"],
        )
    found = outcomes(tmp_path)
    assert {file: "failure" in seen for file, seen in found.items()} == {f"test_{wrong}": True for wrong in WRONG}
    assert not any("error" in seen for seen in found.values()), found
    for wrong in WRONG:
        module(tmp_path, f"candidate_{wrong}", "fine")
    assert outcomes(tmp_path) == {f"test_{wrong}": {"passed"} for wrong in WRONG}


def outcomes(folder: Path) -> dict[str, set[str]]:
    """Run plain pytest on the files of a folder; return how the tests of each ended: "passed" or a tag of JUnit."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:convoracle", "-p", "no:xdist"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [*command, f"--junitxml={report}", "."], cwd=folder, env=environment, capture_output=True, check=False
    )
    found: dict[str, set[str]] = {}
    for test in ElementTree.parse(report).iter("testcase"):
        found.setdefault(test.get("classname") or test.get("name") or "", set()).update(
            [child.tag for child in test] or ["passed"]
        )
    return found


def test_a_callable_without_a_name_is_asked_for(reproduced: Reproduced) -> None:
    from convoracle import reference

    script = reproduced("relu", functools.partial(lambda function, x: function(x) + 1, reference.relu)).reproducer()
    assert "from YOUR_MODULE import YOUR_FUNCTION as candidate" in script
    compile(script, "reproducer", "exec")


def test_a_failure_without_one_says_why() -> None:
    failure = Failure("timeout", "timeout", "it hung", "conv2d(...)", "n=1", 0, "convoracle verify conv2d")
    with pytest.raises(ValueError, match="no reproducer: a candidate that hangs"):
        failure.reproducer()


def test_a_candidate_in_adapters_is_put_into_them() -> None:
    candidate = Candidate(
        len,
        "mine:Kernels.conv",
        command="--candidate mine:Kernels.conv --adapter nhwc --adapter hwio --accuracy componentwise",
    )
    assert import_of(OPERATIONS["conv2d"], candidate) == [
        "",
        "from convoracle.harness.adapters import hwio, nhwc",
        "from mine import Kernels as candidate",
        "",
        "candidate = candidate.conv",
        "candidate = nhwc(candidate, 'conv2d')",
        "candidate = hwio(candidate, 'conv2d')",
    ]
    assert not is_alone(candidate)
    assert is_alone(Candidate(len, "len"))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            Source("backend", "auto", "componentwise"),
            "    return convoracle.conv2d(*operands, backend='auto', accuracy='componentwise', **options)",
        ),
        (
            Source("backend", "im2col", "componentwise"),
            "    return convoracle.conv2d(*operands, backend='im2col', **options)",
        ),
    ],
)
def test_a_backend_is_asked_for_as_it_was(source: Source, line: str) -> None:
    assert line in import_of(OPERATIONS["conv2d"], source.load("conv2d"))


def test_a_candidate_of_a_file_is_imported_by_its_module() -> None:
    candidate = Candidate(len, "mine", command="--candidate some/where/mine.py:conv")
    assert import_of(OPERATIONS["conv2d"], candidate) == ["", "from mine import conv as candidate"]
