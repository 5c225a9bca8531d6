"""The linear layer and its gradients, as the harness sees them."""

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.conv2d import along_bias
from convoracle.harness.oracle import compiled


@dataclass(frozen=True)
class LinearCase:
    """One configuration: x is (n, c), weight is (f, c)."""

    n: int
    c: int
    f: int
    bias: bool
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()


class _OfLinear(Operation):
    """What the layer and its gradients have in common: the case."""

    case_type = LinearCase

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> LinearCase:
        """Return case number `index`; the wide cases go through every remainder of both features modulo 8."""
        wide = geometry.is_wide(index)
        tail = (index + index // geometry.CYCLE) % 8
        taken: set[int] = set()
        n = geometry.distinct(choices.between(3, 6) if wide else choices.between(1, 5), taken)
        c = geometry.distinct(8 * choices.between(1, 4) + tail if wide else choices.between(1, 12), taken)
        f = geometry.distinct(8 * choices.between(1, 4) + 7 - tail if wide else choices.between(1, 12), taken)
        if geometry.coincides(index):
            n, c, f = choices.pick([(c, c, f), (n, c, c), (c, c, c)])
        return LinearCase(
            n=n,
            c=c,
            f=f,
            bias=bool(choices.pick(within(limits, "bias", [False, True, True]))),
            dtype=dtypes[index % len(dtypes)],
            layout=geometry.draw_layouts(choices, 2),
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def simpler(self, case: LinearCase) -> Iterator[tuple[str, list[Any]]]:
        for name in ("n", "c", "f"):
            yield name, list(range(1, getattr(case, name) + 1))
        yield "bias", [False, True] if case.bias else [False]
        yield from geometry.simpler_data(case)


class Linear(_OfLinear):
    """``linear(x, weight, bias)``."""

    name = "linear"
    limit_names: ClassVar[tuple[str, ...]] = ("bias",)

    def operand_shapes(self, case: LinearCase) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"x": (case.n, case.c), "weight": (case.f, case.c)}
        return {**shapes, "bias": (case.f,)} if case.bias else shapes

    def arguments(self, case: LinearCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], arrays["weight"], arrays.get("bias")), {}

    def outputs(self, case: LinearCase) -> tuple[Output, ...]:
        return (
            Output(
                name="result",
                shape=(case.n, case.f),
                compute=lambda arrays: reference.linear(
                    arrays["x"], arrays["weight"], arrays.get("bias"), loops=compiled(reference.linear_loops)
                ),
                terms=(("x", "weight"), ("bias",)) if case.bias else (("x", "weight"),),
                products=case.c,
                roundings=case.c + case.bias,
            ),
        )

    def special_operands(self, case: LinearCase) -> tuple[str, ...]:
        return ("x", "weight", *("bias",) * case.bias)

    def alone(self, case: LinearCase) -> LinearCase | None:
        return dataclasses.replace(case, n=1)


class LinearBackward(_OfLinear):
    """``linear_backward(grad_output, x, weight)``: all three gradients."""

    name = "linear_backward"

    def operand_shapes(self, case: LinearCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": (case.n, case.f), "x": (case.n, case.c), "weight": (case.f, case.c)}

    def arguments(self, case: LinearCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], arrays["weight"]), {}

    def outputs(self, case: LinearCase) -> tuple[Output, ...]:
        grads: tuple[tuple[str, tuple[int, ...], tuple[str, ...], int], ...] = (
            ("grad_x", (case.n, case.c), ("grad_output", "weight"), case.f),
            ("grad_weight", (case.f, case.c), ("grad_output", "x"), case.n),
            ("grad_bias", (case.f,), ("grad_output",), case.n),
        )
        return tuple(
            Output(
                name=name,
                shape=shape,
                compute=functools.partial(_gradient, position),
                terms=(term,),
                products=products,
                roundings=products,
            )
            for position, (name, shape, term, products) in enumerate(grads)
        )

    def special_operands(self, case: LinearCase) -> tuple[str, ...]:
        return ("x",)

    def adjoints(self, case: LinearCase) -> Adjoints:
        loops = compiled(reference.linear_loops)
        return {
            "grad_x": lambda arrays, direction: reference.linear(direction, arrays["weight"], loops=loops),
            "grad_weight": lambda arrays, direction: reference.linear(arrays["x"], direction, loops=loops),
            "grad_bias": along_bias,
        }


def _gradient(position: int, arrays: Arrays) -> np.ndarray:
    """Return the gradient at one position of the reference's three."""
    grads: tuple[np.ndarray, ...] = reference.linear_backward(
        arrays["grad_output"], arrays["x"], arrays["weight"], loops=compiled(reference.linear_backward_loops)
    )
    return grads[position]
