"""The numbers behind the symbols: exp, log and the square root, and what the reference makes of them, against decimals.

`convoracle.harness.proofs.exponential_gradients` proves the derivatives whatever values exp and log have. Here are the
values. Each formula is evaluated as its definition says (`convoracle.harness.proofs.definitions`) in decimal arithmetic
of 60 digits, whose exp and ln round correctly. NumPy's exp and log must be within `ULPS` units in the last place of
that, which every bound assumes; its square root within half a unit; and the reference within the bound that follows
(docs/tolerance.md).
"""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, localcontext

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import SCORE_KINDS, floats
from convoracle.harness.exponential_bounds import ULPS
from convoracle.harness.proofs.cases import SEED
from convoracle.harness.proofs.definitions import FORMULAS, Formula, exp, ln, sqrt
from convoracle.harness.proofs.tally import Tally, Tick

DTYPES = ("float32", "float64")
DIGITS = Context(prec=60)

decimal = np.frompyfunc(Decimal, 1, 1)

FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray], float]] = {
    "exp": (np.exp, exp, ULPS),
    "log": (np.log, ln, ULPS),
    "square root": (np.sqrt, sqrt, 0.5),
}
"""NumPy's function, the decimal one, and by how many units in the last place they may differ."""

ARGUMENTS = 40
"""How many numbers each configuration of a function has."""


def prove(configurations: int, tick: Tick, *, formulas: Mapping[str, Formula] = FORMULAS) -> Tally:
    """Compare floats with decimals, every function and formula in turn; `formulas` take the place of the oracle's."""
    tally = Tally()
    names = [*FUNCTIONS, *formulas]
    for number in range(configurations):
        name, turn = names[number % len(names)], number // len(names)
        dtype, choices = DTYPES[turn % 2], Choices(SEED, "elementary", name, turn)
        with tally.configuration(f"{name} of {dtype}, number {turn}"), localcontext(DIGITS):
            if name in FUNCTIONS:
                _check_function(tally, name, dtype, choices)
            else:
                _check_formula(tally, name, formulas[name], dtype, choices)
        tick(number + 1, configurations)
    return tally


def _check_function(tally: Tally, name: str, dtype: str, choices: Choices) -> None:
    """Compare a function of NumPy, where its value is a normal number, in units in the last place."""
    of_floats, of_decimals, allowed = FUNCTIONS[name]
    x = _arguments(name, dtype, choices)
    exact = of_decimals(decimal(x.astype(object)))
    units = decimal(np.spacing(np.abs(exact.astype(np.float64)).astype(dtype)).astype(object))
    off = abs(decimal(of_floats(x).astype(object)) - exact)
    tally.counts[f"values of {name} rounded correctly"] += int((off <= units / 2).sum())
    for argument, error, unit in zip(x.tolist(), off, units, strict=True):
        tally.expect(
            error <= Decimal(allowed) * unit,
            f"values of {name} within {allowed:g} units in the last place",
            f"{name}({argument!r}) of {dtype} is off by {error / unit:.2f} units in the last place",
        )


def _arguments(name: str, dtype: str, choices: Choices) -> np.ndarray:
    """Return arguments whose function is a normal number: of exp, any size of it; else any size of positive number."""
    limits = np.finfo(dtype)
    low, high = np.log(float(limits.tiny)), np.log(float(limits.max))
    exponents = low + (high - low) * choices.fractions((ARGUMENTS,))
    if name != "exp":
        return np.exp(exponents).astype(dtype)
    small = np.ldexp(1 - 2 * choices.fractions((ARGUMENTS,)), choices.integers((ARGUMENTS,), -20, 3))
    return np.where(np.arange(ARGUMENTS) % 2 == 0, exponents * (1 - 2.0**-12), small).astype(dtype)


def _check_formula(tally: Tally, name: str, formula: Formula, dtype: str, choices: Choices) -> None:
    """Compare a formula of the reference on random scores."""
    shape = choices.between(1, 3), choices.between(1, 5)
    arrays = {
        "x": floats(choices, choices.pick(SCORE_KINDS), shape, dtype),
        "grad": floats(choices, "wide", shape, dtype),
        "targets": choices.integers(shape[:1], 0, shape[1] - 1),
    }
    operands = {key: array if key == "targets" else array.astype(dtype) for key, array in arrays.items()}
    got = np.asarray(formula.computed(operands))
    decimals = {key: array if key == "targets" else decimal(array.astype(object)) for key, array in arrays.items()}
    exact = np.asarray(formula.defined(decimals))
    allowed = decimal(np.asarray(formula.bound(arrays, exact.astype(np.float64), dtype)).astype(object))
    tally.counts["results compared"] += exact.size
    tally.expect(
        got.shape == exact.shape and bool(np.all(abs(decimal(got.astype(object)) - exact) <= allowed)),
        f"runs of {name} within the bound",
        f"{name} of {dtype}, shape {shape}, is beyond the bound",
    )
