"""``convoracle verify --network``: one job for each network and operation that the network has layers of."""

from collections.abc import Iterator, Sequence

import click

from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source
from convoracle.harness.networks.verify_network import KINDS, layers_for

DTYPES = ("float32",)
"""What networks are computed in, unless other dtypes are asked for."""


def check_operations(operations: Sequence[str], layer: str | None, networks: Sequence[str]) -> None:
    """Raise click's errors for operations that no network has, or a layer that cannot be meant."""
    for operation in operations:
        if operation not in KINDS:
            raise click.UsageError(f"{operation} is in none of the networks; known: {', '.join(KINDS)}")
    if layer is None:
        return
    if len(operations) != 1 or len(networks) != 1:
        raise click.UsageError("--layer needs one OPERATION and one --network")
    try:
        layers_for(networks[0], operations[0], layer)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--layer") from error


def jobs_of(
    source: Source,
    operations: Sequence[str],
    networks: Sequence[str],
    *,
    seed: int,
    dtypes: Sequence[str],
    layer: str | None,
    batch: int,
) -> Iterator[Job]:
    """Yield the jobs of one candidate; a network without a layer of some operation gives none for that."""
    kept = tuple(dtypes) or DTYPES
    for network in networks:
        for operation in operations:
            count = len(layers_for(network, operation, layer)) * len(kept)
            if count:
                yield Job(source, operation, count, seed, kept, network=network, layer=layer, batch=batch)
