"""The checker is mutated too: what it says of values, and every bound.

A breakage is an edit of one expression of the harness. No rule is idle: where one is broken, a liar goes free or an
honest candidate is accused. The liars are wrong in one way only, and the honest ones are as far from the truth as the
theorem lets them be.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.signal

from convoracle import reference
from convoracle.harness.oracle import compiled

Candidate = Callable[..., Any]

right: Candidate = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_max: Candidate = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))
right_mean: Candidate = functools.partial(reference.avg_pool2d, loops=compiled(reference.avg_pool2d_loops))
right_grad: Candidate = functools.partial(
    reference.conv2d_input_grad, loops=compiled(reference.conv2d_input_grad_scatter_loops)
)


def changed(change: Callable[..., Any], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate whose result is what `change` makes of the right one."""
    return lambda: lambda *operands, **options: change(of(*operands, **options), *operands, **options)


def last_one_wrong(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    result[(-1,) * result.ndim] += 1
    return result


def last_one_nan(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    result[(-1,) * result.ndim] = np.nan
    return result


def are_integers(*operands: Any) -> bool:
    with np.errstate(invalid="ignore"):
        return all(bool((operand == np.rint(operand)).all()) for operand in operands)


def near_the_bound(factor: float) -> Candidate:
    """Right, but for the value with the most cancellation: that is `factor` times Higham's bound away."""

    def candidate(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        wide = [operand.astype(np.float64) for operand in (x, weight, bias)]
        result = right(*wide, **options)
        if not are_integers(*wide):
            size = right(*map(np.abs, wide), **options)
            terms = weight[0].size + 1  # and the bias
            place = np.unravel_index(np.argmin(np.abs(result) / size), size.shape)
            result[place] += factor * terms * 2.0**-24 / (1 - terms * 2.0**-24) * size[place]
        return result.astype(x.dtype)

    return candidate


def mean_near_the_bound(factor: float) -> Candidate:
    """Means that are all `factor` times Higham's bound too large."""

    def candidate(x: Any, kernel: Any, **options: Any) -> Any:
        wide = x.astype(np.float64)
        terms = int(np.prod(kernel)) + 2  # the sum's, and those of the divisor's reciprocal
        size = right_mean(np.abs(wide), kernel, **options)
        return (right_mean(wide, kernel, **options) + factor * terms * 2.0**-24 * size).astype(x.dtype)

    return candidate


def through_float32(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right(*(operand.astype(np.float32) for operand in (x, weight, bias)), **options).astype(x.dtype)


def by_fourier(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The convolution of stride 1 and one group through transforms; what is not finite spreads over its image."""
    flipped = weight[None, :, :, ::-1, ::-1]
    with np.errstate(all="ignore"):
        sums = scipy.signal.fftconvolve(x[:, None], flipped, mode="valid", axes=(3, 4)).sum(axis=2)
    return (sums + bias.reshape(-1, 1, 1)).astype(x.dtype)


def softmax(x: Any, *, axis: int) -> Any:
    with np.errstate(under="ignore"):
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


def spread_over_the_batch(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    return result if np.isfinite(operands[0]).all() else np.full_like(result, np.nan)


def hidden(x: Any, *operands: Any, **options: Any) -> Any:
    return right(np.nan_to_num(x, posinf=1, neginf=1), *operands, **options)


def spread_over_the_image(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    result[~np.isfinite(operands[0]).all(axis=(1, 2, 3))] = np.nan
    return result


def flushed(result: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
    return np.where(np.abs(result) < np.finfo(result.dtype).tiny, 0, result).astype(result.dtype)


def unsupported(check: Callable[..., bool], of: Candidate = right) -> Callable[[], Candidate]:
    """Return the maker of a candidate that is right and raises for what its limits exclude."""

    def candidate(*operands: Any, **options: Any) -> Any:
        if not check(*operands, **options):
            raise NotImplementedError
        return of(*operands, **options)

    return lambda: candidate


BIG_KERNEL = {"kernel_size": "5x5", "seed": 47}

JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "honest": ("passes", "exact", lambda: right),
    "honest about NaN": ("passes", "specials", lambda: right, {"seeds": 4}),
    "honest about NaN in means": ("passes", "specials", lambda: right_mean, {"operation": "avg_pool2d", "seeds": 3}),
    "honest about indices": (
        "passes",
        "exact",
        lambda: right_max,
        {"case": {"return_indices": "yes"}, "operation": "max_pool2d"},
    ),
    "honest about exponentials": ("passes", "bounded", lambda: softmax, {"operation": "softmax", "seeds": 4}),
    "one wrong": ("exact", "exact", changed(last_one_wrong)),
    "one NaN": ("exact", "exact", changed(last_one_nan)),
    "a list": ("dtype", "exact", changed(lambda result, *_, **__: result.tolist())),
    "doubles": ("dtype", "exact", changed(lambda result, *_, **__: result.astype(np.float64))),
    "a row too few": ("shape", "exact", changed(lambda result, *_, **__: result[:, :, 1:])),
    "maxima alone": (
        "shape",
        "exact",
        changed(lambda result, *_, **__: result[:1], right_max),
        {"case": {"return_indices": "yes"}, "operation": "max_pool2d"},
    ),
    "raises": ("raised", "exact", unsupported(lambda *_, **__: False)),
    "a mean wrong": (
        "exact by rounding",
        "exact by rounding",
        changed(last_one_wrong, right_mean),
        {"operation": "avg_pool2d"},
    ),
    "means at 0.9 of the bound": (
        "passes",
        "exact by rounding",
        lambda: mean_near_the_bound(0.9),
        {"operation": "avg_pool2d", "seeds": 3},
    ),
    "0.995 of the bound": ("passes", "bounded", lambda: near_the_bound(0.995), {"case": BIG_KERNEL}),
    "1.005 of the bound": ("bounded", "bounded", lambda: near_the_bound(1.005), {"case": BIG_KERNEL}),
    "a NaN among floats": ("bounded", "bounded", changed(last_one_nan)),
    "float16 through float32": (
        "passes",
        "bounded",
        lambda: through_float32,
        {"case": {"dtype": "float16"}, "seeds": 3},
    ),
    "a maximum among floats": ("bounded", "bounded", changed(last_one_wrong, right_max), {"operation": "max_pool2d"}),
    "by Fourier": ("passes", "normwise", lambda: by_fourier, {"seeds": 8, "accuracy": "normwise"}),
    "twice the gradient": (
        "gradient",
        "gradient",
        changed(lambda result, *_, **__: 2 * result, right_grad),
        {"operation": "conv2d_input_grad"},
    ),
    "NaN hidden": ("specials", "specials", lambda: hidden),
    "NaN hidden in transforms": ("specials", "specials", lambda: hidden, {"accuracy": "normwise"}),
    "NaN over the image": ("specials", "specials", changed(spread_over_the_image), {"case": {"h": 20}}),
    "NaN over the image in transforms": (
        "passes",
        "specials",
        changed(spread_over_the_image),
        {"case": {"h": 20}, "accuracy": "normwise"},
    ),
    "NaN over the batch": (
        "specials",
        "specials",
        changed(spread_over_the_batch),
        {"seeds": 8, "accuracy": "normwise"},
    ),
    "no NaN taken": (
        "passes",
        "specials",
        unsupported(lambda x, *_, **__: bool(np.isfinite(x).all())),
        {"limits": {"non_finite": {False}}},
    ),
    "subnormals flushed": ("specials", "specials", changed(flushed), {"seeds": 8}),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "any type will do": ("checks.compare:form", "type(got) is not np.ndarray and", "False and", "a list"),
    "any shape will do": ("checks.compare:form", "got.shape != output.shape", "False", "a row too few"),
    "any dtype will do": ("checks.compare:form", "got.dtype != dtype", "False", "doubles"),
    "one value right is enough": ("checks.compare:exact", "equal.all()", "equal.any()", "one wrong"),
    "differences are let pass": ("checks.compare:exact", "if equal.all():", "if True:", "one wrong"),
    "NaN equals all": ("checks.compare:exact", "& (expected != expected)", "", "one NaN"),
    "NaN does not equal NaN": ("checks.specials:_not_finite", "(np.isnan(rounded) & ", "(False & ", "honest about NaN"),
    "means are not compared": ("checks.compare:rounded", "if equal.all():", "if True:", "a mean wrong"),
    "means are not multiplied": ("checks.compare:rounded", " * divisors)", ")", "means at 0.9 of the bound"),
    "means need not be small": ("checks.proof:rounds_to_its_integer",
     "excess < 1.0", "True", "means at 0.9 of the bound"),
    "half is whole": ("checks.proof:Proof._excess", "2.0 *", "1.0 *", "means at 0.9 of the bound"),
    "twice the bound is kept": ("checks.compare:bounded", "worst <= 1.0", "worst <= 2.0", "1.005 of the bound"),
    "half the bound is broken": ("checks.compare:bounded", "worst <= 1.0", "worst <= 0.5", "0.995 of the bound"),
    "a NaN is no error": ("checks.compare:bounded",
     "float(ratios.max(initial=0.0))", "float(np.nanmax(ratios, initial=0.0))", "a NaN among floats"),
    "a problem with floats is dropped": ("checks.floats:check",
     "examination.note(problem)", "pass", "1.005 of the bound"),
    "floats are not tried": ("checks.floats:check", "is_integer or not", "is_integer or", "1.005 of the bound"),
    "selected floats are not compared": ("checks.floats:check",
     "if output.is_selection:", "if output.is_selection: continue\n        if False:", "a maximum among floats"),
    "a rounding more": ("bounds:componentwise", "gamma(roundings, ", "gamma(roundings + 1, ", "1.005 of the bound"),
    "a rounding less": ("bounds:componentwise", "gamma(roundings, ", "gamma(roundings - 1, ", "0.995 of the bound"),
    "the unit roundoff is an ulp": ("bounds:gamma", "roundings * unit", "2 * roundings * unit", "1.005 of the bound"),
    "the bias has no rounding": ("operations.conv2d:Conv2d.outputs",
     "products + case.bias", "products", "0.995 of the bound"),
    "one product less": ("operations.conv2d:Conv2d.outputs",
     "math.prod(case.weight_shape()[1:])", "math.prod(case.weight_shape()[1:]) - 1", "0.995 of the bound"),
    "the magnitude is the result": ("checks.truth:magnitude", "np.abs(array)", "array", "0.995 of the bound"),
    "float16 is not rounded at the end": ("bounds:final_rounding",
     '== "float16"', '== "float8"', "float16 through float32"),
    "the transform's bound is dropped": ("checks.truth:allowance",
     "bound + transform_bound(output, operands, dtype)", "bound", "by Fourier"),
    "sums are proved too large": ("cases.operands:exact_amplitude",
     "return amplitude", "return 2 * amplitude", "honest"),
    "factors are proved too large": ("cases.operands:exact_amplitude", "math.isqrt(room)", "room", "honest"),
    "integers are not compared": ("checks.integers:check",
     "examination.judge(answered", "(lambda *_: 0)(answered", "one wrong"),
    "gradients are not compared": ("checks.gradient:check", "total != expected", "False", "twice the gradient"),
    "a direction of zeros": ("checks.gradient:direction_for",
     "values + (values >= 0)", "values * 0", "twice the gradient"),
    "special values are not multiplied": ("checks.specials:_not_finite",
     "np.rint(values * one.divisors)", "np.rint(values)", "honest about NaN in means"),
    "two results are one": ("calls:Calls.formed", "len(outputs) > 1 else", "len(outputs) > 2 else",
     "honest about indices"),
    "indices are values": ("calls:Calls.formed", "if output.is_index", "if False", "honest about indices"),
    "exponentials are exact": ("checks.answers:Expected.check", "self.low is not None", "False",
     "honest about exponentials"),
    "NaN may be lost": ("checks.specials:_not_finite", "np.isnan(expected))", "True)", "NaN over the image"),
    "NaN may be lost in transforms": ("checks.specials:_not_finite",
     "reached & np.isfinite(values)", "reached & False", "NaN hidden in transforms"),
    "NaN must stay in its window in transforms": ("checks.specials:_not_finite",
     "if spreads:", "if False:", "NaN over the image in transforms"),
    "NaN may reach other images": ("checks.specials:_not_finite",
     "& ~spoiled", "& False & ~spoiled", "NaN over the batch"),
    "NaN is given to all": ("checks.specials:_not_finite",
     "if not allowed(", "if False and not allowed(", "no NaN taken"),
    "no special values": ("checks.specials:check", "_not_finite(examination)", "pass", "NaN hidden"),
    "nothing is scaled": ("checks.specials:check", "_scaled(examination)", "pass", "subnormals flushed"),
    "no subnormals": ("checks.scales:Scales.scaled",
     "(*_EXPONENTS[self._case.dtype], self._smallest())", "_EXPONENTS[self._case.dtype]", "subnormals flushed"),
    "an exception ends the campaign": ("calls:Calls.call",
     "except BaseException as", "except ZeroDivisionError as", "raises"),
    "results are not counted": ("calls:Calls.formed", " or len(results) != len(outputs)", "", "maxima alone"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict


def test_every_juror_is_needed() -> None:
    assert set(JURY) == {noticing for *_, noticing in BREAKAGES.values()}
