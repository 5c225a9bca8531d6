"""What outputs read along an axis, in a correlation whose lanes are filters (`convoracle.fast.direct.filter_plan`)."""

from typing import NamedTuple

from convoracle.fast.correlation_axes import Axis

Phase = tuple[int, tuple[int, ...], Axis]
"""One axis of a phase: its first output, its taps, and what they read."""


class Reading(NamedTuple):
    """One axis of what is read: numbers first, first + take, ... of the source, `step` of them from unit to unit."""

    size: int
    units: int
    first: int
    take: int
    step: int
    span: int
    """How many of them a unit reaches beyond its first."""
    read: int
    """How many of them it reads, at most."""

    def length(self, units: int) -> int:
        """Return how many numbers so many units read."""
        return (units - 1) * self.step + self.span + 1

    def fitting(self, numbers: int) -> int:
        """Return how many units reach no more than so many numbers, 0 if not even one does."""
        return max((numbers - self.span - 1) // self.step + 1, 0)

    def fitting_in_place(self, numbers: int) -> int:
        """Return how many units read no more than so many numbers of the source itself, whose gaps nobody reads."""
        if self.size <= numbers:
            return self.units
        return max(self.fitting(numbers), (numbers // self.read - 1) // self.step + 1)

    def is_far(self, numbers: int) -> bool:
        """Tell whether taps are so far apart that in copies of so many numbers most would be those of other bands."""
        fitting = self.fitting(numbers)
        return self.span >= self.read and fitting < self.units and 2 * fitting <= self.span

    @property
    def is_inside(self) -> bool:
        """Whether there are no zeros around the source among them."""
        return self.first >= 0 and self.first + (self.length(self.units) - 1) * self.take < self.size


def reading_of(phases: tuple[Phase, ...], units: int) -> Reading:
    """Return what the taps of all phases read along an axis."""
    axes = [axis for _, _, axis in phases]
    offsets = [offset for axis in axes for offset in axis.offsets]
    span, stride = max(offsets) - min(offsets), axes[0].stride
    # A single tap leaves numbers out; a copy need not have them.
    take = stride if span == 0 and units > 1 else 1
    return Reading(axes[0].size, units, min(offsets), take, stride // take if units > 1 else 1, span, len(set(offsets)))
