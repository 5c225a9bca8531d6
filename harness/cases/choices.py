"""Where a case's numbers come from: a named bit generator whose stream never changes, and nothing else.

NumPy promises that the *bits* of `PCG64` stay the same from version to version; it does not promise it for the
distributions built on them. Everything random in the harness is therefore made from raw 64-bit words here, so that
``--seed 7`` means the same cases next year. The stream's name is part of every report.
"""

import math
import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

STREAM = "pcg64-v1"

T = TypeVar("T")


class Choices:
    """A stream of choices, fixed by its keys.

    Parameters
    ----------
    *keys : int or str
        What names the stream: the campaign's seed, the operation, the number of the case. Integers must not be
        negative.
    """

    def __init__(self, *keys: int | str) -> None:
        entropy = [zlib.crc32(key.encode()) if isinstance(key, str) else key for key in keys]
        # A seed sequence makes words of 32 bits of integers; with these it takes three quarters of the time.
        words = np.array(entropy, np.uint32) if all(0 <= key < 2**32 for key in entropy) else entropy
        self._bits = np.random.PCG64(np.random.SeedSequence(words))

    def below(self, count: int) -> int:
        """Return an integer in ``0 .. count - 1``."""
        return int(self._bits.random_raw()) % count

    def between(self, low: int, high: int) -> int:
        """Return an integer in ``low .. high``, both included."""
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`; an option listed twice is twice as likely."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return all of `options` in a random order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in options]

    def happens(self, one_in: int) -> bool:
        """Return True once in `one_in` times."""
        return self.below(one_in) == 0

    def integers(self, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
        """Return an int64 array of integers in ``low .. high``."""
        words = self._bits.random_raw(math.prod(shape))
        return (words % np.uint64(high - low + 1)).astype(np.int64).reshape(shape) + low

    def fractions(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return a float64 array of multiples of 2**-53 in [0, 1)."""
        words = self._bits.random_raw(math.prod(shape))
        return (words >> np.uint64(11)).astype(np.float64).reshape(shape) * 2.0**-53
