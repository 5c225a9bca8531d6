"""Three formulations that share no code are bit-equal on integers, over the whole bounded space.

The loops of the reference, behind their doors; the opposite order, from the input where those go by the output; and the
dense matrix of the linear map. The space: every one-dimensional configuration with size <= 7, kernel <= 4, stride,
dilation and each side's padding <= 3, one or two groups, ceil and include-pad, laid along either axis of a plane; and
sets of two- and three-dimensional ones in which every pair of option values occurs. What is no configuration must be
refused with ValueError.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.oracle import compiled
from convoracle.harness.proofs import space
from convoracle.harness.proofs.blocks import LOOPS, Loops
from convoracle.harness.proofs.covering import Options, Row, all_pairs, pairs_missing
from convoracle.harness.proofs.space import Configuration, Convolution, Pool, Same, Transposed, Volume
from convoracle.harness.proofs.tally import Tally, Tick
from convoracle.harness.proofs.triangulated_convolution import check_convolution
from convoracle.harness.proofs.triangulated_pool import check_pool
from convoracle.harness.proofs.triangulated_same import check_same
from convoracle.harness.proofs.triangulated_transposed import check_transposed
from convoracle.harness.proofs.triangulated_volume import check_volume

CHECKS: dict[type, Callable[..., None]] = {
    Convolution: check_convolution,
    Pool: check_pool,
    Same: check_same,
    Transposed: check_transposed,
    Volume: check_volume,
}


def prove(configurations: int, tick: Tick, *, loops: Loops = LOOPS, twin: Callable[..., Any] = compiled) -> Tally:
    """Compare the formulations; of a space larger than `configurations`, evenly spread ones are taken."""
    tally = Tally()
    run = {name: twin(function) for name, function in loops.items()}
    whole = [*space.line(), *space.same_line(), *space.transposed_line(), *_covering(tally)]
    count = min(configurations, len(whole))
    chosen = [whole[number * len(whole) // count] for number in range(count)]
    for number, configuration in enumerate(chosen):
        choices = Choices(number, "triangulated")
        with tally.configuration(configuration):
            CHECKS[type(configuration)](tally, configuration, choices, run, twin)
        tick(number + 1, len(chosen))
    tally.counts["configurations in the whole space"] = len(whole)
    return tally


def _covering(tally: Tally) -> Iterator[Configuration]:
    """Yield the configurations of more dimensions, having counted that the pairs of option values are all there."""
    for seed in range(space.COVERING_SETS):
        convolutions, pools = space.convolution_rows(seed), space.pool_rows(seed)
        volumes = space.volume_rows(seed)
        _expect_all_pairs(tally, "2-D convolutions", convolutions, space.CONVOLUTION_OPTIONS)
        _expect_all_pairs(tally, "2-D pools", pools, space.POOL_OPTIONS)
        _expect_all_pairs(tally, "3-D convolutions", volumes, space.VOLUME_OPTIONS)
        yield from map(space.plane_convolution, convolutions)
        yield from map(space.plane_pool, pools)
        yield from map(space.volume, volumes)


def _expect_all_pairs(tally: Tally, kind: str, rows: Sequence[Row], options: Options) -> None:
    missing = pairs_missing(rows, options)
    tally.counts[f"pairs of option values of {kind}, each in every covering set"] = len(list(all_pairs(options)))
    tally.counts[f"{kind} in the covering sets"] += len(rows)
    for pair in missing:
        tally.fail(f"none of the {kind} has {pair}")
