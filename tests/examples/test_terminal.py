"""The curve in one line."""

from collections.abc import Callable
from types import ModuleType


def test_a_curve_worked_by_hand(example: Callable[[str], ModuleType]) -> None:
    sparkline = example("terminal").sparkline
    assert sparkline([8.0, 4.0, 2.0, 1.0, 0.0], 40) == "█▅▃▂▁"
    assert sparkline([8, 8, 4, 4, 0, 0], 3) == "█▅▁"
    assert sparkline([0.0, 0.0], 5) == "▁▁"
    assert sparkline([], 5) == ""
    assert [len(sparkline(range(1, n), 30)) for n in (2, 31, 32, 1000)] == [1, 30, 30, 30]
