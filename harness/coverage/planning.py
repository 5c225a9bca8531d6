"""Works the plans out and writes them: ``python -m convoracle.harness.coverage.planning [NAME]...``.

That takes a minute for each family, so it is done once, and the plans come with the package.
"""

import sys
from importlib import resources

from convoracle.harness.coverage.drawing import as_planned, drawn_numbers, size_of
from convoracle.harness.coverage.families import PLANNED, PLANS, family_of
from convoracle.harness.coverage.plan import Plan
from convoracle.harness.coverage.plan_files import DIGITS
from convoracle.harness.coverage.space import Space
from convoracle.harness.operations import OPERATIONS

LENGTH = 320
"""How many cases are planned."""

MOST = 4.0
"""How large a planned case may be, as a multiple of what it should be: one of three axes is wide, not all of them."""


def worked_out(name: str, length: int) -> str:
    """Return the text of the plan of an operation's family."""
    family = family_of(OPERATIONS[PLANS[name]])
    assert family is not None
    space = Space(family.blocks({}))

    def is_possible(row: list[int], number: int) -> bool:
        numbers = drawn_numbers(family, space, row, number, as_planned(family, number), 1)
        return numbers is not None and bool(size_of(family, numbers) <= MOST)

    plan = Plan(space, family.pins, is_possible, name)
    planned = [plan.levels(plan.row(number)) for number in range(length)]
    lines = ["".join(DIGITS[level] for level in levels) for levels in planned]
    return "\n".join([f"# {', '.join(feature.name for feature in space.features)}", *lines]) + "\n"


def main(names: list[str]) -> None:
    """Write the plans of the families that these operations stand for."""
    for name in names or PLANNED:
        with resources.as_file(resources.files(__package__) / "plans") as folder:
            (folder / f"{name}.txt").write_text(worked_out(name, LENGTH), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
