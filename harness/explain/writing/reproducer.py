"""A failure as a test file that needs NumPy and the candidate alone: every expected value is written down in it."""

import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.operands import integers
from convoracle.harness.explain.evidence import expectation
from convoracle.harness.explain.writing.candidate_import import import_of, is_alone
from convoracle.harness.explain.writing.promise_tests import TestsOf, unpacked
from convoracle.harness.explain.writing.source import array_lines, layout_lines
from convoracle.harness.operations.base import Arrays, Operation

MOST_ELEMENTS = 20_000
"""Larger cases make no file that anybody would want to read."""

HEAD = '''"""{title}

{story}

Written by convoracle. It needs {everything}, fails while the candidate is wrong and passes once it is right:
python -m pytest THIS_FILE, from where the candidate can be imported.
"""

{imports}


'''


CHECK = """def check(returned, expected):
    results = {returned}
    assert len(results) == len(expected)
    for got, (values, allowed), dtype in zip(results, expected, {dtypes!r}):
        assert type(got) is np.ndarray
        assert got.shape == values.shape
        assert got.dtype == np.dtype(dtype)
        same = (got == values) | ((got != got) & (values != values))
        with np.errstate(all="ignore"):
            close = np.abs(got.astype("float64") - values) <= allowed
        for at in np.argwhere(~(same | close)).tolist():
            raise AssertionError(f"at {{at}}: expected {{values[tuple(at)]}}, got {{got[tuple(at)]}}")"""


def script_of(
    operation: Operation, candidate: Candidate, case: Any, operands: Arrays | None, tests_of: TestsOf | None, story: str
) -> str:
    """Return the file, or nothing where the case is too large or no test in it fails.

    Parameters
    ----------
    operation, candidate, case
        What fails.
    operands : mapping or None
        The data of a call with a wrong result; small integers if there is none.
    tests_of : callable, optional
        Of `convoracle.harness.explain.writing.promise_tests`: what is tested besides the result of one call.
    story : str
        What to say about it at the top.
    """
    given = dict(operands) if operands is not None else integers(operation, case, 3)
    if (
        sum(array.size for array in given.values()) + sum(_size(o.shape) for o in operation.outputs(case))
        > MOST_ELEMENTS
    ):
        return ""
    body = _body(operation, candidate, case, given, tests_of)
    if not _fails(body, candidate.function):
        return ""
    needed = [f"import {module}" for module in ("sys", "threading") if f"{module}." in body]
    imports = [*needed, *([""] if needed else []), "import numpy as np", *import_of(operation, candidate)]
    title = f"{operation.name} by {candidate.name} is wrong."
    told = "\n".join(textwrap.fill(line, 118) for line in story.splitlines()).replace("\\", "/").replace('"""', "'''")
    everything = "NumPy and the candidate" if is_alone(candidate) else "NumPy, convoracle's adapters and the candidate"
    return HEAD.format(title=title, story=told, everything=everything, imports="\n".join(imports)) + body


def _body(operation: Operation, candidate: Candidate, case: Any, given: Arrays, tests_of: TestsOf | None) -> str:
    names = list(operation.operand_shapes(case))
    blocks = [_operands("operands", operation, case, given), _expected("expected", operation, candidate, case, given)]
    call = f"candidate({_call(operation, candidate, case)})"
    blocks.append(_check(operation, case))
    blocks.append(f"def test_the_result():\n    {unpacked(names)} = operands()\n    check({call}, expected())")
    if tests_of is not None:
        other = integers(operation, case, 2, stream="another call")
        blocks.insert(1, _operands("other_operands", operation, case, other))
        blocks.insert(3, _expected("other_expected", operation, candidate, case, other))
        blocks.append(tests_of(names, call))
    return "\n\n\n".join(blocks) + "\n"


def _operands(function: str, operation: Operation, case: Any, arrays: Arrays) -> str:
    """Return a function that makes the operands, laid out in memory as in the case."""
    lines = [f"def {function}():"]
    names = list(operation.operand_shapes(case))
    for position, name in enumerate(names):
        dtype = "int64" if name == "indices" else case.dtype
        lines += [f"    {line}" for line in array_lines(name, arrays[name].astype(dtype))]
        layout = case.layout[min(position, len(case.layout) - 1)]
        lines += [f"    {line}" for line in layout_lines(name, arrays[name].ndim, layout)]
    lines.append(f"    return {unpacked(names)}")
    return "\n".join(lines)


def _expected(function: str, operation: Operation, candidate: Candidate, case: Any, arrays: Arrays) -> str:
    """Return a function that makes, for each output, what it must be and how far from that it may lie."""
    lines, pairs = [f"def {function}():"], []
    for output in operation.outputs(case):
        values, allowed = expectation(output, arrays, case.dtype, candidate.accuracy)
        lines += [f"    {line}" for line in array_lines(output.name, values)]
        if np.any(allowed):
            room = np.broadcast_to(allowed, values.shape)
            lines += [f"    {line}" for line in array_lines(f"{output.name}_allowed", room)]
        pairs.append(f"({output.name}, {f'{output.name}_allowed' if np.any(allowed) else 0})")
    lines.append(f"    return [{', '.join(pairs)}]")
    return "\n".join(lines)


def _check(operation: Operation, case: Any) -> str:
    """Return a function that compares what a call returned with what was expected."""
    outputs = operation.outputs(case)
    result = "int64" if case.dtype.startswith("int") else case.dtype
    dtypes = ["int64" if output.is_index else result for output in outputs]
    returned = "[returned]" if len(outputs) == 1 else "list(returned)"
    return CHECK.format(returned=returned, dtypes=dtypes)


def _call(operation: Operation, candidate: Candidate, case: Any) -> str:
    """Return the arguments of the call, as source."""
    stand_ins = {name: np.empty(shape, bool) for name, shape in operation.operand_shapes(case).items()}
    positional, keywords = operation.arguments(case, stand_ins)
    names = {id(array): name for name, array in stand_ins.items()}
    words = [names.get(id(value)) or repr(value) for value in positional]
    left_out = candidate.left_out(operation)
    return ", ".join([*words, *(f"{name}={value!r}" for name, value in keywords.items() if name not in left_out)])


def _fails(body: str, function: Callable[..., Any]) -> bool:
    """Return whether a test in the file fails for the candidate."""
    import sys
    import threading

    names: dict[str, Any] = {"np": np, "sys": sys, "threading": threading, "candidate": function}
    hook, threading.excepthook = threading.excepthook, lambda arguments: None
    try:
        exec(compile(body, "<reproducer>", "exec"), names)
        for name in [name for name in names if name.startswith("test_")]:
            names[name]()
    except KeyboardInterrupt:
        raise
    except BaseException:
        return True
    finally:
        threading.excepthook = hook
    return False


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))
