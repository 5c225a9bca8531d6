"""The rates of the machine: measured once, kept, and measured again when what is kept cannot be used."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from convoracle.fast.auto import machine, rates
from convoracle.fast.auto.machine import Rates

FIRST = Rates(*(float(number) for number in range(1, 7)))
SECOND = Rates(*(float(number) for number in range(11, 17)))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Rates]:
    """What is measured next, in a folder of its own, with nothing known yet."""
    waiting = [FIRST, SECOND]
    monkeypatch.setattr(rates, "measure_rates", lambda: waiting.pop(0))
    monkeypatch.setenv("CONVORACLE_CACHE_DIR", str(tmp_path / "cache"))
    forget(monkeypatch)
    return waiting


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(rates, "_known", None)


def only_file(folder: Path) -> Path:
    """The file of the rates, and no temporary one beside it."""
    (path,) = folder.iterdir()
    return path


def test_the_rates_of_this_machine_are_plausible() -> None:
    found = machine.measure_rates()
    # From a tenth of a slow core to ten times a fast one, in vectors, bytes, numbers and calls a second.
    assert 1e7 < found.tile < 1e11
    assert 1e8 < found.near < 1e13
    assert 1e7 < found.far < 1e12
    assert 1e7 < found.fft_float64 < 1e12
    assert 1e7 < found.fft_float32 < 1e12
    assert 1e4 < found.calls < 1e9


def test_they_are_measured_once_and_kept(
    measured: list[Rates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = rates.provenance()
    assert (found.rates, found.note) == (FIRST, "measured now, and kept")
    assert found.path == only_file(tmp_path / "cache")
    assert rates.rates() == FIRST
    forget(monkeypatch)
    again = rates.provenance()
    assert (again.rates, again.note) == (FIRST, "measured on this machine before")
    assert measured == [SECOND]


def _without(name: str) -> Any:
    return lambda content: {key: value for key, value in content.items() if key != name}


def _with(**changed: Any) -> Any:
    return lambda content: {**content, **changed}


UNUSABLE = {
    "another format": _with(format=0),
    "another processor": _with(processor="z80"),
    "another version": _with(numba="0.1"),
    "no version": _without("convoracle"),
    "no rates": _without("rates"),
    "a rate too few": _with(rates={"tile": 1.0}),
    "a rate too many": _with(rates={**FIRST._asdict(), "extra": 1.0}),
    "a text for a rate": _with(rates={**FIRST._asdict(), "near": "fast"}),
    "a rate of zero": _with(rates={**FIRST._asdict(), "near": 0.0}),
    "NaN": _with(rates={**FIRST._asdict(), "near": float("nan")}),
    "an infinite rate": _with(rates={**FIRST._asdict(), "near": float("inf")}),
    "a list": lambda content: [content],
    "a number": lambda content: 3,
}


@pytest.mark.parametrize("damage", UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_used_is_written_anew(
    damage: Any, measured: list[Rates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = rates.provenance().path
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    forget(monkeypatch)
    assert rates.provenance()[::2] == (SECOND, "measured now, and kept")
    assert Rates(**json.loads(only_file(tmp_path / "cache").read_text())["rates"]) == SECOND


@pytest.mark.parametrize("content", [b"", b"\0\xff\xfe", b'{"format": 1', b"[" * 100_000])
def test_garbage_is_written_anew(
    content: bytes, measured: list[Rates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rates.provenance().path.write_bytes(content)
    forget(monkeypatch)
    assert rates.rates() == SECOND
    assert json.loads(only_file(tmp_path / "cache").read_text())["format"] == rates.FORMAT


def test_a_folder_that_cannot_be_written_is_no_error(
    measured: list[Rates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file, where a folder should be")
    found = rates.provenance()
    assert found.rates == FIRST
    assert found.note.startswith("measured now, and cannot be kept: ")
    assert rates.rates() == FIRST
    assert (tmp_path / "cache").read_text() == "a file, where a folder should be"


def test_without_links_the_file_is_replaced(
    measured: list[Rates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*paths: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert rates.provenance().note == "measured now, and kept"
    assert Rates(**json.loads(only_file(tmp_path / "cache").read_text())["rates"]) == FIRST


def test_the_folder_is_the_users_cache_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVORACLE_CACHE_DIR", str(tmp_path))
    assert rates.cache_directory() == tmp_path
    monkeypatch.delenv("CONVORACLE_CACHE_DIR")
    assert rates.cache_directory().name in ("convoracle", "Cache")


def test_processes_that_start_together_use_the_same_rates(tmp_path: Path) -> None:
    program = """
        import os, sys, time
        from convoracle.fast.auto import rates
        from convoracle.fast.auto.machine import Rates

        def measure():
            open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
            while len(os.listdir(sys.argv[1])) < 3:  # until all have found no file and measure
                time.sleep(0.001)
            return Rates(*6 * [float(os.getpid())])

        rates.measure_rates = measure
        print(rates.rates().tile)
    """
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(waiting)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CONVORACLE_CACHE_DIR": str(tmp_path / "cache")},
        )
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert len(set(printed)) == 1, printed
    assert json.loads(only_file(tmp_path / "cache").read_text())["rates"]["tile"] == float(printed[0])


def test_the_fastest_of_many_calls_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of its own, in binary fractions: the machine is busy but for a moment in the middle.

    First calls take longer than all of it, since something is compiled, and leave as much time for the others.
    """
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr(machine, "SECONDS", 0.25)

    def does(least: float) -> machine.Work:
        first = [4.0]

        def do() -> None:
            now[0] += first.pop() if first else least if 8.09375 < now[0] < 8.125 else 8 * least

        return machine.Work(1, do)

    works = {"one": does(2**-10), "other": does(2**-11)}
    assert machine._fastest_of_each(works) == {"one": 2**-10, "other": 2**-11}
    assert 8.25 <= now[0] < 8.3125
