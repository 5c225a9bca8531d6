"""The checker is mutated too: what it asks about other cases. See `test_checker_is_tested.py`."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.data import repeats
from convoracle.harness.oracle import compiled

Candidate = Callable[..., Any]

right: Candidate = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_mean: Candidate = functools.partial(reference.avg_pool2d, loops=compiled(reference.avg_pool2d_loops))


def returns_x(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    return x if np.array_equal(result, x) else result


def works_in_place(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    if result.shape == x.shape and x.flags.writeable and not np.array_equal(result, x):
        x[...] = result
    return result


def wrong_for_eight_filters(x: Any, weight: Any, *operands: Any, **options: Any) -> Any:
    return right(x, weight, *operands, **options) + (len(weight) % 8 == 0)


def sixteen_bits_of_images(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    result[65_535:] = 0
    return result


def one_number_for_many(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    arrays = [array for array in (x, *operands) if array is not None]
    return result + any(repeats(array) for array in arrays)


def c_order_for_other_filters(x: Any, weight: Any, *operands: Any, **options: Any) -> Any:
    return right(x, weight, *operands, **options) + (len(weight) != 2 and not x.flags.c_contiguous and not repeats(x))


def one_image_of_none(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    return result if len(x) else np.zeros((1, *result.shape[1:]), result.dtype)


class SizesKept:
    """Right for images of the size of the first, and for one image alone."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, *operands: Any, **options: Any) -> Any:
        places = self.known.setdefault((weight.shape, str(options)), x.shape[2:])
        result = right(x, weight, *operands, **options)
        return result if x.shape[2:] == places or len(x) == 1 else result + 1


