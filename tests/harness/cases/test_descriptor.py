"""A case as a line of text: the same case comes back, and what cannot be a case is named."""

import pytest

from convoracle.harness.cases.descriptor import describe, parse
from convoracle.harness.cases.draw import draw
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.conv2d_case import Conv2dCase

CASE = Conv2dCase(2, 3, 5, 7, 4, (3, 2), (2, 1), ((1, 0), (0, 2)), 1, 1, True, "float32", ("C", "F"), 42)
TEXT = (
    "n=2 c=3 h=5 w=7 f=4 kernel_size=3x2 stride=2x1 padding=1.0x0.2 dilation=1 groups=1 bias=yes dtype=float32 "
    "layout=C+F seed=42"
)


def test_a_descriptor_in_literals() -> None:
    assert describe(CASE) == TEXT
    assert parse(OPERATIONS["conv2d"], TEXT) == CASE
    assert parse(OPERATIONS["conv2d"], TEXT.replace(" ", ", ")) == CASE


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_drawn_case_comes_back(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(80):
        case = draw(operation, {}, ("float16", "int8", "float64")[:: 1 if operation.takes_integers else 2], 1, number)
        again = parse(operation, describe(case))
        assert again == case
        assert [type(value) for value in vars(again).values()] == [type(value) for value in vars(case).values()]


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        ("h=5", "h=3x4"),
        ("h=5", "h=5.5"),
        ("n=2", "n=0"),
        ("n=2", "n=-1"),
        ("n=2", "n=yes"),
        ("seed=42", "seed=-1"),
        ("seed=42", "seed=none"),
        ("stride=2x1", "stride=0"),
        ("stride=2x1", "stride=2x0"),
        ("stride=2x1", "stride=none"),
        ("stride=2x1", "stride=1x1x1"),
        ("padding=1.0x0.2", "padding=circular"),
        ("padding=1.0x0.2", "padding=-1"),
        ("padding=1.0x0.2", "padding=none"),
        ("dilation=1", "dilation=same"),
        ("kernel_size=3x2", "kernel_size=3"),
        ("kernel_size=3x2", "kernel_size=0x2"),
        ("kernel_size=3x2", "kernel_size=9x2"),
        ("groups=1", "groups=0"),
        ("groups=1", "groups=2"),
        ("bias=yes", "bias=3"),
        ("dtype=float32", "dtype=float8"),
        ("dtype=float32", "dtype=3"),
        ("layout=C+F", "layout=C+Q"),
    ],
)
def test_an_impossible_case_is_a_value_error(word: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"case of conv2d|padding|kernel|groups|cannot read|does not"):
        parse(OPERATIONS["conv2d"], TEXT.replace(word, wrong))


def test_fields_are_named_when_they_are_missing_or_unknown() -> None:
    with pytest.raises(ValueError, match=r"case of conv2d: unknown field 'stripe'; known: n, c, h"):
        parse(OPERATIONS["conv2d"], TEXT.replace("h=5", "stripe=5"))
    with pytest.raises(ValueError, match=r"case of conv2d: missing fields h, w$"):
        parse(OPERATIONS["conv2d"], TEXT.replace("h=5 w=7", ""))
    with pytest.raises(ValueError, match="cannot read padding=1~2"):
        parse(OPERATIONS["conv2d"], TEXT.replace("padding=1.0x0.2", "padding=1~2"))


def test_means_have_no_integers_and_only_pools_a_stride_of_none() -> None:
    text = describe(draw(OPERATIONS["avg_pool2d"], {"stride": {None}}, ("float32",), 0, 9))
    assert parse(OPERATIONS["avg_pool2d"], text).stride is None
    with pytest.raises(ValueError, match="dtype=int8 is not possible"):
        parse(OPERATIONS["avg_pool2d"], text.replace("float32", "int8"))
    with pytest.raises(ValueError, match="kernel_size=0 is not possible"):
        parse(
            OPERATIONS["avg_pool2d"], text.replace("kernel_size=", "kernel_size=0 was=").split(" was=")[0] + _rest(text)
        )


def test_maps_have_two_sizes() -> None:
    text = describe(draw(OPERATIONS["softmax"], {}, ("float32",), 0, 0))
    before, _, after = text.partition("spatial=")
    with pytest.raises(ValueError, match="spatial=3 is not possible"):
        parse(OPERATIONS["softmax"], f"{before}spatial=3 {after.partition(' ')[2]}")


def _rest(text: str) -> str:
    """The words after the kernel's."""
    words = text.split()
    position = next(i for i, word in enumerate(words) if word.startswith("kernel_size="))
    return " " + " ".join(words[position + 1 :])
