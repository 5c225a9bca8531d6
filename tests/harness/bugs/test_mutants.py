"""Every mutant is really wrong: somewhere in a few plain configurations it differs from the oracle.

Nothing of the harness's checks is used. Integers are such that every partial sum is representable, so that any
difference counts; on floats only one that is larger than any order of summation can make.
"""

import functools
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bugs.bug import KINDS, Bug
from convoracle.harness.bugs.mutants import MUTANTS
from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.choices import Choices
from convoracle.harness.data import LAYOUTS, lay_out, read_only
from convoracle.harness.descriptor import parse
from convoracle.harness.operations import OPERATIONS

CONV2D = (
    "n=3 c=4 h=7 w=21 f=6 kernel_size=3x2 stride=2x1 padding=1.0x0.2 dilation=1x2 groups=2",
    "n=3 c=10 h=9 w=27 f=18 kernel_size=2x5 stride=1x2 padding=1.2x3.1 dilation=2x1 groups=2",
    "n=4 c=4 h=8 w=8 f=4 kernel_size=3x3 stride=1 padding=1 dilation=1 groups=1",
    "n=2 c=2 h=6 w=9 f=3 kernel_size=2x4 stride=2x3 padding=same dilation=1 groups=1",
    "n=1 c=2 h=6 w=9 f=3 kernel_size=2x4 stride=1 padding=same dilation=2x3 groups=1",
    "n=2 c=3 h=7 w=12 f=3 kernel_size=2x3 stride=1 padding=0 dilation=1x2 groups=3",
    "n=3 c=8 h=9 w=8 f=8 kernel_size=2x2 stride=2x1 padding=0 dilation=1 groups=4",
    "n=2 c=2 h=4 w=20 f=3 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=3 h=5 w=6 f=5 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=1 h=3 w=16 f=9 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=35 h=3 w=6 f=2 kernel_size=2x4 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=1 h=2 w=3 f=130 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=9 h=3 w=4 f=9 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=9",
    "n=1 c=2 h=3 w=4 f=4 kernel_size=2x2 stride=1 padding=3 dilation=1 groups=2",
    "n=1 c=1 h=20 w=35 f=1 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=1",
    "n=2 c=1 h=3 w=4 f=1 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1",
)
POOLS = (
    "n=3 c=5 h=7 w=21 kernel_size=2x3 stride=2x1 padding=1x0 ceil_mode=no",
    "n=2 c=2 h=8 w=11 kernel_size=3x3 stride=2x2 padding=1 ceil_mode=yes",
    "n=1 c=3 h=6 w=12 kernel_size=3x5 stride=none padding=0x2 ceil_mode=yes",
    "n=3 c=6 h=7 w=13 kernel_size=2x2 stride=2x3 padding=1x1 ceil_mode=no",
    "n=2 c=1 h=5 w=13 kernel_size=2x5 stride=1 padding=0x1 ceil_mode=no",
    "n=2 c=3 h=3 w=4 kernel_size=3x4 stride=none padding=0 ceil_mode=no",
    "n=2 c=3 h=3 w=4 kernel_size=1 stride=1 padding=0 ceil_mode=no",
    "n=1 c=2 h=4 w=13 kernel_size=3x2 stride=3x3 padding=0 ceil_mode=yes",
    "n=3 c=90 h=2 w=3 kernel_size=2x2 stride=1 padding=0 ceil_mode=no",
    "n=1 c=1 h=210 w=170 kernel_size=2x2 stride=40 padding=0 ceil_mode=no",
)
DILATED_POOL = "n=1 c=2 h=9 w=9 kernel_size=2x2 stride=1 padding=0 ceil_mode=no"
RESAMPLED = ("n=3 c=2 h=5 w=21 factor=2x3", "n=1 c=3 h=4 w=10 factor=1", "n=2 c=1 h=7 w=11 factor=3x1")
CONV1D = (
    "n=3 c=4 w=22 f=6 kernel_size=3 stride=2 padding=1.2 dilation=2 groups=2",
    "n=2 c=5 w=21 f=3 kernel_size=4 stride=1 padding=same dilation=1 groups=1",
    "n=1 c=2 w=20 f=3 kernel_size=1 stride=1 padding=0 dilation=1 groups=1",
)
CONV3D = (
    "n=3 c=4 d=5 h=6 w=9 f=6 kernel_size=2x3x2 stride=1x2x1 padding=1.0x0.2x1.1 dilation=1x1x2 groups=2",
    "n=2 c=6 d=4 h=5 w=10 f=3 kernel_size=2x1x3 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=2 d=2 h=3 w=9 f=3 kernel_size=1x1x1 stride=1 padding=0 dilation=1 groups=1",
    "n=1 c=2 d=2 h=6 w=6 f=3 kernel_size=1x2x2 stride=1x1x2 padding=0 dilation=1x2x1 groups=1",
)
TRANSPOSED = (
    "n=3 c=4 h=4 w=9 f=6 kernel_size=2x3 stride=2x1 padding=1x0 output_padding=1x0 groups=2 dilation=1x2",
    "n=2 c=6 h=3 w=4 f=3 kernel_size=3x2 stride=3x3 padding=1x1 output_padding=2x1 groups=1 dilation=1",
    "n=1 c=3 h=4 w=4 f=3 kernel_size=3x3 stride=1 padding=1 output_padding=0 groups=1 dilation=2x1",
    "n=1 c=2 h=4 w=4 f=3 kernel_size=3x3 stride=2x1 padding=0 output_padding=0 groups=1 dilation=1",
    "n=1 c=2 h=3 w=9 f=3 kernel_size=1x1 stride=1 padding=0 output_padding=0 groups=1 dilation=1",
    "n=1 c=2 h=3 w=4 f=2 kernel_size=2x3 stride=2x2 padding=1x0 output_padding=0x1 groups=1 dilation=1",
)
MAPS = ("n=3 c=2 h=5 w=11", "n=1 c=3 h=4 w=10")


