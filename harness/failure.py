"""One way in which a candidate is wrong, with everything that was found out about it."""

from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.explain.cases.rule import Rule
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.naming.diagnosis import Diagnosis
from convoracle.harness.explain.values.pattern import Pattern
from convoracle.harness.explain.values.smallest_data import non_zeros
from convoracle.harness.explain.writing.text import failure_text


@dataclass(frozen=True)
class Failure:
    """One way in which a candidate is wrong.

    Attributes
    ----------
    kind : {"shape", "dtype", "values", "contract", "stateful", "raised", "timeout", "crash"}
        What sort of wrong.
    check : str
        The check that found it.
    message : str
        One sentence.
    call : str
        The smallest call that fails, with shapes in place of arrays.
    case : str
        The same as a descriptor, which ``verify(..., case=...)`` and ``--case`` take.
    found_in : int
        Number of the case that failed first, before shrinking.
    index : tuple of int or None
        Where the first (or the worst) wrong value is.
    expected, got : scalar or None
        The value there.
    command : str
        What reproduces it.
    diagnosis : Diagnosis or None
        What the wrong result equals.
    rule : Rule or None
        Which cases fail.
    pattern : Pattern or None
        What the wrong values of all failing cases have in common.
    shape : str
        What the extents of a wrong shape are.
    data : str
        On which sorts of data it is wrong and on which right, where that differs.
    memory : str
        In which memory layouts of which operand it is wrong, where it is right in C order.
    products : str
        Which products wrong values of the smallest call are sums of, and which they should be.
    history : str
        What the wrong result has to do with earlier calls, where fresh operands give no wrong values.
    hint : str
        What its author may declare, where that would do.
    evidence : Evidence or None
        The smallest call, with as few non-zero operands as possible; None where fresh operands give no wrong values.
    seen : Evidence or None
        The call of the case that failed first: its map shows more.
    script : str
        A test file that needs NumPy and the candidate alone.
    """

    kind: str
    check: str
    message: str
    call: str
    case: str
    found_in: int
    command: str
    index: tuple[int, ...] | None = None
    expected: Any = None
    got: Any = None
    diagnosis: Diagnosis | None = None
    rule: Rule | None = None
    pattern: Pattern | None = None
    shape: str = ""
    data: str = ""
    history: str = ""
    memory: str = ""
    products: str = ""
    hint: str = ""
    evidence: Evidence | None = field(default=None, compare=False, repr=False)
    seen: Evidence | None = field(default=None, compare=False, repr=False)
    script: str = field(default="", repr=False)

    def __str__(self) -> str:
        return failure_text(self)

    def reproducer(self) -> str:
        """Return a pytest file that fails for the candidate until it is right: NumPy and the candidate, nothing else.

        Raises
        ------
        ValueError
            If the failure has none.
        """
        if not self.script:
            raise ValueError(f"no reproducer: {self.without_script()}; its command: {self.command}")
        return self.script

    def without_script(self) -> str:
        """Return why there is no reproducer."""
        if self.kind in ("timeout", "crash"):
            return "a candidate that hangs or kills its process would take pytest with it"
        return "no call on its own fails; it takes what the check does around it"

    def as_dict(self) -> dict[str, Any]:
        """Return the failure as plain values, for JSON."""
        return {
            "kind": self.kind,
            "check": self.check,
            "message": self.message,
            "call": self.call,
            "case": self.case,
            "found_in": self.found_in,
            "index": None if self.index is None else list(self.index),
            "expected": plain(self.expected),
            "got": plain(self.got),
            "command": self.command,
            "diagnosis": None if self.diagnosis is None else str(self.diagnosis),
            "when": None if self.rule is None else str(self.rule),
            "where": None if self.pattern is None else self.pattern.where(),
            "data": self.data or None,
            "history": self.history or None,
            "shape": self.shape or None,
            "memory": self.memory or None,
            "products": self.products or None,
            "hint": self.hint or None,
            "instead": None if self.pattern is None else self.pattern.instead,
            "operands": None if self.evidence is None else as_plain_operands(self.evidence),
        }


def as_plain_operands(evidence: Evidence) -> dict[str, Any]:
    """Return the shapes of the operands, and what in them is not zero."""
    return {
        name: {
            "shape": list(evidence.operands[name].shape),
            "non_zeros": [[list(index), plain(value)] for index, value in found],
        }
        for name, found in non_zeros(evidence.operands).items()
    }


def plain(value: Any) -> Any:
    """Return a NumPy scalar as a Python number; what JSON has no number for (nan, inf) as text."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value
