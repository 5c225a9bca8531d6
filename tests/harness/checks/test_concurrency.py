"""Two calls at once: what is wrong then, whose promise it breaks, and that the check itself is tested."""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from convoracle import reference
from convoracle.harness import verify
from convoracle.harness.oracle import compiled

right = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
CASE = (
    "n=2 c=2 h=3 w=5 f=3 kernel_size=2x1 stride=1 padding=1 dilation=1 groups=1 bias=yes dtype=float32 layout=C seed=7"
)
MOMENT = 1e-4


class OneWorkspace:
    """Right alone: the image of another call may be in the workspace when it is read."""

    x: Any = None

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        self.x = x.copy()
        time.sleep(MOMENT)
        return right(self.x, *others, **options)


class OneName:
    """Right alone: between two lines the image is known by a name that every call writes to."""

    x: Any = None

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        self.x = x
        x = self.x
        return right(x, *others, **options)


class InOneLine(OneName):
    """Right alone, and nobody can stop it where it is wrong: as a kernel with a workspace of its own."""

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        return [setattr(self, "x", x), time.sleep(MOMENT), right(self.x, *others, **options)][2]


class OneAtATime:
    """Right alone, and refuses another call meanwhile."""

    is_busy = False

    def __call__(self, *operands: Any, **options: Any) -> Any:
        if self.is_busy:
            raise RuntimeError("busy")
        self.is_busy = True
        time.sleep(MOMENT)
        result = right(*operands, **options)
        self.is_busy = False
        return result


class Flattens(OneAtATime):
    """Right alone, and loses the shape of a result that is made beside another one."""

    def __call__(self, *operands: Any, **options: Any) -> Any:
        try:
            return super().__call__(*operands, **options)
        except RuntimeError:
            return right(*operands, **options).ravel()


class Locked(OneWorkspace):
    """Right."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __call__(self, *operands: Any, **options: Any) -> Any:
        with self.lock:
            return super().__call__(*operands, **options)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (OneWorkspace, "values of result are wrong on integers while another thread called with other integers"),
        (OneAtATime, "while another thread called with other integers: the call raised RuntimeError: busy"),
        (Flattens, "while another thread called with other integers: result has shape"),
    ],
)
def test_who_promises_and_is_wrong_fails(make: Callable[[], Any], says: str) -> None:
    (failure,) = verify("conv2d", make(), case=CASE, concurrent=True).failures
    assert (failure.kind, failure.check) == ("contract", "concurrency")
    assert says in failure.message
    assert failure.case == CASE
    assert "one after the other are right" in failure.history
    assert "def test_two_threads_at_once" in failure.script


def test_who_promises_and_locks_passes() -> None:
    report = verify("conv2d", Locked(), case=CASE, concurrent=True)
    assert report.passed
    assert report.checked["concurrency"] == 1


def test_who_promises_nothing_is_told() -> None:
    report = verify("conv2d", OneWorkspace(), case=CASE)
    assert report.passed
    assert "but NOT SAFE for two threads at once" in report.headline()
    assert report.as_dict()["is_for_one_thread"]
    assert "NOT SAFE" not in verify("conv2d", Locked(), case=CASE).headline()


def test_who_says_that_it_is_not_is_not_asked() -> None:
    candidate = OneWorkspace()
    candidate.concurrent = False  # type: ignore[attr-defined]
    report = verify("conv2d", candidate, case=CASE)
    assert report.passed
    assert "concurrency" not in report.checked
    assert report.headline().count("WITHOUT the checks concurrency") == 1
    with pytest.raises(ValueError, match="no other check than concurrency"):
        verify("conv2d", candidate, case=CASE, checks="concurrency")
    with pytest.raises(TypeError, match="concurrent must be True or False, got 'yes'"):
        verify("conv2d", candidate, case=CASE, concurrent="yes")  # type: ignore[arg-type]


def test_who_exits_ends_nothing_else() -> None:
    def exits(*operands: Any, **options: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise SystemExit
        return right(*operands, **options)

    (failure,) = verify("conv2d", exits, case=CASE, checks="concurrency", concurrent=True).failures
    assert "the call raised SystemExit" in failure.message


@pytest.mark.parametrize(
    ("where", "as_it_is", "broken", "juror"),
    [
        ("examine:Examination.run", "concurrency.check(self)", "pass", OneWorkspace),
        ("checks.concurrency:check", "other_thread.at_once(*several)", "[one() for one in several]", InOneLine),
        ("checks.concurrency:_one_stopped", ", here.call)", ", lambda: None)", OneName),
        ("checks.concurrency:Caller.judge", "examination.judge(", "str(", OneWorkspace),
        ("checks.concurrency:Caller.judge", "examination.formed(self.case, returned)", "(returned,)", Flattens),
    ],
)
def test_a_broken_check_is_noticed(
    where: str,
    as_it_is: str,
    broken: str,
    juror: Callable[[], Any],
    ask: Callable[..., str],
    break_rule: Callable[..., None],
) -> None:
    plain = ("concurrency", juror, {"case": {"seed": "207"}})
    assert ask(*plain) == "concurrency"
    break_rule(where, as_it_is, broken)
    assert ask(*plain) != "concurrency"
