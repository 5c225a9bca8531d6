"""What the harness knows about an operation: how to draw a case, what to pass, what must come back, and how exactly."""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import FLOAT_KINDS
from convoracle.harness.cases.limits import Limits

Arrays = Mapping[str, np.ndarray]
Adjoint = Callable[[Arrays, np.ndarray], np.ndarray]
Adjoints = dict[str, Adjoint]


@dataclass(frozen=True)
class Part:
    """A summand of an output that is linear in the operands, divided by small integers."""

    compute: Callable[[Arrays], np.ndarray]
    divisors: np.ndarray


@dataclass(frozen=True)
class Output:
    """One array an operation returns, and what its values are held to.

    Parameters
    ----------
    name : str
        What a failure calls it.
    shape : tuple of int
        The shape it must have.
    compute : callable
        The reference on the named operands, in the operands' own dtype.
    terms : tuple of tuples of str
        The output is a sum of maps, each linear in every operand of its tuple. Empty for a *selection* (the values are
        copies of input elements, or indices), which is always compared exactly.
    products : int
        The most terms added up in one element.
    roundings : int
        The most roundings one term goes through: Higham's ``n``.
    parts : tuple of Part
        For means: the output as a sum of undivided sums over integers. Empty where nothing is divided.
    multiple : int
        What integer data must be a multiple of for the result to be an integer, after multiplication with the divisors
        if there is one part only.
    is_index : bool
        The values are indices: int64, whatever the candidate's dtype.
    norms : tuple of two tuples of int, optional
        For a product of two operands: the axes of the first over which its 2-norm and of the second over which its
        1-norm is taken, so that every output element meets at most one such slice of each.
    box_norm : float
        For a mean, which is a product with a constant box: the 1-norm of that box.
    transform_bits : float
        Base-2 logarithm of the points of the largest Fourier transform that could compute this.
    winograd_terms : int
        How many tile products meet in one output if Winograd's algorithm applies; 0 where it does not.
    magnitude : callable, optional
        ``G`` on the named operands, where it is not what `compute` makes of their absolute values: for differences.
    error : callable, optional
        For functions that no sum of products is: the bound itself, on the named operands and for a dtype, before the
        last rounding of what is accumulated in a wider type.
    exact : callable, optional
        The exact value as an unevaluated sum of two float64 arrays, where the operation is not a sum of linear maps.
    """

    name: str
    shape: tuple[int, ...]
    compute: Callable[[Arrays], np.ndarray]
    terms: tuple[tuple[str, ...], ...] = ()
    products: int = 1
    roundings: int = 0
    parts: tuple[Part, ...] = ()
    multiple: int = 1
    is_index: bool = False
    norms: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    box_norm: float = 0.0
    transform_bits: float = 0.0
    winograd_terms: int = 0
    magnitude: Callable[[Arrays], np.ndarray] | None = None
    error: Callable[[Arrays, str], np.ndarray] | None = None
    exact: Callable[[Arrays], tuple[np.ndarray, np.ndarray]] | None = None

    @property
    def is_selection(self) -> bool:
        """True where values are copied or counted, never rounded."""
        return not self.terms and self.error is None


class Operation(ABC):
    """An operation the harness can verify. One subclass for each, listed in `operations/__init__.py`.

    A *case* is a frozen dataclass of plain values: its geometry, its options in the very form they are passed, the
    dtype, the memory layouts and the seed of its data.
    """

    name: ClassVar[str]
    case_type: ClassVar[type]
    options: ClassVar[tuple[str, ...]] = ()
    """The keywords a candidate is called with."""
    limit_names: ClassVar[tuple[str, ...]] = ()
    """What a candidate may declare limits for."""
    takes_integers: ClassVar[bool] = True
    """Whether integer dtypes are part of the operation's contract."""

    special_values: ClassVar[tuple[float, ...]] = (math.nan, math.inf, -math.inf)
    """What `special_operands` may hold besides numbers."""

    float_kinds: ClassVar[tuple[str, ...]] = FLOAT_KINDS
    """The kinds of floats it is called with: see `convoracle.harness.cases.data`."""

    @abstractmethod
    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> Any:
        """Return case number `index` of a campaign; the index decides the stratum, the choices everything else."""

    @abstractmethod
    def operand_shapes(self, case: Any) -> dict[str, tuple[int, ...]]:
        """Return the shape of every array passed, in that order; ValueError if the case is impossible."""

    @abstractmethod
    def arguments(self, case: Any, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and keyword arguments of a call."""

    @abstractmethod
    def outputs(self, case: Any) -> tuple[Output, ...]:
        """Return what must come back, in order."""

    @abstractmethod
    def simpler(self, case: Any) -> Iterator[tuple[str, list[Any]]]:
        """Yield, for each field of the case, its possible values, simplest first and the case's own last."""

    def index_operands(self, case: Any) -> dict[str, np.ndarray]:
        """Return the operands that are indices, which are data no generator of values can make."""
        return {}

    def special_operands(self, case: Any) -> tuple[str, ...]:
        """Return the operands in which NaN and infinities have one right effect, whatever the algorithm.

        They are summed or compared, and no textbook way to compute the operation multiplies them by zeros: those of a
        padding, or those between the elements of an upsampled gradient.
        """
        return ()

    def adjoints(self, case: Any) -> Adjoints:
        """Return, for each gradient by its output's name, the forward operation as a function of that argument alone.

        Each takes the operands and a direction shaped like the gradient, and returns an array shaped like grad_output.
        """
        return {}

    def alone(self, case: Any) -> Any | None:
        """Return the case of the last image alone, or None where one image's result is no part of the batch's."""
        return None


@functools.lru_cache(maxsize=256)
def outputs_of(operation: Operation, case: Any) -> tuple[Output, ...]:
    """Return what must come back, in order: remembered, since a case is asked for it many times."""
    return operation.outputs(case)
