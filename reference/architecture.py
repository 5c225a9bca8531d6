"""The architecture grammar ``[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K, SOFTMAX``: a string read into a list of layers."""

import re

LAYERS = ("CONV", "RELU", "POOL", "FC", "SOFTMAX")
_TOKEN = re.compile(r"\s*([A-Za-z]+|\d+|[\[\]()*?,-])")


def parse_architecture(pattern: str, *, pool: bool = True, **repeats: int) -> list[str]:
    """Return the layers a pattern stands for, in order.

    Parameters
    ----------
    pattern : str
        Layers CONV, RELU, POOL, FC and SOFTMAX, joined by ``-`` or ``,``; ``(...)`` and ``[...]`` group; ``*3`` or
        ``*N`` repeats what stands before it, zero times too; ``?`` makes it optional.
    pool : bool
        Whether what is marked with ``?`` is there.
    **repeats : int
        The numbers behind letters, ``N=2``.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If the pattern is not of this form, or a letter has no number.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Summary": "where N is usually up to ~5, M is large, 0 <= K <= 2". Read literally,
    K = 0 leaves no fully connected layer before the softmax, and every FC is followed by a RELU; for a last layer of
    scores, which the networks of that time had, write ``...-FC,SOFTMAX``.

    Examples
    --------
    >>> "-".join(parse_architecture("[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K, SOFTMAX", N=1, M=2, K=0))
    'CONV-RELU-POOL-CONV-RELU-POOL-SOFTMAX'
    >>> parse_architecture("(CONV-RELU)*1-FC,SOFTMAX")
    ['CONV', 'RELU', 'FC', 'SOFTMAX']
    """
    tokens = _tokens(pattern)
    layers, rest = _sequence(pattern, tokens, pool, repeats)
    if rest:
        raise _error(pattern, rest[0], "the end")
    return layers


def _sequence(pattern: str, tokens: list[str], pool: bool, repeats: dict[str, int]) -> tuple[list[str], list[str]]:
    """Return the layers of ``item - item - ...`` and the tokens that follow."""
    layers, tokens = _item(pattern, tokens, pool, repeats)
    while tokens and tokens[0] in "-,":
        more, tokens = _item(pattern, tokens[1:], pool, repeats)
        layers = layers + more
    return layers, tokens


def _item(pattern: str, tokens: list[str], pool: bool, repeats: dict[str, int]) -> tuple[list[str], list[str]]:
    """Return the layers of one layer or group, with its ``?`` and ``*``, and the tokens that follow."""
    first = tokens[0] if tokens else ""
    if first in LAYERS:
        layers, tokens = [first], tokens[1:]
    elif first in ("(", "["):
        layers, tokens = _sequence(pattern, tokens[1:], pool, repeats)
        closing = ")" if first == "(" else "]"
        if not tokens or tokens[0] != closing:
            raise _error(pattern, tokens[0] if tokens else "", f"{closing!r}, '-', ',', '*' or '?'")
        tokens = tokens[1:]
    else:
        raise _error(pattern, first, f"a layer ({', '.join(LAYERS)}), '(' or '['")
    while tokens and tokens[0] in ("?", "*"):
        if tokens[0] == "?":
            layers, tokens = (layers if pool else []), tokens[1:]
        else:
            count = tokens[1] if len(tokens) > 1 else ""
            if count in repeats:
                layers = layers * repeats[count]
            elif count.isdigit():
                layers = layers * int(count)
            else:
                raise _error(pattern, count, f"a number, or one of the letters {', '.join(repeats) or '(none given)'}")
            tokens = tokens[2:]
    return layers, tokens


def _tokens(pattern: str) -> list[str]:
    """Return the words, numbers and signs of a pattern."""
    tokens, place, text = [], 0, pattern.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _error(pattern, text[place:].lstrip()[0], "layers, numbers, letters and ()[]*?-,")
        tokens.append(match[1])
        place = match.end()
    return tokens


def _error(pattern: str, got: str, allowed: str) -> ValueError:
    """Return the error for a token that may not stand where it stands."""
    return ValueError(f"architecture {pattern!r}: got {got or 'the end'!r}; allowed: {allowed}")
