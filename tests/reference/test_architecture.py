import pytest

from convoracle.reference import parse_architecture

PRINTED = "[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K, SOFTMAX"


def test_printed_pattern() -> None:
    block = ["CONV", "RELU", "CONV", "RELU", "POOL"]
    assert parse_architecture(PRINTED, N=2, M=3, K=0) == [*block * 3, "SOFTMAX"]
    assert parse_architecture(PRINTED, N=1, M=1, K=2, pool=False) == ["CONV", "RELU", *["FC", "RELU"] * 2, "SOFTMAX"]
    assert parse_architecture(PRINTED, N=0, M=2, K=0) == ["POOL", "POOL", "SOFTMAX"]


@pytest.mark.parametrize(
    ("pattern", "layers"),
    [
        ("CONV", "CONV"),
        ("CONV*3", "CONV CONV CONV"),
        ("CONV , RELU", "CONV RELU"),
        ("(CONV-[RELU])*2*2", "CONV RELU CONV RELU CONV RELU CONV RELU"),
        ("[CONV-(RELU-POOL)*2]*10", "CONV RELU POOL RELU POOL " * 10),
        ("CONV-FC*0", "CONV"),
        ("POOL?*2-FC", "POOL POOL FC"),
        ("  (FC)  ", "FC"),
    ],
)
def test_grammar(pattern: str, layers: str) -> None:
    assert parse_architecture(pattern) == layers.split()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "got 'the end'; allowed: a layer"),
        ("CONV-", "got 'the end'; allowed: a layer"),
        ("-CONV", "got '-'; allowed: a layer"),
        ("CONV RELU", "got 'RELU'; allowed: the end"),
        ("DENSE", "got 'DENSE'; allowed: a layer"),
        ("conv", "got 'conv'"),
        ("(CONV", r"got 'the end'; allowed: '\)'"),
        ("(CONV]", r"got '\]'; allowed: '\)'"),
        ("[CONV)", r"got '\)'; allowed: '\]'"),
        ("CONV)", r"got '\)'; allowed: the end"),
        ("CONV*", "got 'the end'; allowed: a number"),
        ("CONV*M", "got 'M'; allowed: a number, or one of the letters N"),
        ("CONV*-1", "got '-'; allowed: a number"),
        ("CONV+RELU", r"got '\+'; allowed: layers"),
        ("*2", r"got '\*'; allowed: a layer"),
    ],
)
def test_says_what_it_got_and_what_is_allowed(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_architecture(pattern, N=2)


def test_a_letter_without_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"got 'N'; allowed: a number, or one of the letters \(none given\)"):
        parse_architecture(PRINTED)
