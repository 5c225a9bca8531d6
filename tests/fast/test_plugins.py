"""Backends of third parties: found by entry point, imported when named, clear when broken."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import plugins, registry

X, WEIGHT = np.ones((1, 1, 4, 5), np.float32), np.ones((1, 1, 2, 3), np.float32)
MODULE = """
import numpy as np
from convoracle.fast.registry import Variant

BACKEND = {"conv2d": Variant("kernel_of_a_third_party:conv2d", dtypes=("float32",), limits={"stride": {1}})}
SHADOW = {"conv2d": Variant("kernel_of_a_third_party:explode")}
NOT_A_MAPPING = ["conv2d"]
NOT_AN_OPERATION = {"conv9d": Variant("kernel_of_a_third_party:conv2d")}
NOT_A_VARIANT = {"conv2d": "kernel_of_a_third_party:conv2d"}
NEEDY = {"conv2d": Variant("kernel_of_a_third_party:conv2d", requires="a_module_nobody_has")}

def conv2d(x, weight, bias, *, stride, padding, dilation, groups):
    assert (stride, padding, dilation, groups) == ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    return np.full((1, 1, 3, 3), 42, x.dtype)

def explode(*arguments, **options):
    raise AssertionError("a plug-in took the place of a built-in backend")
"""
ENTRY_POINTS = """
[convoracle.backends]
answer = kernel_of_a_third_party:BACKEND
im2col = kernel_of_a_third_party:SHADOW
absent = a_module_nobody_has:BACKEND
misspelt = kernel_of_a_third_party:BACKENT
listed = kernel_of_a_third_party:NOT_A_MAPPING
nine = kernel_of_a_third_party:NOT_AN_OPERATION
string = kernel_of_a_third_party:NOT_A_VARIANT
needy = kernel_of_a_third_party:NEEDY
"""


def forget_what_is_installed() -> None:
    plugins.entry_points.cache_clear()
    plugins.load.cache_clear()
    sys.modules.pop("kernel_of_a_third_party", None)


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with plug-ins, good and broken, on the path."""
    (tmp_path / "kernel_of_a_third_party.py").write_text(MODULE)
    metadata = tmp_path / "third_party-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    forget_what_is_installed()
    yield
    forget_what_is_installed()


BUILT_IN = ("im2col", "numba", "scipy", "scipy-fft", "direct", "winograd", "plane", "fft", "auto")


def test_installing_changes_nothing_until_it_is_named() -> None:
    assert list(registry.variants("conv2d")) == list(BUILT_IN)
    assert co.conv2d(X, WEIGHT)[0, 0, 0, 0] == 6
    assert "kernel_of_a_third_party" not in sys.modules


def test_built_in_backends_do_not_look_for_plug_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "names", lambda: pytest.fail("looked for plug-ins"))
    for name in ("im2col", "scipy"):
        with co.use_backend(name):
            assert co.conv2d(X, WEIGHT)[0, 0, 0, 0] == 6
    assert co.conv2d(X, WEIGHT, backend="scipy")[0, 0, 0, 0] == 6


def test_it_is_listed_without_being_imported() -> None:
    assert registry.backends() == (
        *BUILT_IN,
        *("absent", "answer", "listed", "misspelt", "needy", "nine", "string"),
    )
    assert "kernel_of_a_third_party" not in sys.modules


def test_it_computes_when_it_is_named() -> None:
    expected = np.full((1, 1, 3, 3), 42, np.float32)
    np.testing.assert_array_equal(co.conv2d(X, WEIGHT, backend="answer"), expected)
    with co.use_backend("answer"):
        np.testing.assert_array_equal(co.conv2d(X, WEIGHT), expected)
    assert registry.missing("answer") is None
    assert registry.variant("conv2d", "answer").dtypes == ("float32",)


def test_its_limits_hold() -> None:
    with pytest.raises(ValueError, match=r"conv2d: backend 'answer' cannot do dtype float64 \(float32 only\)"):
        co.conv2d(X.astype(np.float64), WEIGHT.astype(np.float64), backend="answer")
    with pytest.raises(ValueError, match=r"conv2d: backend 'answer' cannot do stride \(1, 2\) \(1 only\)"):
        co.conv2d(X, WEIGHT, stride=(1, 2), backend="answer")
    with pytest.raises(ValueError, match="max_pool2d: backend 'answer' does not do max_pool2d; backends that can"):
        co.max_pool2d(X, 2, backend="answer")


def test_it_cannot_take_the_place_of_a_built_in_backend() -> None:
    assert co.conv2d(X, WEIGHT, backend="im2col")[0, 0, 0, 0] == 6


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", r"'absent' \(a_module_nobody_has:BACKEND\) cannot be loaded: ModuleNotFoundError: No module named"),
        ("misspelt", r"'misspelt' \(kernel_of_a_third_party:BACKENT\) cannot be loaded: AttributeError"),
        ("listed", r"'listed' .* must be a mapping from operation to Variant, got list"),
        ("nine", r"'nine' .* must map operations \(conv2d, .*\) to Variant, got 'conv9d': Variant"),
        ("string", r"'string' .* must map operations \(conv2d, .*\) to Variant, got 'conv2d': str"),
    ],
)
def test_a_broken_one_is_an_error_when_it_is_used_and_shown_as_broken(name: str, reason: str) -> None:
    co.set_backend(name)
    with pytest.raises(ImportError, match=f"^conv2d: backend {reason}"):
        co.conv2d(X, WEIGHT)
    missing = registry.missing(name)
    assert missing is not None
    assert f"backend '{name}'" in missing


def test_one_that_needs_what_is_not_there() -> None:
    message = "conv2d: backend 'needy' needs a_module_nobody_has, which cannot be imported here: ModuleNotFoundError"
    with pytest.raises(ImportError, match=message):
        co.conv2d(X, WEIGHT, backend="needy")
    assert "a_module_nobody_has, which cannot be imported here" in str(registry.missing("needy"))
