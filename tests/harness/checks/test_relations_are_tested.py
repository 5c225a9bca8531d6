"""The checker is mutated too: the laws. See `test_checker_is_tested.py`.

Each liar here keeps every law but one: it is linear, and what it multiplies by depends on one option or one axis.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.oracle import compiled

Candidate = Callable[..., Any]

right: Candidate = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_max: Candidate = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))
right_mean: Candidate = functools.partial(reference.avg_pool2d, loops=compiled(reference.avg_pool2d_loops))


def changed(change: Callable[..., Any], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate whose result is what `change` makes of the right one."""
    return lambda: lambda *operands, **options: change(of(*operands, **options), *operands, **options)


def last_one_wrong(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    result[(-1,) * result.ndim] += 1
    return result


def times(factor: Callable[..., Any], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate that is linear, and keeps all laws but one: its result times a factor."""
    return changed(lambda result, *operands, **options: (result * factor(result, **options)).astype(result.dtype), of)


def along_axis(axis: int) -> Callable[..., np.ndarray]:
    """Return factors 1, 2, ... along an axis of the result."""
    return lambda result, **options: np.arange(1, result.shape[axis] + 1).reshape(-1, *(1,) * (result.ndim - 1 - axis))


def of_unequal_channels(x: Any, *operands: Any, **options: Any) -> Any:
    return right(x * np.arange(1, 5, dtype=x.dtype).reshape(4, 1, 1), *operands, **options)


def unsupported(check: Callable[..., bool], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate that is right and raises for what its limits exclude."""

    def candidate(*operands: Any, **options: Any) -> Any:
        if not check(*operands, **options):
            raise NotImplementedError
        return of(*operands, **options)

    return lambda: candidate


JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "honest about laws": (
        "passes",
        "relations",
        lambda: right,
        {"case": {"stride": "2x1", "padding": 1, "dilation": "1x2"}, "seeds": 9},
    ),
    "honest about groups without bias": (
        "passes",
        "relations",
        lambda: right,
        {"case": {"groups": 2, "bias": "no"}, "seeds": 5},
    ),
    "honest about ceilings": (
        "passes",
        "relations",
        lambda: right_max,
        {"case": {"stride": 2, "ceil_mode": "yes"}, "operation": "max_pool2d", "seeds": 3},
    ),
    "honest about maxima": (
        "passes",
        "relations",
        lambda: right_max,
        {"case": {"stride": "1x2"}, "operation": "max_pool2d", "seeds": 4},
    ),
    "one wrong": ("relations", "relations", changed(last_one_wrong), {"seeds": 5}),
    "not linear": ("relations", "relations", changed(lambda result, *_, **__: result + 1), {"seeds": 5}),
    "images differ": ("relations", "relations", times(along_axis(0)), {"seeds": 5}),
    "filters differ": ("relations", "relations", times(along_axis(1)), {"seeds": 5}),
    "groups differ": ("relations", "relations", times(along_axis(1)), {"case": {"groups": 2}, "seeds": 5}),
    "columns differ": ("relations", "relations", times(along_axis(3)), {"seeds": 5}),
    "channels differ": ("relations", "relations", lambda: of_unequal_channels, {"seeds": 5}),
    "padding counts": (
        "relations",
        "relations",
        times(lambda _, padding, **__: 1 + (padding == 0)),
        {"case": {"padding": 1}, "seeds": 5},
    ),
    "stride counts": (
        "relations",
        "relations",
        times(lambda _, stride, **__: np.max(stride)),
        {"case": {"stride": "1x2"}, "seeds": 5},
    ),
    "dilation counts": (
        "relations",
        "relations",
        times(lambda _, dilation, **__: np.max(dilation)),
        {"case": {"dilation": "1x2"}, "seeds": 5},
    ),
    "partial in laws": (
        "passes",
        "relations",
        unsupported(lambda *_, **options: options["stride"] == 2),
        {"case": {"stride": 2}, "seeds": 5, "limits": {"stride": {2}}},
    ),
    "stride of means counts": (
        "relations",
        "relations",
        times(lambda _, stride, **__: np.max(stride), right_mean),
        {"case": {"stride": 2}, "operation": "avg_pool2d", "seeds": 5},
    ),
    "maxima above zero": (
        "relations",
        "relations",
        changed(lambda result, *_, **__: np.maximum(result, 0), right_max),
        {"operation": "max_pool2d", "seeds": 5},
    ),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    "every convolution has a bias": ("checks.convolution_relations:_permutations", 'if "bias" in operands', "if True",
     "honest about groups without bias"),
    "ceilings are floors": ("checks.pooling_relations:of_pool", "not case.ceil_mode and", "True and",
     "honest about ceilings"),
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "linearity is not asked": ("checks.relations:_general", "if not question.is_selection:", "if False:", "not linear"),
    "the order of images is not asked": ("checks.relations:_general",
     "is not None and case.n > 1", "is None", "images differ"),
    "the order of channels is not asked": ("checks.convolution_relations:_permutations",
     "weight.shape[1] > 1", "False", "channels differ"),
    "the order of filters is not asked": ("checks.convolution_relations:_permutations",
     "elif case.f > 1", "elif False", "filters differ"),
    "the order of groups is not asked": ("checks.convolution_relations:_permutations",
     "if groups > 1:", "if groups > 1:\n        return\n    if False:", "groups differ"),
    "padding is not asked": ("checks.convolution_relations:of_convolution",
     "if any(before or after", "if False and any(before or after", "padding counts"),
    "stride is not asked": ("checks.convolution_relations:of_convolution", "max(stride) > 1", "False", "stride counts"),
    "dilation is not asked": ("checks.convolution_relations:of_convolution",
     "max(dilation) > 1", "False", "dilation counts"),
    "the shift is by nothing": ("checks.convolution_relations:of_convolution",
     "answers[0][0][..., 1:]", "answers[0][0][..., :-1]", "honest about laws"),
    "the stride of pools is not asked": ("checks.pooling_relations:of_pool",
     "max(steps) > 1", "False", "stride of means counts"),
    "translation is not asked": ("checks.pooling_relations:of_pool",
     '== "max_pool2d" and', '== "" and', "maxima above zero"),
    "laws are asked beyond limits": ("checks.relations:check",
     "lambda relation: all(inside(", "lambda relation: True or all(inside(", "partial in laws"),
    "one value by the law is enough": ("checks.relations:check", "wrong.any()", "wrong.all()", "one wrong"),
    "maxima are not lowered": ("checks.pooling_relations:_lowered", "results[0] - 1", "results[0]",
     "honest about maxima"),
    "laws are not compared": ("checks.relations:check", "wrong.any()", "False", "not linear"),
    "the shift implies nothing": ("checks.convolution_relations:of_convolution",
     "(answers[0][0][..., 1:],)", "(None,)", "columns differ"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict


def test_every_juror_is_needed() -> None:
    assert set(JURY) == {noticing for *_, noticing in BREAKAGES.values()}
