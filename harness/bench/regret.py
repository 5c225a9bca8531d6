"""How well ``backend="auto"`` chooses: the time of its choice against that of the fastest it could have chosen.

Every backend it may choose for a layer is timed by name, in turns. The regret is how much longer its choice takes than
the fastest, as a share; its choice is a hit if it is the fastest, or if the difference is within the noise (the
interval of their ratio holds 1). Where there is one backend only, nothing is chosen: such layers do not count.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from convoracle.fast import workspace
from convoracle.fast.auto.candidates import candidates_of
from convoracle.fast.auto.graded import ALGORITHMS
from convoracle.fast.auto.layer import layer_of
from convoracle.harness.bench.comparison import Comparison, Task, compare
from convoracle.harness.bench.statistics import Interval
from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.geometry import pair

PASSES = ("forward", "input_grad", "weight_grad")


@dataclass(frozen=True)
class Regret:
    """What a choice costs.

    Parameters
    ----------
    comparison : Comparison
        The times of all backends that could be chosen.
    chosen : str
        What `auto` chooses.
    best : str
        What was the fastest.
    """

    comparison: Comparison
    chosen: str
    best: str

    @property
    def ratio(self) -> Interval:
        """The time of the choice by that of the fastest."""
        return self.comparison.ratio(self.best, self.chosen)

    @property
    def regret(self) -> float:
        """How much longer the choice takes, as a share."""
        return max(0.0, self.ratio.middle - 1.0)

    @property
    def is_hit(self) -> bool:
        """Whether the choice is the fastest, or not certainly slower."""
        return self.chosen == self.best or self.ratio.low <= 1.0


def choices(workload: Workload, direction: str, accuracy: str) -> tuple[str, tuple[str, ...]]:
    """Return what `auto` chooses for a layer, and all it could choose, its choice first."""
    case = workload.case
    assert isinstance(case, Conv2dCase)
    options = {
        "stride": pair(case.stride),
        "padding": case.sides(),
        "dilation": pair(case.dilation),
        "groups": case.groups,
    }
    operation = workload.operation(direction).name
    layer = layer_of(operation, case.dtype, case.x_shape(), case.weight_shape(), options)
    found = candidates_of(layer, accuracy, workspace.get_workspace_limit())
    able = tuple(one.backend for one in found if one.obstacle is None and one.backend in ALGORITHMS)
    return found[0].backend, able


def regrets(
    workloads: Sequence[Workload],
    threads: int,
    seconds: float,
    accuracy: str = "normwise",
    on_done: Callable[[str | None], None] = lambda line: None,
) -> Iterator[Regret]:
    """Yield the regret of every convolution and pass where there is something to choose."""
    for direction in PASSES:
        for workload in workloads:
            line = None
            if workload.is_convolution:
                chosen, able = choices(workload, direction, accuracy)
                if len(able) > 1:
                    one = _regret(Task(workload, direction, threads, (chosen,), able[1:], seconds))
                    line = f"{direction} {workload}: auto takes {chosen}, the fastest is {one.best}"
                    yield one
            on_done(line)


def _regret(task: Task) -> Regret:
    """Time the choice against the others."""
    found = compare(task)
    best = min(found.results, key=lambda name: found.results[name].seconds.middle)
    return Regret(found, task.names[0], best)


@dataclass(frozen=True)
class Summary:
    """The regrets of some choices together."""

    choices: int
    hits: int
    median: float
    worst: float


def summary(found: Sequence[Regret]) -> Summary:
    """Return how many choices hit, and the median and largest regret."""
    shares = [one.regret for one in found]
    return Summary(len(found), sum(one.is_hit for one in found), statistics.median(shares), max(shares))
