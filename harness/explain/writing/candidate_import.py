"""How a test file gets at a candidate: the lines that import it, as far as its command says where it is."""

from pathlib import Path

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.operations.base import Operation

NAMELESS = "from YOUR_MODULE import YOUR_FUNCTION as candidate  # it was handed over as an object, without a name"


def import_of(operation: Operation, candidate: Candidate) -> list[str]:
    """Return the lines that make the candidate known as `candidate`."""
    option, name, adapters = _parts(candidate)
    if option == "--backend":
        passed = getattr(candidate.function, "keywords", {"backend": name})  # the accuracy, too, if it is asked for
        words = ", ".join(f"{key}={value!r}" for key, value in passed.items())
        return [
            "",
            "import convoracle",
            "",
            "",
            "def candidate(*operands, **options):",
            f"    return convoracle.{operation.name}(*operands, {words}, **options)",
        ]
    module, _, function = name.rpartition(":")
    if option == "--candidate" and module:
        first, _, rest = function.partition(".")
        lines = ["", f"from {Path(module).name.removesuffix('.py')} import {first} as candidate"]
        if adapters:
            lines.insert(1, f"from convoracle.harness.adapters import {', '.join(sorted(set(adapters)))}")
        if rest or adapters:
            lines.append("")
        lines += [f"candidate = candidate.{rest}"] if rest else []
        return lines + [f"candidate = {adapter}(candidate, {operation.name!r})" for adapter in adapters]
    if option == "--candidate":
        return [
            "",
            "from convoracle.harness.candidates.source import Source",
            "",
            f'candidate = Source("peer", {name!r}).load({operation.name!r}).function',
        ]
    return ["", NAMELESS]


def is_alone(candidate: Candidate) -> bool:
    """Return whether NumPy and the candidate are all that these lines need."""
    return not _parts(candidate)[2]


def _parts(candidate: Candidate) -> tuple[str, str, list[str]]:
    """Return the option that names the candidate, its name, and its adapters."""
    option, name, *others = (candidate.command or "- -").split()
    return option, name, [value for key, value in zip(others[::2], others[1::2], strict=True) if key == "--adapter"]
