"""Groups joined to one: how many, and blocks of a weight that is zero elsewhere."""

import numpy as np
import pytest

from convoracle.fast.winograd.joined_groups import groups_to_join, join, part


@pytest.mark.parametrize(
    ("groups", "filters", "joined"), [(32, 8, 2), (6, 5, 3), (4, 5, 2), (7, 1, 7), (34, 1, 2), (1, 3, 1), (4, 20, 1)]
)
def test_as_many_groups_as_fill_a_vector_of_sixteen(groups: int, filters: int, joined: int) -> None:
    assert groups_to_join(groups, filters, 16) == joined


def test_a_joined_weight_is_zero_from_one_group_to_another() -> None:
    groups, joined, filters, channels = 6, 3, 2, 4
    weight = np.random.default_rng(0).standard_normal((groups * filters, channels, 3, 5))
    wanted = np.zeros((groups * filters, joined * channels, 3, 5))
    for f in range(groups * filters):
        block = f // filters % joined * channels
        wanted[f, block : block + channels] = weight[f]
    got = join(weight, groups, joined)
    np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(part(got + (got == 0), groups, joined), weight)
