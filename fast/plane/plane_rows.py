"""Rows of a plane read where they are, emitted as LLVM IR.

Columns in the padding are masked lanes, and rows in the padding are read from a line of zeros: nothing branches.
"""

from typing import Any

from llvmlite import ir

from convoracle.fast.simd.vectors import call_intrinsic, counting, load_lanes, shuffle, splat


class PlaneRows:
    """So many rows of a plane from (`top`, `left`) on, which may be outside of it.

    Parameters
    ----------
    builder : IRBuilder
        Where the instructions go.
    vector : VectorType
        What is loaded at a time.
    origin, zeros : pointer
        The first number of the plane, and as many zeros as a row has numbers; None if all the rows are in the plane.
    height, width, top, left : int
        Of the plane; the position of the first row and column.
    count : int
        Number of rows.
    apart : tuple of two ints, optional
        How far rows are apart, and what columns are multiples of, if that is not 1: the dilation of a kernel.
    """

    def __init__(
        self,
        builder: Any,
        vector: Any,
        origin: Any,
        zeros: Any,
        height: Any,
        width: Any,
        top: Any,
        left: Any,
        count: int,
        apart: tuple[Any, Any] | None = None,
    ) -> None:
        self.builder, self.vector, self.left, self.apart = builder, vector, left, apart
        self.lines = []
        for r in range(count):
            row = builder.add(top, times(builder, top.type, r, apart and apart[0]))
            line = builder.gep(origin, [builder.mul(row, width)])
            if zeros is not None:
                line = builder.select(builder.icmp_unsigned("<", row, height), line, zeros)
            self.lines.append(line)
        number = ir.IntType(32)  # as wide as a float32: the comparison takes one instruction
        first = splat(builder, builder.trunc(left, number), ir.VectorType(number, vector.count))
        self.columns = builder.add(first, counting(number, vector.count))
        self.limit = splat(builder, builder.trunc(width, number), first.type)
        self.masks: dict[int, Any] = {}

    def load(self, column: int, stride: int = 1) -> list[Any]:
        """Return, of every row, a vector of the numbers from `column` on that are `stride` apart, 1 or 2.

        With a stride of 2 they are shuffled out of two vectors, from which those a column further come too.
        """
        lanes = self.vector.count
        begin = column - column % stride
        parts = [self._load_vectors(begin + part * lanes) for part in range(stride)]
        if stride == 1:
            return parts[0]
        parity = list(range(column % 2, 2 * lanes, 2))
        return [shuffle(self.builder, low, high, parity) for low, high in zip(*parts, strict=True)]

    def _load_vectors(self, column: int) -> list[Any]:
        builder = self.builder
        place = builder.add(self.left, times(builder, self.left.type, column, self.apart and self.apart[1]))
        zeros = ir.Constant(self.vector, None)
        return [load_lanes(builder, builder.gep(line, [place]), self.mask_from(column), zeros) for line in self.lines]

    def mask_from(self, column: int) -> Any:
        """Return the mask of the lanes from `column` on that are inside the plane."""
        if column not in self.masks:
            builder, number = self.builder, self.columns.type.element
            further = times(builder, number, column, self.apart and builder.trunc(self.apart[1], number))
            columns = builder.add(self.columns, splat(builder, further, self.columns.type))
            self.masks[column] = builder.icmp_unsigned("<", columns, self.limit)
        return self.masks[column]


def times(builder: Any, number: Any, count: int, step: Any) -> Any:
    """Return `count` steps of so many numbers, or of 1 if `step` is None."""
    constant = ir.Constant(number, count)
    return constant if step is None else builder.mul(constant, step)


def call_for_rows(
    builder: Any,
    origin: Any,
    width: Any,
    row: Any,
    left: Any,
    rows: int,
    apart: int,
    count: int,
    step: Any = None,
) -> None:
    """Ask for the lines of the cache of a block, `count` times `apart` numbers in each of so many rows, `step` apart.

    Where it is not memory of ours, nothing happens.
    """
    number = ir.IntType(32)
    read, keep, data = (ir.Constant(number, value) for value in (0, 3, 1))
    for r in range(rows):
        place = builder.add(builder.mul(builder.add(row, times(builder, row.type, r, step)), width), left)
        for part in range(count):
            pointer = builder.gep(origin, [builder.add(place, ir.Constant(place.type, part * apart))])
            pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
            call_intrinsic(builder, "prefetch.p0", ir.VoidType(), pointer, read, keep, data)
