"""Exact, and exact by rounding: integers, on which a right result has one value and no other."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

DATA = "integers whose sums are all exact"


def check(examination: "Examination") -> None:
    """Make the first call, with integers, and compare."""
    question = examination.question
    answered = question.integers
    name = "exact by rounding" if question.rounds and not question.is_selection else "exact"
    if question.is_measured:
        name = "bounded"
    if answered.expected is None:
        examination.outcome.unproved[name] += 1
        return
    examination.results = examination.call(examination.case, examination.passed)
    examination.first = tuple(got.copy() for got in examination.results)
    if examination.wants(name):
        examination.judge(answered, examination.first, DATA)
        examination.outcome.checked[name] += 1
