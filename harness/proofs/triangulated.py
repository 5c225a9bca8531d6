"""Three formulations that share no code are bit-equal on integers, over the whole bounded space.

The loops of the reference, behind their doors; a scatter from the input; and the dense matrix of the linear map. The
space: every one-dimensional configuration with size <= 7, kernel <= 4, stride, dilation and each side's padding <= 3,
one or two groups, ceil and include-pad, laid along either axis of a plane; and sets of two-dimensional ones in which
every pair of option values occurs. What is no configuration must be refused with ValueError.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convoracle.harness.choices import Choices
from convoracle.harness.oracle import compiled
from convoracle.harness.proofs import space
from convoracle.harness.proofs.blocks import LOOPS, Loops
from convoracle.harness.proofs.covering import Options, Row, all_pairs, pairs_missing
from convoracle.harness.proofs.space import Configuration, Convolution
from convoracle.harness.proofs.tally import Tally, Tick
from convoracle.harness.proofs.triangulated_convolution import check_convolution
from convoracle.harness.proofs.triangulated_pool import check_pool


def prove(configurations: int, tick: Tick, *, loops: Loops = LOOPS, twin: Callable[..., Any] = compiled) -> Tally:
    """Compare the formulations; of a space larger than `configurations`, evenly spread ones are taken."""
    tally = Tally()
    run = {name: twin(function) for name, function in loops.items()}
    whole = [*space.line(), *_plane(tally)]
    count = min(configurations, len(whole))
    chosen = [whole[number * len(whole) // count] for number in range(count)]
    for number, configuration in enumerate(chosen):
        choices = Choices(number, "triangulated")
        with tally.configuration(configuration):
            if isinstance(configuration, Convolution):
                check_convolution(tally, configuration, choices, run, twin)
            else:
                check_pool(tally, configuration, choices, run, twin)
        tick(number + 1, len(chosen))
    tally.counts["configurations in the whole space"] = len(whole)
    return tally


def _plane(tally: Tally) -> Iterator[Configuration]:
    """Yield the two-dimensional configurations, having counted that the pairs of option values are all there."""
    for seed in range(space.COVERING_SETS):
        convolutions, pools = space.convolution_rows(seed), space.pool_rows(seed)
        _expect_all_pairs(tally, "convolutions", convolutions, space.CONVOLUTION_OPTIONS)
        _expect_all_pairs(tally, "pools", pools, space.POOL_OPTIONS)
        yield from map(space.plane_convolution, convolutions)
        yield from map(space.plane_pool, pools)


def _expect_all_pairs(tally: Tally, kind: str, rows: Sequence[Row], options: Options) -> None:
    missing = pairs_missing(rows, options)
    tally.counts[f"pairs of option values of 2-D {kind}, each in every covering set"] = len(list(all_pairs(options)))
    tally.counts[f"2-D {kind} in the covering sets"] += len(rows)
    for pair in missing:
        tally.fail(f"no 2-D configuration of the {kind} has {pair}")