def configurations(bug: Bug) -> Iterator[Any]:
    """Cases of a bug's operation, in its dtypes: every field is written down."""
    primitive = bug.operation.removesuffix("_backward")
    for ending in ("_input_grad", "_weight_grad", "_bias_grad"):
        primitive = primitive.removesuffix(ending)
    texts: dict[str, tuple[str, ...]] = {
        "conv2d": CONV2D,
        "locally_connected2d": tuple(text for text in CONV2D if text.endswith("groups=1")),
        "conv1d": CONV1D,
        "conv3d": CONV3D,
        "conv_transpose2d": TRANSPOSED,
        "max_pool2d": tuple(
            f"{text} dilation={dilation} return_indices={indices}"
            for text, dilation in [*((text, "1") for text in POOLS), (DILATED_POOL, "1x2")]
            for indices in ("yes", "no")
        ),
        "avg_pool2d": tuple(
            f"{text} count_include_pad={counted} divisor_override={divisor}"
            for text in POOLS
            for counted, divisor in (("yes", "none"), ("no", "none"), ("yes", "3"))
        ),
        "downsample2d": RESAMPLED,
        "upsample2d": RESAMPLED,
        "linear": ("n=3 c=12 f=10", "n=4 c=4 f=4", "n=1 c=2 f=3"),
        "relu": MAPS,
        "sigmoid": MAPS,
        "softmax": tuple(f"n=3 c=11 spatial={spatial} axis=1" for spatial in ("2x3", "5x11")),
        "cross_entropy": ("n=5 c=7 grad_output=1",),
        "euclidean_loss": ("n=5 c=7 grad_output=1",),
    }
    with_bias = primitive in ("conv2d", "conv1d", "conv3d", "conv_transpose2d", "locally_connected2d", "linear")
    operation = OPERATIONS[bug.operation]
    for dtype in bug.dtypes:
        for text in texts.get(primitive, texts["softmax"]):
            for bias in ("yes", "no") if with_bias else ("",):
                full = f"{text} bias={bias}" if with_bias else text
                known = {
                    word for word in full.split() if word.split("=")[0] in operation.case_type.__dataclass_fields__
                }
                yield parse(operation, " ".join([*sorted(known), f"dtype={dtype} layout=C+C seed=9"]))


def numbers(bug: Bug, case: Any, kind: str) -> dict[str, np.ndarray]:
    """Operands of one kind, in the case's dtype."""
    operation, rng = OPERATIONS[bug.operation], np.random.default_rng(5)
    dtype = np.dtype(case.dtype)
    made = operation.index_operands(case, Choices(9, "indices"))
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


def in_situations(bug: Bug, case: Any, kind: str) -> None:
    """Call a fresh candidate in every way that a promise is about; raise Different where one is broken."""
    arrays = numbers(bug, case, kind)
    check = functools.partial(called, bug, is_exact=kind != "floats")
    candidate = bug.make()
    results = check(candidate, case, arrays)
    kept = [np.array(result) for result in results]
    if kind not in ("integers", "multiples", "huge"):
        return
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
    for layout in LAYOUTS:
        laid = {name: lay_out(array, layout) for name, array in others.items()}
        check(bug.make(), case, laid)
        check(bug.make(), case, {name: read_only(array) for name, array in laid.items()})
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


def everywhere(bug: Bug) -> None:
    """Try every kind of data in every configuration."""
    for kind in DATA:
        for case in configurations(bug):
            in_situations(bug, case, kind)


@pytest.mark.parametrize("bug", MUTANTS, ids=lambda bug: bug.name)
def test_it_is_wrong_somewhere(bug: Bug) -> None:
    with pytest.raises(Different):
        everywhere(bug)


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
