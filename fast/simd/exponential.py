"""The exponential of vectors, where it cannot overflow: of numbers that are not positive.

With n the integer nearest to x / ln 2, and r what is left,

    exp(x) = 2^n exp(r),        r = x - n ln 2,    |r| <= ln 2 / 2,

and exp(r) is its Taylor series, as far as its terms are felt. n ln 2 is subtracted in two parts, the first of so few
bits that its product with n is exact. 2^n is made of its bits, and as a product of two: below the normal numbers there
are powers of two that no number of normal size times one of them is. The error is below 2 units in the last place.
"""

import math
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    addresses_of,
    fused_multiply_add,
    lanes_from,
    load_lanes,
    store_lanes,
    vector_of,
)


class Format(NamedTuple):
    """What is different for float32 and float64."""

    digits: int
    """Bits of a significand, without the first."""
    terms: int
    """Of the series: the first that is left out, at ln 2 / 2, is below an eighth of a unit in the last place."""
    least: float
    """The exponential of this and of everything below is zero."""

    @property
    def bits(self) -> int:
        """Bits of a number."""
        return 32 if self.digits == 23 else 64

    @property
    def bias(self) -> int:
        """What the exponent of 1 is kept as."""
        return int(2 ** (self.bits - self.digits - 2)) - 1

    def ln_2(self) -> tuple[float, float]:
        """Return ln 2 in two parts, the first so short that a dozen bits more are exact."""
        with localcontext() as context:
            context.prec = 60
            exact, scale = Decimal(2).ln(), 2 ** (self.digits - 12)
            first = Decimal(round(exact * scale)) / scale
            return float(first), float(exact - first)


FORMATS = {32: Format(23, 8, -110.0), 64: Format(52, 15, -760.0)}


def emit_exponential(builder: Any, x: Any) -> Any:
    """Emit the exponential of a vector without positive numbers; NaN stays NaN."""
    kind = FORMATS[32 if isinstance(x.type.element, ir.FloatType) else 64]
    whole = ir.VectorType(ir.IntType(kind.bits), x.type.count)

    def number(value: float) -> Any:
        return ir.Constant(x.type, [value] * x.type.count)

    def integer(value: int) -> Any:
        return ir.Constant(whole, [value] * x.type.count)

    x = builder.select(builder.fcmp_ordered("<", x, number(kind.least)), number(kind.least), x)
    # To a number so large that its last bit is worth 1 only an integer can be added; it is then in the last bits.
    large = number(1.5 * 2.0**kind.digits)
    rounded = fused_multiply_add(builder, x, number(1 / math.log(2)), large)
    n = builder.sub(builder.bitcast(rounded, whole), builder.bitcast(large, whole))
    steps = builder.fsub(large, rounded)
    rest = x
    for part in kind.ln_2():
        rest = fused_multiply_add(builder, steps, number(part), rest)
    series = number(1 / math.factorial(kind.terms - 1))
    for term in reversed(range(kind.terms - 1)):
        series = fused_multiply_add(builder, series, rest, number(1 / math.factorial(term)))
    half = builder.ashr(n, integer(1))
    for power in (half, builder.sub(n, half)):
        bits = builder.shl(builder.add(power, integer(kind.bias)), integer(kind.digits))
        series = builder.fmul(series, builder.bitcast(bits, x.type))
    return series


@intrinsic
def write_sigmoids(typing_context, source, start, count, target):  # type: ignore[no-untyped-def]
    """Write the sigmoids of the first `count` numbers of a vector, from source[start] on, to their places in target."""
    signature = types.void(source, types.intp, types.intp, target)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, count, _ = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        zeros = ir.Constant(vector_of(signature.args[0]), None)
        ones = ir.Constant(zeros.type, [1.0] * zeros.type.count)
        mask = builder.not_(lanes_from(builder, count, zeros.type.count))
        x = load_lanes(builder, builder.gep(source, [start]), mask, zeros)
        is_negative = builder.fcmp_ordered("<", x, zeros)
        decay = emit_exponential(builder, builder.select(is_negative, x, builder.fsub(zeros, x)))
        share = builder.fdiv(builder.select(is_negative, decay, ones), builder.fadd(ones, decay))
        store_lanes(builder, share, builder.gep(target, [start]), mask)
        return context.get_dummy_value()

    return signature, generate
