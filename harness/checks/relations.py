"""Relations: laws that tie a candidate's results to each other, with no oracle. On integers they hold exactly.

A relation asks the candidate one or two more questions and says what their answers make of its first one. Those here
hold for every operation of their kind; `convolution_relations` and `pooling_relations` have the laws of the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import inside
from convoracle.harness.checks import compare
from convoracle.harness.checks.problem import Problem
from convoracle.harness.checks.specials import THIRDS
from convoracle.harness.operations.base import Arrays

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question
    from convoracle.harness.examine import Examination

Results = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Relation:
    """One law, about one case.

    Parameters
    ----------
    name : str
        As in the sentence "the law of ... does not hold".
    asked : tuple of (case, operands)
        What the candidate is asked besides the question itself.
    implied : callable
        Takes the answers, as whole numbers, and returns for each output what the first answer then has to be; None for
        an output that the law says nothing about.
    """

    name: str
    asked: tuple[tuple[Any, Arrays], ...]
    implied: Callable[[tuple[Results, ...]], tuple[np.ndarray | None, ...]]


def check(examination: "Examination") -> None:
    """Hold the first answer of one case in three against one law, a different one from case to case."""
    if not examination.wants("relations") or examination.first is None or not examination.has_turn(2, THIRDS):
        return
    question = examination.question
    relation = question.law(lambda relation: all(inside(examination.limits, case) for case, _ in relation.asked))
    if relation is None:
        return
    answers = tuple(question.like(case).whole(examination.fresh(case, operands)) for case, operands in relation.asked)
    first = question.whole(examination.first)
    for output, got, implied in zip(question.outputs, first, relation.implied(answers), strict=True):
        if implied is None:
            continue
        wrong = ~(got == implied)
        if wrong.any():
            index = compare.first(wrong)
            examination.note(
                Problem(
                    "values",
                    "relations",
                    f"the law of {relation.name} does not hold: {int(wrong.sum())} of {wrong.size} values of "
                    f"{output.name} differ from what the candidate's own answers imply",
                    index,
                    implied[index],
                    got[index],
                )
            )
    examination.outcome.checked["relations"] += 1


def relations_of(question: "Question") -> list[Relation]:
    """Return the laws about a case."""
    from convoracle.harness.checks.convolution_relations import of_convolution
    from convoracle.harness.checks.pooling_relations import of_pool

    if question.integers.expected is None or question.is_measured:
        return []
    return [*_general(question), *of_convolution(question), *of_pool(question)]


def _general(question: "Question") -> Iterator[Relation]:
    """Yield the laws of every operation: it is linear, and images do not know of each other."""
    case, operands = question.case, question.integers.operands
    if not question.is_selection:
        name = question.outputs[0].terms[0][0]
        if all(name in term or len(term) == 1 for output in question.outputs for term in output.terms):
            yield _linearity(question, name)
    if question.operation.alone(case) is not None and case.n > 1:
        turned = {
            name: array[::-1] if name in ("x", "grad_output", "indices") else array for name, array in operands.items()
        }
        yield Relation(
            "the order of the images", ((case, turned),), lambda answers: tuple(got[::-1] for got in answers[0])
        )


def _linearity(question: "Question", name: str) -> Relation:
    """Return the law that the answers to two parts of an operand add up; what has no part in it goes to the first."""
    case, operands = question.case, question.integers.operands
    keep = Choices(case.seed, "linearity").integers(operands[name].shape, 0, 1)
    linear = {other for output in question.outputs for term in output.terms if name in term for other in term}
    first = {**operands, name: operands[name] * keep}
    second = {
        other: array if other in linear or other == "indices" else array * 0
        for other, array in {**operands, name: operands[name] * (1 - keep)}.items()
    }
    affected = [any(name in term for term in output.terms) for output in question.outputs]
    return Relation(
        f"linearity in {name}",
        ((case, first), (case, second)),
        lambda answers: tuple(
            one + other if is_affected else None for one, other, is_affected in zip(*answers, affected, strict=True)
        ),
    )
