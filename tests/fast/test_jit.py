"""Compiling: who is told about it, and that processes may do it at the same time."""

import gc
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numba
import pytest
from numba.core import event
from numba.extending import intrinsic

from convoracle.fast import jit

CALL = """
import sys
import numpy as np, convoracle as co
from convoracle.fast import jit
from numba.core import event

class Counter(event.Listener):
    compiled = 0
    def on_start(self, event):
        Counter.compiled += event.data["dispatcher"].py_func.__module__.startswith("convoracle.")
    def on_end(self, event):
        pass

event.register("numba:compile", Counter())
jit.PATIENCE = 0.0
print("ready", flush=True)
sys.stdin.readline()
result = co.conv2d_bias_grad(np.ones((2, 3, 4, 5), np.float32), backend="direct")
print(result.tolist(), Counter.compiled, "numba.np.linalg" in sys.modules)
"""


def start(cache: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", CALL], text=True, env=environment, **pipes)


def test_processes_that_compile_at_the_same_time(tmp_path: Path) -> None:
    def finish(programs: list[subprocess.Popen[str]]) -> list[tuple[str, str]]:
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
        ends = [program.communicate(timeout=120) for program in programs]
        assert [program.returncode for program in programs] == [0] * len(programs), ends
        return ends

    for result, said in finish([start(tmp_path) for _ in range(3)]):
        assert result == "[40.0, 40.0, 40.0] 1 True\n"
        # One line, where the kernels are.
        assert said.count("\n") == 1
        assert f"convoracle: compiling kernels for this machine (once; kept in {tmp_path}" in said
    # What is loaded is loaded without all that only a compiler needs.
    assert finish([start(tmp_path)]) == [("[40.0, 40.0, 40.0] 0 False\n", "")]


class Stats(NamedTuple):
    cache_path: str | None


class Dispatcher(NamedTuple):
    """What a compilation's event says of the function that is compiled."""

    py_func: Any
    stats: Stats


class Event(NamedTuple):
    data: dict[str, Any]


def compile_with(
    announcer: Any, module: str, seconds: float, *, folder: str | None = "/folder", depth: int = 2
) -> None:
    """Tell `announcer` of a compilation that takes some seconds, and compiles inner functions."""

    def function() -> None: ...

    function.__module__ = module
    told = Event({"dispatcher": Dispatcher(function, Stats(folder))})
    for _ in range(2):
        announcer.on_start(told)
    time.sleep(seconds)
    for _ in range(2):
        announcer.on_end(told)


@pytest.fixture
def announcer(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(jit, "PATIENCE", 0.05)
    return jit._Announcer()


def test_only_long_compilations_of_our_own_are_announced(announcer: Any, caplog: pytest.LogCaptureFixture) -> None:
    compile_with(announcer, "convoracle.fast.somewhere", 0.0)
    compile_with(announcer, "somebody.elses", 0.3)
    time.sleep(0.1)
    assert not caplog.records
    for _ in range(2):
        compile_with(announcer, "convoracle.fast.somewhere", 0.3)
    assert [(record.name, record.levelno) for record in caplog.records] == [("convoracle", logging.WARNING)]
    assert caplog.messages == ["convoracle: compiling kernels for this machine (once; kept in /folder)"]


def test_without_a_folder_to_keep_them_in(announcer: Any, caplog: pytest.LogCaptureFixture) -> None:
    compile_with(announcer, "convoracle.fast.somewhere", 0.3, folder=None)
    assert "each time: set NUMBA_CACHE_DIR to keep them" in caplog.text


def test_kernels_work_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(*, cache: bool, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(jit, "njit", njit)
    assert jit.kernel(double)(21) == 42


def test_no_kernel_closes_over_a_compiled_function() -> None:
    inner = jit.inner(double)

    def twice(number):  # type: ignore[no-untyped-def]
        return inner(inner(number))

    with pytest.raises(TypeError, match="twice closes over a compiled function"):
        jit.kernel(twice)
    inner = intrinsic(lambda typing_context, number: (number(number), lambda *arguments: arguments[3][0]))
    with pytest.raises(TypeError, match="twice closes over a compiled function"):
        jit.kernel(twice)


def double(number):  # type: ignore[no-untyped-def]
    return 2 * number


@pytest.mark.parametrize("is_enabled", [True, False])
def test_garbage_is_not_collected_while_a_kernel_is_compiled(is_enabled: bool) -> None:
    def doubled(x: Any) -> Any:
        return 2 * x

    class Looks(event.Listener):
        seen: ClassVar[list[bool]] = []

        def on_start(self, event: Any) -> None:
            self.seen.append(gc.isenabled())

        def on_end(self, event: Any) -> None:
            pass

    doubled.__module__ = "convoracle.fast.doubled"
    was_enabled = gc.isenabled()
    (gc.enable if is_enabled else gc.disable)()
    try:
        with event.install_listener("numba:compile", Looks()):
            assert numba.njit(doubled)(3) == 6
        assert Looks.seen == [False]
        assert gc.isenabled() == is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
