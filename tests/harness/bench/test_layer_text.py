"""The text of a layer: what is written is what is read, and what cannot be read is said."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convoracle.harness.bench import layer_text
from convoracle.harness.bench.layer_sets import HELD_OUT, LAYER_SETS, SHORT, workloads
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.pool2d_case import AvgPool2dCase, MaxPool2dCase

small = st.integers(1, 7)
pairs = st.tuples(small, small)


@st.composite
def convolutions(draw: st.DrawFn) -> Workload:
    groups = draw(small)
    case = Conv2dCase(
        n=draw(small),
        c=groups * draw(small),
        h=draw(st.integers(50, 60)),
        w=draw(st.integers(50, 60)),
        f=groups * draw(small),
        kernel_size=draw(pairs),
        stride=draw(pairs),
        padding=draw(pairs),
        dilation=draw(pairs),
        groups=groups,
        bias=draw(st.booleans()),
        dtype="float32",
        layout=("C", "C"),
        seed=1000,
    )
    return Workload("conv2d", case)


@st.composite
def pools(draw: st.DrawFn) -> Workload:
    kernel = draw(pairs)
    padding = (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2)))
    size = {"n": draw(small), "c": draw(small), "h": draw(st.integers(50, 60)), "w": draw(st.integers(50, 60))}
    shared = {"kernel_size": kernel, "stride": draw(pairs), "padding": padding, "ceil_mode": False}
    rest = {**size, **shared, "dtype": "float32", "layout": ("C",), "seed": 1000}
    if draw(st.booleans()):
        return Workload("max_pool2d", MaxPool2dCase(**rest, dilation=draw(pairs)))
    return Workload("avg_pool2d", AvgPool2dCase(**rest))


@given(workload=convolutions() | pools())
def test_what_is_written_is_what_is_read(workload: Workload) -> None:
    assert parse(str(workload)) == workload


@pytest.mark.parametrize("text", [*SHORT, *(text for texts in LAYER_SETS.values() for text in texts)])
def test_named_layers_are_written_as_they_are_printed(text: str) -> None:
    assert str(parse(text)) == text


def test_letters_come_in_any_order_and_may_stand_for_one_axis() -> None:
    assert parse("k3 f64 h56 c64").case == parse("n1c64h56w56f64kh3kw3s1p0d1g1b0").case
    case = parse("c4h9f2k5kw3sh2ph1").case
    assert (case.kernel_size, case.stride, case.padding) == ((5, 3), (2, 1), (1, 0))
    assert parse("max c4h9k3").case.stride == (3, 3)
    assert parse("avg c4h9kh3kw2sw1").case.stride == (3, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'c' is missing; allowed: letters with a number each"),
        ("c3h8k3", "'f' is missing"),
        ("c3h8f2", "'k' is missing"),
        ("c3h8f2kh3", "'k' is missing"),
        ("c3h8f2k3x2", "cannot read 'x2'"),
        ("c3h8f2k3s", "cannot read 's'"),
        ("c3h8f2k3k3", "'k' is there twice"),
        ("c3h8f2k3kh3kw3", "'k' says what kh and kw say already"),
        ("c3h8f2k3s0", "'s' must be at least 1"),
        ("c3h8f2k3b2", "'b' must be 0 or 1, got 2"),
        ("c3h8f2k9", "the padded input has 8"),
        ("c3h8f2k3g2", "groups=2 does not divide c=3 and f=2"),
        ("max c3h8k3f2", "cannot read 'f2'"),
        ("avg c3h8k3d2", "cannot read 'd2'"),
        ("max c3h8k3p2", "padding 2 is more than half the kernel 3"),
        ("min c3h8k3", "cannot read 'minc3h8k3'"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="layer ") as error:
        parse(text)
    assert words in str(error.value)
    assert repr(text) in str(error.value)


def test_layers_are_asked_for_by_set_text_and_batch() -> None:
    assert [str(one) for one in workloads((), (), "float32", None)] == list(SHORT)
    found = workloads(("images",), ("c3h8f2k3", "n1c3h8f2k3"), "float64", 2)
    assert str(found[-1]) == "n2c3h8f2k3"
    assert len(found) == len(LAYER_SETS["images"]) + 1
    assert {one.case.dtype for one in found} == {"float64"}


def test_held_out_layers_are_in_no_other_set() -> None:
    others = {text for name, texts in LAYER_SETS.items() if name != "held-out" for text in texts}
    assert not others & set(HELD_OUT)


def test_work_is_counted_by_the_definition() -> None:
    workload = parse("n2c4h8f6k3p1g2b1")
    macs = 2 * 6 * 8 * 8 * (4 // 2) * 9
    assert [workload.operations(one) for one in ("forward", "backward", "input_grad")] == [2 * macs, 4 * macs, 2 * macs]
    x, weight, result = 2 * 4 * 64, 6 * 2 * 9, 2 * 6 * 64
    assert workload.bytes_moved("forward") == 4 * (x + weight + 6 + result)
    assert workload.bytes_moved("backward") == 4 * (result + x + weight + x + weight + 6)
    pool = parse("max n2c4h8k2", "float64")
    assert pool.operations("forward") == 0
    assert pool.bytes_moved("backward") == 8 * (2 * 4 * 16) * 2 + 8 * 2 * 4 * 64


def test_the_examples_are_right() -> None:
    results = doctest.testmod(layer_text)
    assert (results.attempted, results.failed) == (2, 0)
