"""The checker is mutated too: what it asks in which order. See `test_checker_is_tested.py`.

Most of the jury are mutants of `harness/bugs/mutants/orders.py`; each case is one of those that walk, tour or repeat.
"""

import functools
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.bugs.mutants.orders import ORDERS, KeptInOneDtype
from convoracle.harness.oracle import compiled

right = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
MAKE = {bug.name: bug.make for bug in ORDERS}


class RaisesAgain:
    """Right, but raises once more what a call that did not fit has raised."""

    error: Exception | None = None

    def __call__(self, *operands: Any, **options: Any) -> Any:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        try:
            return right(*operands, **options)
        except ValueError as error:
            self.error = error
            raise


class LeftByAnError:
    """Right, but adds what a call left that ended with a floating-point error."""

    rest = 0

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        rest, self.rest = self.rest, 1
        np.square(x)
        self.rest = 0
        return right(x, *others, **options) + rest


class LeftByNaN:
    """Right, but adds nothing times what the last call's first number was."""

    last: Any = 0

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        last, self.last = self.last, x.flat[0] if x.size else 0
        return right(x, *others, **options) + x.dtype.type(0) * x.dtype.type(np.isnan(last) * last)


def _in(seed: int, operation: str = "conv2d", **more: Any) -> dict[str, Any]:
    return {"case": {"seed": str(seed)}, "operation": operation, **more}


DTYPES = ("float32", "float64")

JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "honest": ("passes", "contract", lambda: right, {"seeds": 40, "dtypes": DTYPES}),
    "left by a refusal": ("any order", "contract", MAKE["conv2d/left by a refusal"], _in(55)),
    "raises again": ("any order", "contract", RaisesAgain, _in(55)),
    "left by an error": ("any order", "contract", LeftByAnError, _in(55)),
    "left by NaN": ("any order", "contract", LeftByNaN, _in(5)),
    "layer of an array": ("any order", "contract", MAKE["conv2d/layer of an array"], _in(105)),
    "knows its result": ("any order", "contract", MAKE["conv2d/knows its result"], _in(5)),
    "packed by memory": (
        "any order",
        "contract",
        MAKE["conv2d_input_grad/packed by memory"],
        _in(280, "conv2d_input_grad"),
    ),
    "batch of the first": ("exact", "contract", MAKE["conv2d/batch of the first"], _in(55)),
    "kept in one dtype": ("exact", "contract", lambda: KeptInOneDtype(right), _in(30, dtypes=DTYPES)),
    "frozen weights": ("fresh data", "contract", MAKE["conv2d/frozen weights"], _in(9)),
    "table of eight": ("any order", "contract", MAKE["conv2d/table of eight"], _in(41)),
    "knows some of x": (
        "fresh data",
        "contract",
        MAKE["conv2d_weight_grad/knows some of x"],
        _in(41, "conv2d_weight_grad"),
    ),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "nobody is refused": ("checks.state.disturb:disturb", "misfit is not None", "False", "left by a refusal"),
    "who raises in order is not asked alone": ("examine:Examination.in_order",
     "except Found as found:", "except ZeroDivisionError as found:", "raises again"),
    "nothing overflows": ("checks.state.disturb:disturb",
     "overflow(examination, case, answered)", "pass", "left by an error"),
    "nothing is NaN": ("checks.state.disturb:disturb", "poison(examination, case, answered)", "pass", "left by NaN"),
    "no array comes again": ("checks.state.arrays:Memory.operand",
     "if same and self.choices.happens(AGAIN_EVERY)", "if False", "layer of an array"),
    "no result comes back": ("checks.state.arrays:Memory.take",
     "got if got.flags.writeable else None", "None", "knows its result"),
    "nothing is seen otherwise": ("checks.state.relatives:relatives",
     "asked.append(_seen_otherwise(question, case, first))", "pass", "packed by memory"),
    "views have memory of their own": ("checks.state.arrays:Memory.operand",
     " or list(_turned(alike, values))", "", "packed by memory"),
    "batches do not grow": ("checks.state.relatives:_others", "2 * case.n + 1", "1", "batch of the first"),
    "numbers fit every dtype": ("checks.state.relatives:_wider",
     "lopsided(question.operation, case, dict(operands))", "operands", "kept in one dtype"),
    "nothing becomes a habit": ("checks.state.many_times:_again_and_again",
     "range(CALLS)", "range(20)", "frozen weights"),
    "habits are never broken": ("checks.state.many_times:check",
     "_and_then(examination, question, passed, family)", "pass", "frozen weights"),
    "the tour is short": ("checks.state.tour:check", "in layers[:number]", "in layers[:1]", "table of eight"),
    "one of many never changes": ("checks.state.tour:check",
     "_one_of_many_changed(examination)", "pass", "knows some of x"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict
