"""How much a campaign tests, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """The size of a campaign.

    Parameters
    ----------
    examples : int
        Cases for each operation and candidate.
    dtypes : tuple of str, optional
        The dtypes verified; None means all that a candidate declares.
    text : str
        What the help says.
    """

    examples: int
    dtypes: tuple[str, ...] | None
    text: str


PROFILES = {
    "smoke": Profile(20, ("float32", "float64"), "20 cases, float32 and float64"),
    "ci": Profile(385, None, "385 cases, every declared dtype"),
    "nightly": Profile(2000, None, "2000 cases, every declared dtype"),
}
