"""Vectors of the machine: how wide they are, and how they are emitted as LLVM IR.

Numba leaves it to LLVM to find vectors in loops. The few kernels whose speed depends on them say what they want: an
intrinsic, a function marked `@intrinsic`, writes its own instructions.
Numba's cache does not see an edit of such a file: whoever edits one empties the cache.
"""

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, codegen, config, errors, types


def _vector_bits() -> int:
    """Return the width of the vectors LLVM uses for the processor Numba compiles for (NUMBA_CPU_NAME, or this one).

    LLVM is asked by having it compile an addition: it knows every processor by name, and what each does best.
    """
    settings: Any = config  # its attributes are made when it is imported
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    features = codegen.get_host_cpu_features() if settings.CPU_FEATURES is None else settings.CPU_FEATURES
    name = binding.get_host_cpu_name() if settings.CPU_NAME is None else settings.CPU_NAME
    module = binding.parse_assembly(
        "define <16 x float> @add(<16 x float> %a, <16 x float> %b) {"
        " %c = fadd <16 x float> %a, %b  ret <16 x float> %c }"
    )
    assembly = target.create_target_machine(cpu=name, features=features).emit_assembly(module)
    return 512 if "zmm" in assembly else 256 if "ymm" in assembly else 128


VECTOR_BITS = _vector_bits()


def lanes_of(dtype: np.dtype) -> int:
    """Return how many numbers of `dtype` a vector holds."""
    return VECTOR_BITS // (8 * dtype.itemsize)


def literal_of(number: Any) -> int:
    """Return the number that is written where an intrinsic is called; a TypingError where there is none.

    A constant of a module has to be one of the module that calls: another module's is known only when the code runs.
    """
    if not isinstance(number, types.Literal):
        raise errors.TypingError(f"an intrinsic needs a number that is written where it is called, not a {number}")
    return int(number.literal_value)


def vector_of(array: Any) -> Any:
    """Return the LLVM type of a vector of the numbers in a Numba array type."""
    element = {32: ir.FloatType(), 64: ir.DoubleType()}[array.dtype.bitwidth]
    return ir.VectorType(element, VECTOR_BITS // array.dtype.bitwidth)


def addresses_of(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """Return the addresses of the numbers of all arrays among the arguments of an intrinsic, in their order."""
    return [
        address_of(context, builder, kind, argument)
        for kind, argument in zip(signature.args, arguments, strict=True)
        if isinstance(kind, types.Array)
    ]


def address_of(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the address of the numbers of an array of a Numba type."""
    return context.data_model_manager[kind].get(builder, array, "data")


def call_intrinsic(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Call the LLVM intrinsic ``llvm.<name>``."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}"), arguments)


def load_vector(builder: Any, pointer: Any, vector: Any) -> Any:
    """Load a vector that is aligned as its numbers are, not as a vector."""
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=_bytes(vector))


def store_vector(builder: Any, value: Any, pointer: Any) -> None:
    """Store a vector that is aligned as its numbers are, not as a vector."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=_bytes(value.type))


def load_lanes(builder: Any, pointer: Any, mask: Any, other: Any) -> Any:
    """Load the lanes whose bit in `mask` is set; memory of the others is not touched, they are as in `other`."""
    place, align = builder.bitcast(pointer, other.type.as_pointer()), ir.Constant(ir.IntType(32), _bytes(other.type))
    return call_intrinsic(builder, f"masked.load.{_name(other.type)}.p0", other.type, place, align, mask, other)


def store_lanes(builder: Any, value: Any, pointer: Any, mask: Any) -> None:
    """Store the lanes whose bit in `mask` is set; memory of the others is not touched."""
    place, align = builder.bitcast(pointer, value.type.as_pointer()), ir.Constant(ir.IntType(32), _bytes(value.type))
    call_intrinsic(builder, f"masked.store.{_name(value.type)}.p0", ir.VoidType(), value, place, align, mask)


def prefetch(builder: Any, pointer: Any, *, is_written: bool = False) -> None:
    """Ask for the line of memory at `pointer`, which may be anywhere, to be brought near: into the second cache.

    If it is to be written, into the first: a store that does not find its line there waits, and what follows it, too.
    """
    number = ir.IntType(32)
    place = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    is_write, nearness, is_data = (ir.Constant(number, value) for value in ((1, 3, 1) if is_written else (0, 2, 1)))
    call_intrinsic(builder, "prefetch.p0", ir.VoidType(), place, is_write, nearness, is_data)


def counting(kind: Any, count: int, step: int = 1) -> Any:
    """Return the constant vector 0, step, 2 * step, ... of an integer type."""
    return ir.Constant(ir.VectorType(kind, count), [step * lane for lane in range(count)])


def lanes_from(builder: Any, first: Any, count: int) -> Any:
    """Return the mask of the lanes from `first` on."""
    lanes = counting(first.type, count)
    return builder.icmp_signed(">=", lanes, splat(builder, first, lanes.type))


def splat(builder: Any, number: Any, vector: Any) -> Any:
    """Return a vector with `number` in every lane."""
    unknown = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(unknown, number, ir.Constant(ir.IntType(32), 0))
    return shuffle(builder, first, unknown, [0] * vector.count)


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """Return the vector of these lanes, those of `b` counted after those of `a`."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))


def fused_multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once where the machine can do that in one instruction."""
    vector = a.type
    return call_intrinsic(builder, f"fmuladd.{_name(vector)}", vector, a, b, c)


def _name(vector: Any) -> str:
    """Return what a vector type is called in the name of an intrinsic, v16f32 for example."""
    return f"v{vector.count}{'i' if isinstance(vector.element, ir.IntType) else 'f'}{8 * _bytes(vector)}"


def _bytes(vector: Any) -> int:
    """Return the size of one number of a vector type."""
    element = vector.element
    return element.width // 8 if isinstance(element, ir.IntType) else {"float": 4, "double": 8}[str(element)]
