"""Boxes in a picture: overlap, proposals, suppression, and the four numbers by which R-CNN moves them.

A box is (top, left, bottom, right), the last two exclusive; several are an array (boxes, 4) of float64.
Source: Girshick et al., "Rich feature hierarchies for accurate object detection and semantic segmentation" (R-CNN,
2014), whose box regression Cornell CS5670, Lecture 25, gives as the use of the Euclidean loss.
"""

import numpy as np
from skimage import filters, measure, segmentation


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union of every box of `a` with every box of `b`: (len(a), len(b)).

    >>> overlaps(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[0.0, 1.0, 2.0, 3.0], [5.0, 5.0, 6.0, 6.0]])).round(3)
    array([[0.333, 0.   ]])
    """
    first = np.maximum(a[:, None, :2], b[None, :, :2])
    last = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.maximum(last - first, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    return common / (areas[0][:, None] + areas[1][None, :] - common)


def proposals(scene: np.ndarray) -> np.ndarray:
    """Return boxes that may hold something: the regions of several segmentations, as selective search begins.

    The segmentations are Felzenszwalb and Huttenlocher's at three scales, and the connected parts of what is brighter
    than Otsu's threshold. Regions smaller than 3 pixels or larger than half the scene are left out.
    """
    maps = [segmentation.felzenszwalb(scene, scale=scale, sigma=0.6, min_size=8) + 1 for scale in (5, 20, 80)]
    maps.append(measure.label(scene > filters.threshold_otsu(scene)))
    boxes = np.array([region.bbox for labels in maps for region in measure.regionprops(labels)], float).reshape(-1, 4)
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.unique(boxes[(sizes.min(axis=1) >= 3) & (2 * sizes <= scene.shape).all(axis=1)], axis=0)


def suppressed(boxes: np.ndarray, confidence: np.ndarray, largest_overlap: float) -> list[int]:
    """Return the numbers of the boxes that no more confident one overlaps, most confident first.

    >>> suppressed(np.array([[0.0, 0, 4, 4], [0, 0, 4, 5], [9, 9, 12, 12]]), np.array([0.5, 0.9, 0.1]), 0.3)
    [1, 2]
    """
    kept: list[int] = []
    between = overlaps(boxes, boxes)
    for number in np.argsort(-confidence, kind="stable"):
        if not kept or between[number, kept].max() <= largest_overlap:
            kept.append(int(number))
    return kept


def shifts(boxes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return R-CNN's regression targets: the move of the centre in sizes of the box, and the log of the growth."""
    sizes, wanted = boxes[:, 2:] - boxes[:, :2], targets[:, 2:] - targets[:, :2]
    centres, aims = boxes[:, :2] + sizes / 2, targets[:, :2] + wanted / 2
    return np.hstack([(aims - centres) / sizes, np.log(wanted / sizes)])


def shifted(boxes: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return the boxes moved by what `shifts` returns.

    >>> a, b = np.array([[0.0, 0.0, 2.0, 4.0]]), np.array([[1.0, 1.0, 5.0, 3.0]])
    >>> shifted(a, shifts(a, b)).round(9)
    array([[1., 1., 5., 3.]])
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + sizes / 2 + moves[:, :2] * sizes
    grown = sizes * np.exp(moves[:, 2:])
    return np.hstack([centres - grown / 2, centres + grown / 2])