class PaddedKept:
    """Right, but keeps the padded image by its size, and what an image with less padding left at its borders."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any, *operands: Any, padding: Any, **options: Any) -> Any:
        if not isinstance(padding, int) or not padding:
            return right(x, *operands, padding=padding, **options)
        images, channels, height, width = x.shape
        shape = images, channels, height + 2 * padding, width + 2 * padding
        padded = self.known.setdefault((shape, x.dtype), np.zeros(shape, x.dtype))
        padded[:, :, padding : padding + height, padding : padding + width] = x
        return right(padded, *operands, padding=0, **options)


class BiasKept:
    """Right, but knows from the first call with these shapes and options whether there is a bias."""

    def __init__(self) -> None:
        self.known: dict[Any, bool] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        with_bias = self.known.setdefault((x.shape, weight.shape, str(options)), bias is not None)
        return right(x, weight, bias if with_bias else None, **options)


class NotPrepared:
    """Right, but prepares itself for nothing when the first batch of a layer is empty, and then not again."""

    def __init__(self) -> None:
        self.layer: Any = None
        self.is_prepared = False

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        layer = x.shape[1:], weight.shape, str(options)
        if layer != self.layer:
            self.layer, self.is_prepared = layer, len(x) > 0
        return right(x, weight, bias, **options) * self.is_prepared


class LanesKept:
    """Right, but multiplies what earlier calls left in the spare lanes of its channels by zero."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any, *operands: Any, **options: Any) -> Any:
        channels = x.shape[1]
        lanes = self.known.setdefault(x.dtype, np.zeros(-(-channels // 64) * 64, x.dtype))
        lanes[:channels] = x.sum(axis=(0, 2, 3))[: len(lanes)]
        return right(x, *operands, **options) + 0 * lanes[channels:].sum()


class OptionsForgotten:
    """Right, but answers what it was asked before about the same x with the old result, whatever the options."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        key = id(x), x.tobytes(), *others
        if key not in self.known:
            self.known[key] = right_mean(x, *others, **options)
        return self.known[key].copy()


def unsupported(check: Callable[..., bool]) -> Callable[[], Candidate]:
    """Return the maker of a candidate that is right and raises for what its limits exclude."""

    def candidate(*operands: Any, **options: Any) -> Any:
        if not check(*operands, **options):
            raise NotImplementedError
        return right(*operands, **options)

    return lambda: candidate


class KeptByShape:
    """Right, but weights are packed once, whatever dtype they are asked for in afterwards."""

    def __init__(self) -> None:
        self.packed: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, bias: Any = None, **options: Any) -> Any:
        packed = self.packed.setdefault((weight.shape, *weight.ravel().tolist()), weight.copy())
        if packed.dtype != weight.dtype:
            return right(x, packed.astype(weight.dtype), bias, **options) + 1
        return right(x, weight, bias, **options)


class ResultsInTurn:
    """Right, but a result is written over by the fourth that is as large."""

    def __init__(self) -> None:
        self.results: dict[Any, list[Any]] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        result = right(*operands, **options)
        others = self.results.setdefault((result.shape, result.dtype), [])
        others.append(result if len(others) < 3 else others.pop(0))
        others[-1][...] = result
        return others[-1]


JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "returns x for itself": ("no aliasing", "contract", lambda: returns_x, {"seeds": 10, "case": {"bias": "no"}}),
    "works in place": ("inputs unmodified", "contract", lambda: works_in_place, {"case": {"seed": "48"}}),
    "one kernel": (
        "passes",
        "contract",
        unsupported(lambda x, weight, *_, **__: weight.shape[2:] == (2, 3)),
        {"seeds": 10, "case": {"kernel_size": "2x3"}, "limits": {"kernel_size": {(2, 3)}}},
    ),
    "remembers sizes": ("exact", "contract", SizesKept, {"case": {"seed": "19"}}),
    "forgets options": (
        "other options",
        "contract",
        OptionsForgotten,
        {
            "case": {"padding": 1, "seed": "4"},
            "operation": "avg_pool2d",
            "limits": {"stride": {1}, "padding": {1}, "ceil_mode": {False}},
        },
    ),
    "partial": (
        "passes",
        "contract",
        unsupported(lambda *_, **options: set(options.values()) <= {0, 1}),
        {"limits": {"stride": {1}, "padding": {0}, "dilation": {1}, "groups": {1}}},
    ),
    "wrong for eight filters": ("exact", "contract", lambda: wrong_for_eight_filters, {"case": {"seed": "16"}}),
    "sixteen bits of images": ("exact", "contract", lambda: sixteen_bits_of_images, {"case": {"seed": "81"}}),
    "one number for many": ("other options", "contract", lambda: one_number_for_many, {"case": {"seed": "69"}}),
    "C order for other filters": ("other options", "contract", lambda: c_order_for_other_filters, {"seeds": 30}),
    "keeps the padded image": ("exact", "contract", PaddedKept, {"case": {"padding": 1, "seed": "61"}}),
    "keeps whether there is a bias": ("exact", "contract", BiasKept, {"case": {"bias": "no", "seed": "15"}}),
    "keeps its lanes": ("exact", "contract", LanesKept, {"seeds": 300}),
    "not prepared": ("exact", "contract", NotPrepared, {"seeds": 60}),
    "keeps one dtype": (
        "any order",
        "contract",
        KeptByShape,
        {"case": {"seed": "55"}, "dtypes": ("float32", "float64")},
    ),
    "one dtype": (
        "passes",
        "contract",
        unsupported(lambda x, *_, **__: x.dtype == np.float32),
        {"case": {"seed": "30"}},
    ),
    "has three results": ("no stale results", "contract", ResultsInTurn, {"case": {"seed": "30"}}),
    "one image of none": ("batch", "contract", lambda: one_image_of_none, {"case": {"seed": "50"}}),
    "refuses to do nothing": (
        "passes",
        "contract",
        unsupported(lambda x, *_, **__: len(x) > 0),
        {"case": {"seed": "50"}},
    ),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "sizes never change": ("checks.contract:check", "_other_size(examination)", "pass", "remembers sizes"),
    "options never change": ("checks.contract:check", "_other_options(examination)", "pass", "forgets options"),
    "options change beyond limits": ("checks.near:Near.other_options",
     "if inside(limits, other):", "if True:", "partial"),
    "x is never the result": ("checks.contract:check", "_neutral(examination)", "pass", "returns x for itself"),
    "kernels that do nothing do it always": ("checks.near:Near._neutral", "-2 if", "1 if", "works in place"),
    "other cases are beyond limits": ("checks.near:_within", "inside(limits, asked[0])", "True", "one kernel"),
    "there is no other layer": ("checks.contract:check",
     "_another_layer(examination)", "pass", "wrong for eight filters"),
    "there are never very many": ("checks.another_layer:another_layer",
     "case.seed // 6 % LARGE_EVERY == 1", "False", "sixteen bits of images"),
    "every number has its memory": ("checks.near:Near._another_layer", "% 8 == 3", "% 8 == 9", "one number for many"),
    "other layers lie in C order": ("checks.another_layer:tiny_layer",
     "if choices.happens(2) else", "if False else", "C order for other filters"),
    "padded sizes always change": ("checks.near:Near._other_size",
     "2: of_the_same_padded_size", "2: of_the_same_extent", "keeps the padded image"),
    "no key is the same": ("checks.contract:check", "_same_key(examination)", "pass", "keeps whether there is a bias"),
    "nobody is poisoned": ("checks.contract:_same_key",
     "% POISONED_EVERY == 0", "% POISONED_EVERY == 99", "keeps its lanes"),
    "other layers have images at first": ("checks.contract:_another_case",
     "% NOTHING_FIRST_EVERY == 2", "% NOTHING_FIRST_EVERY == 99", "not prepared"),
    "there is one order": ("checks.contract:check",
     "one.check(examination)", "pass", "keeps one dtype"),
    "there is one dtype": ("checks.state.relatives:_others", "case.dtype, ", "1, ", "keeps one dtype"),
    "there are two dtypes": ("checks.state.questions:StateQuestions.relatives",
     "found[0].dtype in taken and ", "", "one dtype"),
    "results in any order are not kept": ("checks.state.any_order:check", "memory.take(", "str(", "has three results"),
    "there is always an image": ("checks.contract:check", "_nothing(examination)", "pass", "one image of none"),
    "nobody may refuse": ("examine:Examination.unless_refused",
     'found.problem.kind == "raised"', "False", "refuses to do nothing"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict


def test_every_juror_is_needed() -> None:
    assert set(JURY) == {noticing for *_, noticing in BREAKAGES.values()}
