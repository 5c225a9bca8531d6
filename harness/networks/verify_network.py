"""The door to real networks: is this implementation right on every layer, at its real size?"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.arguments import check_count
from convoracle.harness.candidates.candidate import Candidate, declared
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.checks import Problem
from convoracle.harness.explain.writing.hints import of_raised
from convoracle.harness.explain.writing.wording import failure
from convoracle.harness.networks import NETWORKS
from convoracle.harness.networks.examine_layer import examine_layer
from convoracle.harness.networks.layer import Layer
from convoracle.harness.networks.report import LayerVerdict, NetworkReport
from convoracle.harness.operations import Operation
from convoracle.harness.operations import named as operation_named
from convoracle.harness.operations.geometry import SIMPLE_SEEDS
from convoracle.harness.report import Failure
from convoracle.harness.verify import Progress

DEFAULT_OPERATIONS = ("conv2d", "max_pool2d", "avg_pool2d")

KINDS = {
    **dict.fromkeys(
        ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "conv2d_bias_grad", "conv2d_backward"), "conv2d"
    ),
    **dict.fromkeys(("max_pool2d", "max_pool2d_backward"), "max_pool2d"),
    **dict.fromkeys(("avg_pool2d", "avg_pool2d_backward"), "avg_pool2d"),
}
"""The layers that an operation is verified on."""


def verify_network(
    network: str,
    candidate: Callable[..., Any],
    operation: str = "conv2d",
    *,
    batch: int = 1,
    seed: int = 0,
    limits: Limits | None = None,
    accuracy: str = "componentwise",
    dtypes: str | Sequence[str] = ("float32",),
    layer: str | None = None,
) -> NetworkReport:
    """Decide whether an implementation is right on the layers of a real network, at their real size.

    Parameters
    ----------
    network : {"resnet50", "vgg16", "mobilenet_v2", "alexnet", "densenet121"}
        Which, for images of 3x224x224.
    candidate : callable
        The implementation, called as for `convoracle.harness.verify`: once for each distinct layer and dtype.
    operation : str
        ``"conv2d"``, ``"max_pool2d"``, ``"avg_pool2d"``, or one of their gradients.
    batch : int
        How many images at once.
    seed : int
        Which data.
    limits, accuracy, dtypes
        As for `convoracle.harness.verify`.
    layer : str, optional
        Verify this one layer, by its name in the report.

    Returns
    -------
    NetworkReport
        Layers outside the candidate's limits, and those for which no proof was found, are in it too, as such.

    Examples
    --------
    >>> import convoracle
    >>> report = verify_network("alexnet", convoracle.max_pool2d, "max_pool2d")
    >>> report.passed, [one.layer.name for one in report.layers]
    (True, ['features.2', 'features.5', 'features.12'])
    """
    subject = declared(operation, candidate, limits, accuracy, dtypes)
    return run_network(network, operation_named(operation), subject, batch=batch, seed=seed, layer=layer)


def run_network(
    network: str,
    operation: Operation,
    candidate: Candidate,
    *,
    batch: int,
    seed: int,
    layer: str | None = None,
    progress: Progress | None = None,
) -> NetworkReport:
    """Verify one candidate for one operation on the layers of a network; `progress` is told each before its call."""
    check_count(operation.name, "batch", batch, 1)
    check_count(operation.name, "seed", seed, 0)
    candidate.checked_for(operation)
    function = candidate.bound_to(operation)
    layers = layers_for(network, operation.name, layer)
    report = NetworkReport(
        operation.name,
        candidate.name,
        candidate.accuracy,
        candidate.dtypes,
        len(layers) * len(candidate.dtypes),
        seed,
        network=network,
        batch=batch,
    )
    started = time.perf_counter()
    for number, (one, dtype) in enumerate((one, dtype) for one in layers for dtype in candidate.dtypes):
        case = one.case(batch, dtype, _seed(network, one, seed))
        if not inside({name: limit for name, limit in candidate.limits.items() if hasattr(case, name)}, case):
            report.layers.append(LayerVerdict(one, dtype, "outside its limits"))
            continue
        if progress is not None:
            progress(number, describe(case))
        outcome = examine_layer(operation, function, case, candidate.accuracy)
        verdict = "no proof" if not outcome.is_proved else "WRONG" if outcome.problem else "right"
        report.layers.append(LayerVerdict(one, dtype, verdict, outcome.seconds))
        report.unproved["projection"] += not outcome.is_proved
        report.checked["projection"] += outcome.is_proved
        report.cases += outcome.is_proved
        if outcome.problem is not None:
            command = _command(operation, candidate, network, one, dtype)
            found = layer_failure(operation, network, one, case, number, outcome.problem, command)
            hint = of_raised(operation, candidate, case) if found.kind == "raised" else ""
            report.failures.append(dataclasses.replace(found, hint=hint))
    report.seconds = time.perf_counter() - started
    return report


def layers_for(network: str, operation: str, layer: str | None = None) -> list[Layer]:
    """Return the layers of a network on which an operation is verified, or the one that is named.

    Raises
    ------
    ValueError
        For an unknown network, an operation that no network has, or a layer that is not there.
    """
    if network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}; known: {', '.join(NETWORKS)}")
    if operation not in KINDS:
        raise ValueError(f"{operation} is in none of the networks; known: {', '.join(KINDS)}")
    layers = [one for one in NETWORKS[network] if one.kind == KINDS[operation]]
    if layer is None:
        return layers
    chosen = [one for one in layers if one.name == layer]
    if not chosen:
        raise ValueError(
            f"{network} has no layer {layer!r} of {operation}; it has {', '.join(one.name for one in layers)}"
        )
    return chosen


def _seed(network: str, layer: Layer, seed: int) -> int:
    """Return the seed of a layer's data: the same whether it is verified alone or with the others."""
    return SIMPLE_SEEDS + 1000 * seed + NETWORKS[network].index(layer)


