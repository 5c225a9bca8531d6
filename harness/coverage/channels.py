"""What the batch and the channels of a case may be."""

import functools

import numpy as np

from convoracle.harness.coverage.block import Block, Feature, binned, grid

MOST_IMAGES = 4


@functools.cache
def convolution_channels() -> Block:
    """Return the block of images, groups, and channels and filters in a group."""
    features = (
        Feature("images", ("1", "2", "3 or more")),
        Feature("groups", ("1", "some", "depthwise")),
        Feature("channels in a group", ("1", "2 to 4", "5 or more")),
        Feature("filters in a group", ("1", "more")),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        n, groups, c, f = rows.T
        kind = np.select([groups == 1, c == 1], [0, 2], 1)
        return np.stack([binned(n, [2, 3]), kind, binned(c, [2, 5]), binned(f, [2])], -1)

    options = grid(range(1, MOST_IMAGES + 1), range(1, 5), range(1, 7), range(1, 4))
    return Block("channels", ("n", "groups", "c", "f"), features, classify, options)


@functools.cache
def pool_channels() -> Block:
    """Return the block of images and channels."""
    features = (Feature("images", ("1", "2", "3 or more")), Feature("channels", ("1", "2 to 4", "5 or more")))

    def classify(rows: np.ndarray) -> np.ndarray:
        n, c = rows.T
        return np.stack([binned(n, [2, 3]), binned(c, [2, 5])], -1)

    return Block("channels", ("n", "c"), features, classify, grid(range(1, MOST_IMAGES + 1), range(1, 7)))
