"""A failing case in words: the call as it would be typed, and the command that makes it again."""

from typing import Any

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.checks import Problem
from convoracle.harness.operations import Operation
from convoracle.harness.report import Failure


def failure(operation: Operation, case: Any, number: int, problem: Problem, command: str) -> Failure:
    """Return a problem with what a reader needs to see it happen again; `command` is what runs one case."""
    descriptor = describe(case)
    return Failure(
        kind=problem.kind,
        check=problem.check,
        message=problem.sentence,
        call=_call(operation, case),
        case=descriptor,
        found_in=number,
        command=command.format(case=descriptor),
        index=problem.index,
        expected=problem.expected,
        got=problem.got,
    )


def command_line(operation: str, subject: str, accuracy: str) -> str:
    """Return the command that runs one case of the candidate that the options `subject` name."""
    bound = "" if accuracy == "componentwise" else f" --accuracy {accuracy}"
    return f"convoracle verify {operation} {subject}{bound} --case '{{case}}'"


def _call(operation: Operation, case: Any) -> str:
    """Return the call with shapes in place of arrays."""
    stand_ins = {name: np.empty(shape, bool) for name, shape in operation.operand_shapes(case).items()}
    positional, keywords = operation.arguments(case, stand_ins)
    names = {id(array): name for name, array in stand_ins.items()}
    words = [f"{names[id(value)]}{value.shape}" if id(value) in names else repr(value) for value in positional]
    words += [f"{name}={value!r}" for name, value in keywords.items()]
    call = f"{operation.name}({', '.join(words)}) in {case.dtype}"
    return call if set(case.layout) == {"C"} else f"{call}, memory layout {'+'.join(case.layout)}"


def command_of(operation: Operation, candidate: Candidate) -> str:
    """Return what runs one case of a candidate: a command, or Python where no command reaches the callable."""
    if candidate.command is not None:
        return command_line(operation.name, candidate.command, candidate.accuracy)
    options = "" if candidate.accuracy == "componentwise" else f", accuracy={candidate.accuracy!r}"
    if candidate.limits:
        options += f", limits={dict(candidate.limits)!r}".replace("{", "{{").replace("}", "}}")
    return f"verify({operation.name!r}, {candidate.name.replace(':', '.')}, case='{{case}}'{options})"