def lost(report: NetworkReport, subject: str, case: Any, number: int, problem: Problem) -> None:
    """Add to a report the layer in whose call the candidate's process hung or died; `subject` names it in a command."""
    operation = operation_named(report.operation)
    layer = next(
        one for one in layers_for(report.network, report.operation) if one.case(case.n, case.dtype, case.seed) == case
    )
    command = command_line(report.operation, subject, report.accuracy, report.network, layer, case.dtype)
    report.layers.append(LayerVerdict(layer, case.dtype, "WRONG"))
    report.failures.append(layer_failure(operation, report.network, layer, case, number, problem, command))


def command_line(operation: str, subject: str, accuracy: str, network: str, layer: Layer, dtype: str) -> str:
    """Return the command that runs one layer of the candidate that the options `subject` name."""
    bound = "" if accuracy == "componentwise" else f" --accuracy {accuracy}"
    return f"convoracle verify {operation} {subject}{bound} --network {network} --layer {layer.name} --dtype {dtype}"


def _command(operation: Operation, candidate: Candidate, network: str, layer: Layer, dtype: str) -> str:
    """Return what runs one layer of a candidate: a command, or Python where no command reaches the callable."""
    if candidate.command is not None:
        return command_line(operation.name, candidate.command, candidate.accuracy, network, layer, dtype)
    options = "" if candidate.accuracy == "componentwise" else f", accuracy={candidate.accuracy!r}"
    if candidate.limits:
        options += f", limits={dict(candidate.limits)!r}"
    text = (
        f"verify_network({network!r}, {candidate.name.replace(':', '.')}, {operation.name!r}, "
        f"layer={layer.name!r}, dtypes=({dtype!r},){options})"
    )
    return text.replace("{", "{{").replace("}", "}}")


def layer_failure(
    operation: Operation, network: str, layer: Layer, case: Any, number: int, problem: Problem, command: str
) -> Failure:
    """Return a problem in a layer, with the layer's name; `command` is what runs that layer again."""
    sentence = f"{layer.name} of {network} ({layer}): {problem.sentence}"
    named_problem = Problem(problem.kind, problem.check, sentence, problem.index, problem.expected, problem.got)
    return failure(operation, case, number, named_problem, command)
