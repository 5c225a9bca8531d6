"""What a verification found, as an object and as text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convoracle.harness.explain.writing.text import failure_text
from convoracle.harness.failure import Failure, plain

if TYPE_CHECKING:
    from convoracle.harness.coverage.ledger import Coverage

__all__ = ["Failure", "Report", "indented", "ratio_text"]


@dataclass
class Report:
    """The verdict on one candidate for one operation.

    Attributes
    ----------
    operation, candidate : str
        What was verified.
    passed : bool
        Every check held, at the declared accuracy, in every case.
    cases : int
        How many cases were run.
    seconds : float
        How long it took.
    grade : {"A", "B", "fail", "-"}
        A: every error within the componentwise bound. B: within the normwise bound only. None without that check.
    grades : dict of str to str
        The grade for each dtype of which floats were compared.
    ratio : float or None
        The largest error as a multiple of the bound of the declared accuracy; None if no floats were compared.
    failures : list of Failure
        What is wrong, empty if `passed`.
    accuracy : str
        The declared accuracy.
    dtypes : tuple of str
        The dtypes verified.
    seed, examples : int
        What was asked for.
    checked, unproved : Counter
        How often each check was made; and left out, because no data small enough for its proof exists, or because the
        candidate declares that it does not support what would be asked.
    skipped : tuple of str
        The checks that were not asked for.
    is_for_one_thread : bool
        It was wrong when two threads called it at once, and promises nothing else.
    coverage : Coverage or None
        What the cases combine, if that was asked for.
    """

    operation: str
    candidate: str
    accuracy: str
    dtypes: tuple[str, ...]
    examples: int
    seed: int
    cases: int = 0
    seconds: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)
    skipped: tuple[str, ...] = ()
    ratios_of_dtypes: dict[str, dict[str, float]] = field(default_factory=dict)
    is_for_one_thread: bool = False
    coverage: "Coverage | None" = None

    @property
    def passed(self) -> bool:
        """Whether every check held in every case; False where no case was run."""
        return not self.failures and self.cases > 0

    @property
    def ratio(self) -> float | None:
        """The largest error as a multiple of the bound of the declared accuracy."""
        return self.ratios.get(self.accuracy)

    @property
    def grade(self) -> str:
        """The grade: A, B or fail; none where floats were not compared because that check was skipped."""
        if not self.passed:
            return "fail"
        if ("bounded" if self.accuracy == "componentwise" else "normwise") in self.skipped:
            return "-"
        return _grade_of(self.ratios)

    @property
    def grades(self) -> dict[str, str]:
        """The grade for each dtype of which floats were compared."""
        return {
            dtype: _grade_of(ratios) if self.passed else "fail"
            for dtype, ratios in sorted(self.ratios_of_dtypes.items())
            if ratios
        }

    def grade_text(self) -> str:
        """Return the grade, dtype by dtype where they differ."""
        if len(set(self.grades.values())) < 2:
            return self.grade
        return ", ".join(f"{grade} in {dtype}" for dtype, grade in self.grades.items())

    def add_ratios(self, dtype: str, ratios: Mapping[str, float]) -> None:
        """Keep the largest ratios, in all and of each dtype."""
        for kept in (self.ratios, self.ratios_of_dtypes.setdefault(dtype, {})):
            for accuracy, ratio in ratios.items():
                kept[accuracy] = max(kept.get(accuracy, 0.0), ratio)

    def __str__(self) -> str:
        return self.text()

    def text(self, columns: int = 80) -> str:
        """Return what a person reads, for a terminal of so many columns."""
        return "\n".join([self.headline(), *(indented(failure_text(one, columns - 2)) for one in self.failures)])

    def headline(self) -> str:
        """Return the verdict in one line."""
        count = f"{self.cases} case{'s' * (self.cases != 1)}"
        if self.failures:
            return f"{self.operation}: {self.candidate} is WRONG, found after {count} in {self.seconds:.1f} s"
        error = "" if self.ratio is None else f", largest error {ratio_text(self.ratio)} of its {self.accuracy} bound"
        left_out = "".join(
            f", {check} left out {n} time{'s' * (n != 1)} ({'declared limit' if check == 'specials' else 'no proof'})"
            for check, n in self.unproved.items()
        )
        if self.skipped:
            left_out += f", WITHOUT the checks {', '.join(self.skipped)}"
        if self.is_for_one_thread:
            left_out += ", but NOT SAFE for two threads at once"
        return (
            f"{self.operation}: {self.candidate} is right: {count} of {', '.join(self.dtypes)}, "
            f"grade {self.grade_text()}{error}{left_out}, in {self.seconds:.1f} s"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "operation": self.operation,
            "candidate": self.candidate,
            "passed": self.passed,
            "grade": self.grade,
            "grades": self.grades,
            "ratio": plain(self.ratio),
            "accuracy": self.accuracy,
            "dtypes": list(self.dtypes),
            "cases": self.cases,
            "examples": self.examples,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "checked": dict(self.checked),
            "unproved": dict(self.unproved),
            "skipped": list(self.skipped),
            "is_for_one_thread": self.is_for_one_thread,
            "failures": [failure.as_dict() for failure in self.failures],
            **({} if self.coverage is None else {"coverage": self.coverage.as_dict()}),
        }


def _grade_of(ratios: Mapping[str, float]) -> str:
    return "A" if ratios.get("componentwise", 0.0) <= 1.0 else "B"


def indented(text: str) -> str:
    """Return text with every line two columns further right."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def ratio_text(ratio: float) -> str:
    """Return a ratio as text that never rounds up to 1 what is below it."""
    text = f"{ratio:.2g}"
    return f"{ratio:.5f}" if ratio < 1.0 <= float(text) else text
