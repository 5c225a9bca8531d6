"""Numbers copied by whole vectors: as they lie, some of them, from every other place, or turned; emitted as LLVM IR."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.apart import load_apart
from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.vectors import (
    addresses_of,
    lanes_from,
    load_vector,
    prefetch,
    shuffle,
    store_lanes,
    store_vector,
    vector_of,
)


@intrinsic
def ask_for(typing_context, source, start):  # type: ignore[no-untyped-def]
    """Ask for the line of memory at source[start], which need not exist."""
    signature = types.void(source, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (data,) = addresses_of(context, builder, signature, arguments)
        prefetch(builder, builder.gep(data, [arguments[1]]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def ask_to_write(typing_context, target, start):  # type: ignore[no-untyped-def]
    """Ask for the line of memory at target[start], which need not exist, to be written."""
    signature = types.void(target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (data,) = addresses_of(context, builder, signature, arguments)
        prefetch(builder, builder.gep(data, [arguments[1]]), is_written=True)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def clear(typing_context, target, start, count):  # type: ignore[no-untyped-def]
    """Write `count` zeros from target[start] on; target must hold them. Less code than assigning to a slice."""
    signature = types.void(target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (target,) = addresses_of(context, builder, signature, arguments)
        _, start, count = arguments
        size = context.get_abi_sizeof(target.type.pointee)
        cgutils.memset(builder, builder.gep(target, [start]), builder.mul(count, _int(count, size)), 0)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def spread_pairs(typing_context, source, source_start, target, target_start, count):  # type: ignore[no-untyped-def]
    """Copy the first `count` numbers of a vector to every other place of target; source must hold all of it."""
    signature = types.void(source, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        lanes = vector.count
        loaded = load_vector(builder, builder.gep(source, [arguments[1]]), vector)
        is_even = ir.Constant(ir.VectorType(ir.IntType(1), lanes), [1 - lane % 2 for lane in range(lanes)])
        for half in range(2):
            first = half * lanes
            rest = builder.sub(builder.shl(arguments[4], _int(arguments[4], 1)), _int(arguments[4], first))
            wanted = builder.and_(builder.not_(lanes_from(builder, rest, lanes)), is_even)
            apart = shuffle(builder, loaded, loaded, [(first + lane) // 2 for lane in range(lanes)])
            place = builder.gep(target, [builder.add(arguments[3], _int(arguments[3], first))])
            store_lanes(builder, apart, place, wanted)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_vector(typing_context, source, source_start, target, target_start):  # type: ignore[no-untyped-def]
    """Copy one vector from source[source_start] on to target[target_start] on; both must hold all of it."""
    signature = types.void(source, types.intp, target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        loaded = load_vector(builder, builder.gep(source, [arguments[1]]), vector)
        store_vector(builder, loaded, builder.gep(target, [arguments[3]]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_lanes(typing_context, source, source_start, target, target_start, count):  # type: ignore[no-untyped-def]
    """Copy the first `count` numbers of a vector; source must hold all of it, target only those."""
    signature = types.void(source, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        loaded = load_vector(builder, builder.gep(source, [arguments[1]]), vector)
        wanted = builder.not_(lanes_from(builder, arguments[4], vector.count))
        store_lanes(builder, loaded, builder.gep(target, [arguments[3]]), wanted)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def copy_apart(  # type: ignore[no-untyped-def]
    typing_context, stride, source, source_start, width, column, target, target_start
):
    """Fill a vector of target with the numbers from `column` on, `stride` apart, of a line of source; zeros beyond it.

    The line is the `width` numbers from source[source_start] on. Strides that are a literal 1 or 2 are done as vectors.
    """
    step = getattr(stride, "literal_value", 0)
    # The literal belongs to the signature: Numba would else take one stride's instructions for another's.
    signature = types.void(stride, source, types.intp, types.intp, types.intp, target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stride, _, source_start, width, column, _, target_start = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        zeros = ir.Constant(vector_of(signature.args[1]), None)
        line = builder.gep(source, [source_start])
        loaded = load_apart(builder, step, line, column, stride, width, zeros)
        store_vector(builder, loaded, builder.gep(target, [target_start]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def copy_line(  # type: ignore[no-untyped-def]
    typing_context, stride, source, source_start, width, column, target, target_start, count
):
    """Do as `copy_apart` for as many vectors as `count` numbers take; strides of a literal 4 are vectors, too."""
    step = getattr(stride, "literal_value", 0)
    signature = types.void(stride, source, types.intp, types.intp, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stride, _, source_start, width, column, _, target_start, count = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        zeros = ir.Constant(vector_of(signature.args[1]), None)
        lanes = zeros.type.count
        line, first = builder.gep(source, [source_start]), builder.gep(target, [target_start])
        vectors = builder.sdiv(builder.add(count, _int(count, lanes - 1)), _int(count, lanes))
        with cgutils.for_range(builder, vectors) as loop:
            done = builder.mul(loop.index, _int(loop.index, lanes))
            place = builder.add(column, builder.mul(done, stride))
            loaded = load_apart(builder, step, line, place, stride, width, zeros)
            store_vector(builder, loaded, builder.gep(first, [done]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def pack_columns(  # type: ignore[no-untyped-def]
    typing_context, source, source_start, source_step, target, target_start, target_step
):
    """Transpose ROWS rows of one vector each, `source_step` apart, into LANES columns, `target_step` apart.

    Row i is source[source_start + i * source_step : ... + LANES]; its number k becomes
    target[target_start + k * target_step + i]. Laid end to end the rows are a string of numbers whose first half is
    interleaved with its second, as one riffles a deck of cards: each time the highest bit of the row becomes the lowest
    bit of the place, until all of them are. The ROWS rows after these are asked for: they are the next, and the
    hardware does not see so many streams at once.
    """
    signature = types.void(source, types.intp, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, source_start, source_step, _, target_start, target_step = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        lanes = vector.count
        starts = [builder.add(source_start, builder.mul(source_step, _int(source_step, i))) for i in range(ROWS)]
        places = [builder.gep(source, [start]) for start in starts]
        string = [load_vector(builder, place, vector) for place in places]
        for place in places:
            prefetch(builder, builder.gep(place, [builder.mul(source_step, _int(source_step, ROWS))]))
        halves = [[lane // 2 + lane % 2 * lanes for lane in part] for part in (range(lanes), range(lanes, 2 * lanes))]
        for _ in range(ROWS.bit_length() - 1):
            pairs = zip(string[: ROWS // 2], string[ROWS // 2 :], strict=True)
            string = [shuffle(builder, *pair, half) for pair in pairs for half in halves]
        piece = min(ROWS, lanes)
        for number in range(0, ROWS * lanes, piece):
            mixed, lane = string[number // lanes], number % lanes
            part = mixed if piece == lanes else shuffle(builder, mixed, mixed, list(range(lane, lane + piece)))
            column = builder.add(target_start, builder.mul(target_step, _int(target_step, number // ROWS)))
            store_vector(builder, part, builder.gep(target, [builder.add(column, _int(column, number % ROWS))]))
        return context.get_dummy_value()

    return signature, generate


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)
