"""Every backend is right by the harness, and keeps what built-in backends promise beyond it."""

import numpy as np
import pytest

import convoracle
from convoracle.fast import registry
from convoracle.fast.auto import graded
from convoracle.harness import OPERATIONS
from convoracle.harness.candidates.source import Source
from convoracle.harness.cases.data import LAYOUTS, lay_out
from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.operands import random_floats
from convoracle.harness.score.honest import sources_of
from convoracle.harness.verify import run

VARIANTS = [(operation, backend) for operation in OPERATIONS for backend in registry.variants(operation)]
AT_EVERY_ACCURACY = [
    pytest.param(operation, source, id="-".join(filter(None, (operation, backend, source.accuracy))))
    for operation, backend in VARIANTS
    for source in sources_of(backend, registry.variant(operation, backend))
]


@pytest.mark.parametrize(("operation", "source"), AT_EVERY_ACCURACY)
def test_is_right_for_every_dtype_it_declares(operation: str, source: Source) -> None:
    candidate = source.load(operation).taking(None, OPERATIONS[operation])
    report = run(OPERATIONS[operation], candidate, examples=3 * len(candidate.dtypes), seed=1)
    assert report.passed, str(report)
    # A transform may keep the componentwise bound on a few cases by luck; a sum has to.
    assert report.grade in ("A", "B" if candidate.accuracy == "normwise" else "A"), str(report)


def test_whatever_auto_may_choose_is_verified_here() -> None:
    for backend, operations in {**graded.ALGORITHMS, **graded.FALL_BACK}.items():
        assert {(operation, backend) for operation in operations if operation in OPERATIONS} <= set(VARIANTS)
        assert all(operation in registry.operations() for operation in operations)


@pytest.mark.parametrize(("operation", "backend"), VARIANTS)
def test_same_bits_in_every_layout_and_alone_and_c_ordered(operation: str, backend: str) -> None:
    known = OPERATIONS[operation]
    limits = registry.variant(operation, backend).limits
    for number in range(14):
        case = draw(known, limits, ("float32", "float64"), 2, number)
        operands = random_floats(known, case)[1]
        arrays = {
            name: operands[name] if name == "indices" else operands[name].astype(case.dtype)
            for name in known.operand_shapes(case)
        }

        def results(case: object, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
            positional, keywords = known.arguments(case, arrays)
            returned = getattr(convoracle, operation)(*positional, **keywords, backend=backend)
            return returned if isinstance(returned, tuple) else (returned,)

        expected = results(case, arrays)
        assert all(result.flags.c_contiguous for result in expected)
        layout = LAYOUTS[1 + number % (len(LAYOUTS) - 1)]
        other = results(case, {name: lay_out(array, layout) for name, array in arrays.items()})
        assert [result.tobytes() for result in other] == [result.tobytes() for result in expected], (case, layout)
        # A matrix product is free to sum in another order for another number of rows.
        alone = known.alone(case) if operation != "linear" else None
        if alone is not None:
            batched = ("x", "grad_output", "indices")
            last = results(alone, {name: array[-1:] if name in batched else array for name, array in arrays.items()})
            assert [result.tobytes() for result in last] == [result[-1:].tobytes() for result in expected], case
