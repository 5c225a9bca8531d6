import numpy as np
import pytest

from convoracle.reference.geometry import check_shape, conv2d_geometry, pool2d_geometry


def test_conv2d_geometry_in_integers() -> None:
    geometry = conv2d_geometry(
        "conv2d", (2, 4, 7, 9), (6, 2, 2, 3), stride=(2, 3), padding=((1, 0), (2, 1)), dilation=(3, 1), groups=2
    )
    assert geometry == ((2, 3), ((1, 0), (2, 1)), (3, 1), (2, 4, 8, 12), (2, 6, 3, 4))
    assert conv2d_geometry(
        "conv2d", np.zeros((1, 1, 4, 5)).shape, [1, 1, 2, 2], stride=[2], padding="same", dilation=(1,), groups=1
    ) == ((2, 2), ((0, 0), (0, 1)), (1, 1), (1, 1, 4, 6), (1, 1, 2, 3))


def test_pool2d_geometry_in_integers() -> None:
    geometry = pool2d_geometry(
        "max_pool2d", (7, 8), (2, 3), stride=None, padding=(1, 0), dilation=(1, 2), ceil_mode=True
    )
    # rows start at -1, 1, 3 and 5; a fifth window would start at 7, in the padding
    assert geometry == ((2, 3), (2, 3), (1, 0), (1, 2), (4, 2))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_a_dilated_window_must_reach_the_input(size: int) -> None:
    # two taps, five apart, one position of padding: the first window holds positions -1 and 4
    def geometry() -> object:
        return pool2d_geometry("max_pool2d", (size, 9), 2, stride=1, padding=(1, 0), dilation=(5, 1), ceil_mode=False)

    if size < 4:
        with pytest.raises(ValueError, match="spans 6, but the padded input has"):
            geometry()
    elif size == 4:
        with pytest.raises(ValueError, match="max_pool2d: got a window that holds nothing but padding"):
            geometry()
    else:
        assert geometry() == ((2, 2), (1, 1), (1, 0), (5, 1), (size - 3, 8))


def test_check_shape() -> None:
    check_shape("x", (1, 2), [1, 2])
    with pytest.raises(ValueError, match=r"x: got shape \(1, 2\); allowed: \(2, 1\)"):
        check_shape("x", (1, 2), (2, 1))
