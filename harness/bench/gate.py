"""A verdict for CI: is anything slower than allowed? Three answers, and what each of them is worth.

A ratio (time of the other / time of this, on one layer) passes the gate if it is certainly at least the limit, fails if
it is certainly below, and is open in between. *Certainly*: the ends of `sure_interval`, each wrong with a chance of at
most `ALARMS` in all, shared among the ratios and the times the rounds are looked at. So a run of a program that is
exactly as fast as allowed fails once in a hundred times at most, and one that is faster less often; how often in fact,
and how many slow ones are found, ``--gate-rates`` measures.

Noise is no objection, however it is distributed and however long it lasts. Say that A would always have taken exactly
1 / limit times as long as B in B's place. A round has two places outside and two inside, where B would have taken
u and v. A coin was tossed (`convoracle.harness.bench.rounds`) for who gets which, so the round's ratio is limit * v / u
or limit * u / v: below the limit with a chance of one half at most, whatever u and v are, in every round anew.

More rounds are made until every ratio has an answer or the time is up: on a quiet machine seventeen are enough.
"""

from collections.abc import Sequence

from convoracle.harness.bench.rounds import LOOKS
from convoracle.harness.bench.statistics import sure_interval

ALARMS = 0.01

PASSED, FAILED, OPEN = "passed", "failed", "cannot tell"


def decide(ratios: Sequence[float], limit: float, ratio_count: int) -> str:
    """Return the answer for one of `ratio_count` ratios from those of its rounds."""
    low, high = sure_interval(ratios, ALARMS / (ratio_count * (len(LOOKS) + 1)))
    if high < limit:
        return FAILED
    return PASSED if low >= limit else OPEN


def together(answers: Sequence[str]) -> str:
    """Return the answer for all ratios: one that failed fails them all."""
    for answer in (FAILED, OPEN):
        if answer in answers:
            return answer
    return PASSED if answers else OPEN
