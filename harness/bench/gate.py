"""A verdict for CI: is a layer slower than allowed? Three answers, and what each of them is worth.

The gate of a layer is passed if its median ratio (time of the other / time of this) is certainly at least the limit,
failed if it is certainly below, and open in between. *Certainly*: the ends of `sure_interval`, which assumes nothing
about the noise, each wrong with a chance of at most `ALARMS` in all, shared among the layers and the times the rounds
are looked at. So a run of a program that is exactly as fast as allowed fails once in a hundred times at most, and one
that is faster less often; how often in fact, and how many slow ones are found, ``--gate-rates`` measures.

More rounds are made until every layer has an answer or the time is up: on a quiet machine seventeen are enough.
"""

from collections.abc import Sequence

from convoracle.harness.bench.rounds import LOOKS
from convoracle.harness.bench.statistics import sure_interval

ALARMS = 0.01

PASSED, FAILED, OPEN = "passed", "failed", "cannot tell"


def decide(ratios: Sequence[float], limit: float, layers: int) -> str:
    """Return the answer for one of so many layers from the ratios of its rounds."""
    low, high = sure_interval(ratios, ALARMS / (layers * (len(LOOKS) + 1)))
    if high < limit:
        return FAILED
    return PASSED if low >= limit else OPEN


def together(answers: Sequence[str]) -> str:
    """Return the answer for all layers: one that failed fails them all."""
    for answer in (FAILED, OPEN):
        if answer in answers:
            return answer
    return PASSED if answers else OPEN
