"""One entry tried: what counts as a kill, and what does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.score import trial as trials
from convoracle.harness.score.entries import Entry
from convoracle.harness.score.trial import Task, trial


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Task]:
    """Return a function that makes a callable the only entry, and a task of it."""

    def planted(function: Callable[..., Any], *, wrong: bool = True, raises: bool = False, examples: int = 6) -> Task:
        list_name, kind = ("mutants", "structure") if wrong else ("honest", "honest")
        entry = Entry(
            list_name, "relu/x", "relu", kind, "x", lambda: function, "componentwise", ("float32",), {}, raises
        )
        monkeypatch.setattr(trials, "named", lambda name: entry)
        return Task("relu/x", examples, 0)

    return planted


def test_what_is_wrong_is_killed(planted: Callable[..., Task]) -> None:
    # Not the sign turned: where no integer is above zero, as in the first case, that changes nothing.
    result = trial(planted(lambda x: right("relu")(x) - 1))
    assert (result.killed, result.kind, result.check, result.examples) == (True, "values", "exact", 1)
    assert result.checked["form"] >= 1


def test_what_is_right_is_not(planted: Callable[..., Task]) -> None:
    result = trial(planted(right("relu"), wrong=False, examples=4))
    assert (result.failed, result.killed, result.examples) == (False, False, 4)


@pytest.mark.parametrize("raises", [True, False])
def test_an_exception_is_a_kill_only_where_raising_is_the_bug(planted: Callable[..., Task], raises: bool) -> None:
    def fails(x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    result = trial(planted(fails, raises=raises))
    assert result.failed
    assert result.killed is raises


def test_only_the_checks_asked_for_are_made(planted: Callable[..., Task]) -> None:
    def writes(x: np.ndarray) -> np.ndarray:
        result = right("relu")(x)
        if x.flags.writeable:
            x[...] = 0
        return np.asarray(result)

    task = planted(writes)
    assert trial(task).check == "contract"
    assert trial(Task(task.name, 6, 0, ("form",))).failed is False


def test_what_is_done_to_a_report_is_undone(planted: Callable[..., Task], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials.Report, "passed", trials.Report.passed)  # to be put back whatever happens

    def lying(x: Any) -> Any:
        trials.Report.passed = True  # type: ignore[method-assign, assignment]
        return -right("relu")(x)

    assert trial(planted(lying)).failed
