"""The checker is mutated too: what it says of promises. See `test_checker_is_tested.py`."""

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness import bounds
from convoracle.harness.oracle import compiled

Candidate = Callable[..., Any]

right: Candidate = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))


def changed(change: Callable[..., Any], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate whose result is what `change` makes of the right one."""
    return lambda: lambda *operands, **options: change(of(*operands, **options), *operands, **options)


def are_integers(*operands: Any) -> bool:
    with np.errstate(invalid="ignore"):
        return all(bool((operand == np.rint(operand)).all()) for operand in operands)


def writes_to_x(result: np.ndarray, x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    if x.flags.writeable:
        x[...] = 0
    return result


def reshapes_x(result: np.ndarray, x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    x.shape = (len(x), -1)
    return result


def makes_x_integers(result: np.ndarray, x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    x.dtype = np.dtype(np.int32)
    return result


def locks_x(result: np.ndarray, x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    x.flags.writeable = False
    return result


def borrows_x(x: Any, *operands: Any, **options: Any) -> Any:
    x[...] = -x
    result = right(-x, *operands, **options)
    x[...] = -x
    return result


def writes_later(result: np.ndarray, x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    if x.flags.writeable:
        weakref.finalize(result, x.fill, 0)
    return result


def in_fortran_order_misread(x: Any, *operands: Any, **options: Any) -> Any:
    if not x.flags.c_contiguous and x.shape == (2, 4, 6, 7):  # another layer's layout is another question
        x = x.ravel(order="K").reshape(x.shape)
    return right(x, *operands, **options)


def exchanged_misread(x: Any, weight: Any, *operands: Any, **options: Any) -> Any:
    if weight.strides[0] < weight.strides[1]:
        weight = weight.swapaxes(0, 1).reshape(weight.shape)
    return right(x, weight, *operands, **options)


def wrong_alone(result: Any, x: Any, *operands: Any, **options: Any) -> Any:
    return result + (x.shape == (1, 4, 6, 7))


def wrong_elsewhere(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    return result + (threading.current_thread() is not threading.main_thread())


def replaces_a_bound(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    bounds.gamma = lambda roundings, unit: 1.0
    return result


def silences_numpy(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    np.seterr(all="ignore")
    return result


def seeds_numpy(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    np.random.seed(0)  # noqa: NPY002
    return result


def one_element_for_all(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    return np.lib.stride_tricks.as_strided(result[:1].copy(), result.shape, (0, *result.strides[1:]))


class Remembering:
    """Right, but answers a question that it takes for an old one with the old result: `key` is what it looks at."""

    def __init__(
        self, key: Callable[..., Any], returned: Callable[[Any], Any] = np.copy, of: Candidate = right
    ) -> None:
        self.key, self.returned, self.of = key, returned, of
        self.known: dict[Any, Any] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        key = self.key(*operands, **options)
        if key not in self.known:
            self.known[key] = self.of(*operands, **options)
        return self.returned(self.known[key])


class OneBuffer:
    """Right, and each result in the memory of the one before."""

    memory: Any = None

    def __call__(self, *operands: Any, **options: Any) -> Any:
        result = right(*operands, **options)
        if self.memory is None or self.memory.shape != result.shape:
            self.memory = np.empty_like(result)
        self.memory[...] = result
        return self.memory


class TenBuffers:
    """Right, and every result in the memory of the one ten calls before."""

    def __init__(self) -> None:
        self.memory: list[np.ndarray] = []

    def __call__(self, *operands: Any, **options: Any) -> Any:
        result = right(*operands, **options)
        self.memory.append(self.memory.pop(0) if len(self.memory) == 10 else np.empty_like(result))
        if self.memory[-1].shape != result.shape:
            self.memory = [np.empty_like(result)]
        self.memory[-1][...] = result
        return self.memory[-1]


class SpoilsTheLast(OneBuffer):
    """Right, and each call writes to the result of the one before, which it does not return."""

    def __call__(self, *operands: Any, **options: Any) -> Any:
        if self.memory is not None:
            self.memory[...] = 0
        self.memory = right(*operands, **options)
        return self.memory


def whole(*operands: Any, **options: Any) -> Any:
    return (*(one.tobytes() for one in operands), str(options))


def identity(*operands: Any, **options: Any) -> Any:
    return (*map(id, operands), str(options), all(are_integers(one) for one in operands))


class Rough:
    """Compares arrays with the last ones as a checksum would: one element more or less goes unnoticed."""

    last: Any = ()
    number = 0

    def __call__(self, *operands: Any, **options: Any) -> Any:
        flat = np.concatenate([np.ravel(one) for one in operands])
        if len(self.last) != len(flat) or (flat != self.last).sum() > 1:
            self.last, self.number = flat, self.number + 1
        return self.number, str(options)


def ends_and_sums(*operands: Any, **options: Any) -> Any:
    """Recognise arrays by their ends and their sums."""
    return [(one.shape, one.flat[0], one.flat[-1], one.sum()) for one in operands if one is not None], str(options)


JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "honest on ten cases": ("passes", "contract", lambda: right, {"seeds": 10}),
    "writes to x": ("inputs unmodified", "contract", changed(writes_to_x)),
    "writes to x later": ("inputs unmodified", "contract", changed(writes_later)),
    "reshapes x": ("inputs unmodified", "contract", changed(reshapes_x)),
    "makes x integers": ("inputs unmodified", "contract", changed(makes_x_integers)),
    "locks x": ("inputs unmodified", "contract", changed(locks_x)),
    "borrows x": ("read-only, layout, thread", "contract", lambda: borrows_x),
    "returns x": (
        "no aliasing",
        "contract",
        changed(lambda result, x, *_, **__: x),
        {"case": {"f": 4, "kernel_size": "1x1"}},
    ),
    "one element for all": ("no aliasing", "contract", changed(one_element_for_all)),
    "one buffer": ("no aliasing", "contract", OneBuffer),
    "ten buffers": ("no stale results", "contract", TenBuffers, {"case": {"seed": "9"}}),
    "misreads exchanged axes": (
        "read-only, layout, thread",
        "contract",
        lambda: exchanged_misread,
        {"case": {"layout": "C+offset", "seed": "70"}},
    ),
    "spoils the last": ("no stale results", "contract", SpoilsTheLast),
    "remembers arrays": ("fresh data", "contract", lambda: Remembering(identity)),
    "remembers results": ("same call again", "contract", lambda: Remembering(whole, lambda result: result)),
    "remembers roughly": ("fresh data", "contract", lambda: Remembering(Rough())),
    "remembers ends and sums": (
        "fresh data",
        "contract",
        lambda: Remembering(lambda *operands, **options: repr(ends_and_sums(*operands, **options))),
        {"seeds": 60},
    ),
    "misreads other orders": (
        "read-only, layout, thread",
        "contract",
        lambda: in_fortran_order_misread,
    ),
    "wrong elsewhere": ("read-only, layout, thread", "contract", changed(wrong_elsewhere)),
    "wrong alone": ("batch", "contract", changed(wrong_alone)),
    "replaces a bound": ("nothing replaced", "contract", changed(replaces_a_bound)),
    "silences NumPy": ("nothing replaced", "contract", changed(silences_numpy)),
    "seeds NumPy": ("nothing replaced", "contract", changed(seeds_numpy)),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "inputs are not watched": ("checks.given:_state", "array.tobytes()", 'b""', "writes to x"),
    "shapes are not watched": ("checks.given:_state", "array.shape", "()", "reshapes x"),
    "dtypes are not watched": ("checks.given:_state", "array.dtype", "None", "makes x integers"),
    "locks are not watched": ("checks.given:_state", "array.flags.writeable", "True", "locks x"),
    "inputs are not watched later": ("calls:Calls._still_as_given",
     "self._given is not None", "False", "writes to x later"),
    "memory may be an input's": ("checks.compare:unaliased", "np.shares_memory(got, array)", "False", "returns x"),
    "elements may be one": ("checks.compare:unaliased", "step == 0", "False", "one element for all"),
    "memory may be an earlier result's": ("calls:Calls.call", "**(others or {})", "", "one buffer"),
    "earlier results may change": ("checks.contract:_fresh_data",
     "kept.tobytes() != got.tobytes()", "False", "spoils the last"),
    "no other data in the same arrays": ("checks.contract:check",
     "_fresh_data(examination)", "pass", "spoils the last"),
    "no call is made again": ("checks.contract:check", "_same_call_again(examination)", "pass", "remembers results"),
    "results are not overwritten": ("checks.contract:_same_call_again", "got[...] = 77", "pass", "remembers results"),
    "no element is changed alone": ("checks.contract:check", "_one_changed(examination)", "pass", "remembers roughly"),
    "no two elements are exchanged": ("checks.question:Question.one_changed",
     "choices.happens(3)", "False", "remembers ends and sums"),
    "no call is made many times": ("checks.contract:check",
     "one.check(examination)", "one is many_times or one.check(examination)", "ten buffers"),
    "buffers of long ago may change": ("checks.state.many_times:check",
     "(got != number).any()", "False", "ten buffers"),
    "axes are never exchanged": ("checks.contract:_elsewhere",
     "% len(ELSEWHERE)]", "% len(LAYOUTS)]", "misreads exchanged axes"),
    "the thread is the same": ("checks.contract:_elsewhere",
     "other_thread.in_other_thread(call) if in_thread else call()", "call()", "wrong elsewhere"),
    "the layout is the same": ("checks.contract:_elsewhere",
     "+ 1 + turns[place % 2] % (len(ELSEWHERE) - 1)", "+ 0", "misreads other orders"),
    "arrays can be written to": ("checks.contract:_elsewhere", "read_only(array)", "array", "borrows x"),
    "no image is alone": ("checks.contract:check", "_alone(examination)", "pass", "wrong alone"),
    "another image is alone": ("checks.contract:_alone", "array[-1:]", "array[:1]", "honest on ten cases"),
    "the bounds may be replaced": ("checks.surroundings:Watched.restored",
     "names.items() <= vars(watched).items()", "True", "replaces a bound"),
    "errors may be silenced": ("checks.surroundings:Surroundings.restored",
     "np.geterr() != self._float_errors", "False", "silences NumPy"),
    "random numbers may be seeded": ("checks.surroundings:Surroundings.restored",
     "_random_state() != self._drawn", "False", "seeds NumPy"),
    "random numbers are where they were": ("checks.surroundings:Surroundings.__init__",
     "np.random.random_sample()", "np.random.seed(0)", "seeds NumPy"),
    "answers are not examined again": ("checks.contract:_fresh_data",
     "examination.judge_promise(", "str(", "remembers arrays"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict


def test_every_juror_is_needed() -> None:
    assert set(JURY) == {noticing for *_, noticing in BREAKAGES.values()}
