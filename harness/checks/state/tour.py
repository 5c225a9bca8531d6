"""Contract, after many others: a case again, when its place in a table of cases was given away, and given back.

Whoever keeps plans for some layers only throws one out for every new one from some number on, often 4, 8, 16 or a few
more, and has to notice when it comes back. So a tour of tiny layers is made, as those of a network, and the case is
asked about again on the way. The layers themselves come twice. At last comes an image of many numbers, and again with
one of them changed: whoever recognises it by some of them takes it for the same.
"""

from typing import TYPE_CHECKING

from convoracle.harness.cases.choices import Choices

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY, TURN = 80, 41
"""Which cases are asked."""

STAGES = (3, 5, 9, 17)
"""So many layers are asked about before the case comes again."""

DATA = "integers again, after calls of other layers"


def check(examination: "Examination") -> None:
    """Make the tour."""
    case, question = examination.case, examination.question
    layers = question.state.layers(examination.limits)
    for number in STAGES:
        for other, answered in layers[:number]:
            examination.ask_in_order(other, answered, DATA)
        layers = [*layers[number:], *layers[:number]]
        answered = Choices(case.seed, number).pick((question.integers, question.other_integers))
        examination.refill(answered.operands)
        results = examination.in_order("any order", case, lambda: examination.call(case, examination.passed))
        examination.judge_promise("any order", case, answered, results, DATA)
    _one_of_many_changed(examination)
    examination.outcome.checked["contract"] += 1


def _one_of_many_changed(examination: "Examination") -> None:
    """Call with many numbers, change one in place, and call again."""
    found = examination.question.state.many_numbers(examination.limits)
    if found is None:
        return
    case, answered, changed = found
    passed = examination.in_c_order(case, answered.operands)
    results = examination.call(case, passed)
    examination.judge_promise("other options", case, answered, results, "an image of many numbers")
    examination.refill(changed.operands, passed)
    results = examination.call(case, passed)
    examination.judge_promise("fresh data", case, changed, results, "an image of many numbers, one of them changed")
