"""Every mutant is really wrong: somewhere in a few plain configurations it differs from the oracle.

Nothing of the harness's checks is used. Integers are such that every partial sum is representable, so that any
difference counts; on floats only one that is larger than any order of summation can make. Two kinds have tests of
their own: `test_threads.py`, `test_orders.py`.
"""

import functools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bugs.bug import KINDS, Bug
from convoracle.harness.bugs.mutants import MUTANTS
from convoracle.harness.bugs.mutants.orders import ORDERS
from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.cases.data import LAYOUTS, lay_out, read_only
from convoracle.harness.operations import OPERATIONS


def numbers(bug: Bug, case: Any, kind: str) -> dict[str, np.ndarray]:
    """Operands of one kind, in the case's dtype."""
    operation, rng = OPERATIONS[bug.operation], np.random.default_rng(5)
    dtype = np.dtype(case.dtype)
    made = operation.index_operands(case)
    for name, shape in operation.operand_shapes(case).items():
        if name not in made:
            made[name] = of_kind(kind, rng, shape, dtype, is_first=not any(n not in ("indices",) for n in made))
    return {name: made[name] for name in operation.operand_shapes(case)}


def of_kind(kind: str, rng: np.random.Generator, shape: Any, dtype: np.dtype, is_first: bool) -> np.ndarray:
    """Values of one kind; `is_first` for the first operand, which some kinds treat apart."""
    small = rng.integers(-3, 4, shape)
    if kind == "integers" or (kind == "full range" and dtype.kind == "f"):
        return small.astype(dtype)
    if kind == "smallest":
        return np.full(shape, np.iinfo(dtype).min if dtype.kind == "i" else -1, dtype)
    if kind == "full range" and dtype.kind == "i":
        info = np.iinfo(dtype)
        reach = min(info.max, 2**31)
        return rng.integers(-reach, reach, shape).astype(dtype)
    if dtype.kind == "i":
        return small.astype(dtype)
    bits = {"float16": 10, "float32": 21, "float64": 45}[dtype.name]
    wide = rng.integers(-(2**bits), 2**bits, shape).astype(dtype)
    signs = rng.integers(-1, 2, shape).astype(dtype)
    if kind in ("wide first", "wide others"):
        return wide if is_first == (kind == "wide first") else signs
    if kind == "tiny":
        return np.ldexp(small, -40).astype(dtype) if is_first else signs
    if kind == "tiny others":
        return signs if is_first else np.ldexp(small, -40).astype(dtype)
    if kind == "together":
        values = small.astype(dtype)
        values.flat[:2] = (np.inf, np.nan)[: values.size] if is_first else 1
        return values
    if kind == "multiples":
        return (small * 720720).astype(dtype)
    if kind == "positive":
        return np.abs(small).astype(dtype)
    if kind == "ones":
        return small.astype(dtype) if is_first else np.ones(shape, dtype)
    if kind == "nothing first" and is_first:
        return np.zeros(shape, dtype)
    if kind == "constant":
        return np.full(shape, 2, dtype)
    if kind == "subnormal":
        return (small * float(np.finfo(dtype).smallest_subnormal)).astype(dtype) if is_first else signs
    if kind in ("special", "special others", "infinite", "nothing first"):
        values = small.astype(dtype)
        if is_first == (kind not in ("special others", "nothing first")):
            values.flat[0], values.flat[values.size // 2] = np.inf, np.inf if kind == "infinite" else np.nan
        return values
    if kind == "far apart":
        values = np.ldexp(small, -60).astype(dtype)
        values.flat[0] = 2.0**100
        return values if is_first and dtype != np.float16 else signs
    if kind == "all -inf":
        return np.full(shape, -np.inf, dtype)
    if kind == "huge":
        return np.where(small > 0, 1000, -1000).astype(dtype)
    assert kind == "floats"
    return np.ldexp(rng.uniform(-1, 1, shape), rng.integers(-12, 13, shape)).astype(dtype)


DATA = (
    "integers",
    "floats",
    "wide first",
    "wide others",
    "special",
    "special others",
    "infinite",
    "all -inf",
    "full range",
    "smallest",
    "tiny",
    "multiples",
    "positive",
    "constant",
    "ones",
    "nothing first",
    "subnormal",
    "huge",
    "far apart",
    "tiny others",
    "together",
)


class Different(Exception):
    """Says in what a mutant differs."""


def called(
    bug: Bug, candidate: Any, case: Any, arrays: dict[str, np.ndarray], is_exact: bool
) -> tuple[np.ndarray, ...]:
    """Call the candidate and the oracle on the same arrays; raise Different where they differ."""
    operation = OPERATIONS[bug.operation]
    before = {name: array.copy() for name, array in arrays.items()}
    positional, keywords = operation.arguments(case, before)
    with np.errstate(all="ignore"):
        expected = right(bug.operation)(*positional, **keywords)
        positional, keywords = operation.arguments(case, arrays)
        try:
            got = candidate(*positional, **keywords)
        except (TypeError, ValueError):
            if not bug.raises:
                raise
            raise Different("raises") from None
    if isinstance(expected, tuple) != isinstance(got, tuple):
        raise Different("not a tuple, or one")
    many = expected if isinstance(expected, tuple) else (expected,)
    results = got if isinstance(got, tuple) else (got,)
    for one, other in zip(many, results, strict=True):
        one = np.asarray(one)
        if isinstance(expected, np.ndarray) and type(other) is not np.ndarray:
            raise Different("type")
        if np.shape(other) != one.shape or np.asarray(other).dtype.str != one.dtype.str:
            raise Different("form")
        if any(np.shares_memory(other, array) for array in arrays.values()):
            raise Different("shares memory with an input")
        if (
            np.ndim(other)
            and other.flags.writeable
            and 0 in [s for s, n in zip(other.strides, other.shape, strict=True) if n > 1]
        ):
            raise Different("elements share memory")
    if any(np.shares_memory(a, b) for i, a in enumerate(results) for b in results[:i]):
        raise Different("results share memory")
    for name, array in arrays.items():
        if array.tobytes() != before[name].tobytes():
            raise Different(f"{name} modified")
    for position, (one, other) in enumerate(zip(many, results, strict=True)):
        if apart(bug, case, before, position, np.asarray(one), np.asarray(other), is_exact):
            raise Different("values")
    return tuple(results)


def apart(bug: Bug, case: Any, arrays: Any, position: int, one: np.ndarray, other: np.ndarray, is_exact: bool) -> bool:
    """Whether two results differ by more than the order of a sum can make."""
    if np.array_equal(one, other, equal_nan=True):
        return False
    if is_exact and one.dtype.kind != "f":
        return True
    if uses_exponentials(bug.operation):
        if not np.array_equal(np.isfinite(one), np.isfinite(other)):
            return True
        coarse, coarser = (np.asarray(values, np.float32).astype(np.float64) for values in (one, other))
        return not np.array_equal(coarse, coarser) or (
            np.array_equal(coarser, other) and not np.array_equal(coarse, one)
        )
    if is_exact:
        return True
    operation = OPERATIONS[bug.operation]
    magnitudes = {name: a if name == "indices" else np.abs(a).astype(np.float64) for name, a in arrays.items()}
    ones = {name: a if name == "indices" else np.ones_like(a, np.float64) for name, a in arrays.items()}
    plain = {name: a if name == "indices" else a.astype(np.float64) for name, a in arrays.items()}
    size, count, truth = (
        np.asarray(values[position] if isinstance(values, tuple) else values)
        for values in (
            right(bug.operation)(*operation.arguments(case, some)[0], **operation.arguments(case, some)[1])
            for some in (magnitudes, ones, plain)
        )
    )
    n = float(count.max()) + 3
    u = 2.0**-24 if one.dtype != np.float64 else 2.0**-53
    return one.dtype != np.float64 and bool((np.abs(other - truth) > n * u / (1 - n * u) * size).any())


def uses_exponentials(operation: str) -> bool:
    """Whether a result cannot be exact on integers."""
    return operation.startswith(
        ("sigmoid", "softmax", "log_softmax", "cross_entropy", "euclidean_loss", "mean_subtract")
    )


def plainly(bug: Bug, case: Any, kind: str) -> None:
    """Call a fresh candidate; raise Different where it is wrong."""
    called(bug, bug.make(), case, numbers(bug, case, kind), is_exact=kind != "floats")


def in_situations(bug: Bug, case: Any, kind: str) -> None:
    """Call a fresh candidate in every way that a promise is about; raise Different where one is broken."""
    arrays = numbers(bug, case, kind)
    check = functools.partial(called, bug, is_exact=True)
    candidate = bug.make()
    results = check(candidate, case, arrays)
    kept = [np.array(result) for result in results]
    others = numbers(bug, case, "integers")
    for name, array in arrays.items():
        if name != "indices":
            array.flat[1:] = -array.flat[:0:-1]
    held = {name: array.copy() for name, array in arrays.items()}
    check(candidate, case, arrays)
    if any(result.tobytes() != copy.tobytes() for result, copy in zip(results, kept, strict=True)):
        raise Different("an earlier result changed")
    check(candidate, case, others)
    check(candidate, case, numbers(bug, case, "huge"))
    if any(result.tobytes() != copy.tobytes() for result, copy in zip(results, kept, strict=True)):
        raise Different("an earlier result changed")
    if any(array.tobytes() != held[name].tobytes() for name, array in arrays.items()):
        raise Different("an earlier input changed")
    for layout in (*LAYOUTS, "cropped"):
        laid = {name: lay_out(array, layout) for name, array in others.items()}
        check(bug.make(), case, laid)
        check(bug.make(), case, {name: read_only(array) for name, array in laid.items()})
    ones = {name: array if name == "indices" else np.ones_like(array[:1]) for name, array in others.items()}
    check(bug.make(), case, {name: np.broadcast_to(ones[name], array.shape) for name, array in others.items()})
    found: list[Exception] = []

    def elsewhere() -> None:
        try:
            check(candidate, case, others)
        except Different as different:
            found.append(different)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    if found:
        raise found[0]
    for _ in range(100 if bug.kind == "state" else 0):
        check(candidate, case, {name: array.copy() for name, array in others.items()})
        others[next(iter(others))] *= -1
    if any(result.tobytes() != copy.tobytes() for result, copy in zip(results, kept, strict=True)):
        raise Different("an earlier result changed")


def everywhere(bug: Bug, cases: Sequence[Any]) -> None:
    """Try every kind of data in every case, and every situation; of the two, first what is likelier to show it."""
    candidate = bug.make()
    for case in cases if bug.kind == "state" else ():
        called(bug, candidate, case, numbers(bug, case, "integers"), is_exact=True)
    ways = [(plainly, DATA), (in_situations, ("integers",))]
    for try_it, kinds in ways if bug.kind not in ("state", "contract") else reversed(ways):
        for kind in kinds:
            for case in cases:
                try_it(bug, case, kind)


@pytest.mark.parametrize(
    "bug", [bug for bug in MUTANTS if not bug.concurrent and bug not in ORDERS], ids=lambda bug: bug.name
)
def test_it_is_wrong_somewhere(bug: Bug, configurations: Callable[[Bug], tuple[Any, ...]]) -> None:
    with pytest.raises(Different):
        everywhere(bug, configurations(bug))


def test_every_make_is_fresh() -> None:
    for bug in MUTANTS:
        assert bug.make() is not bug.make()


def test_the_list_is_as_large_as_it_has_to_be() -> None:
    assert len(MUTANTS) >= 160
    assert len({bug.name for bug in MUTANTS}) == len(MUTANTS)
    assert {bug.kind for bug in MUTANTS} == set(KINDS)
    assert {bug.operation for bug in MUTANTS} == set(OPERATIONS)
    assert min(Counter(bug.kind for bug in MUTANTS).values()) >= 20


def test_a_bug_s_sentence_ends_the_sentence() -> None:
    for bug in MUTANTS:
        assert bug.says
        assert not bug.says.endswith(".")
        assert bug.name.startswith(f"{bug.operation}/")
