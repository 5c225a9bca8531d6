"""What every intrinsic is made of."""

import pytest
from numba import types
from numba.core import errors

from convoracle.fast.simd.vectors import literal_of


def test_a_number_has_to_be_written_where_an_intrinsic_is_called() -> None:
    assert literal_of(types.literal(3)) == 3
    with pytest.raises(errors.TypingError, match="a number that is written where it is called, not a int64"):
        literal_of(types.int64)
