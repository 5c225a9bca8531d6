"""Which kernel does a call: that of the backend asked for, or in force (`convoracle.fast.settings`).

There is no silent fall back: a backend that cannot do the work is an error. The choice depends on nothing but the
arguments of `choose_kernel`, what `in_force` returns, and the rates of the machine, so it may be remembered by them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from convoracle.fast import registry, workspace
from convoracle.fast.settings import check_accuracy, get_accuracy, get_backend, set_backend, use_backend

__all__ = ["choose_backend", "choose_kernel", "find_obstacle", "get_backend", "in_force", "set_backend", "use_backend"]


def in_force(backend: str | None, accuracy: str | None) -> tuple[str, str, int]:
    """Return the backend, the accuracy and the limit of workspace that hold for a call with these arguments."""
    return (
        get_backend() if backend is None else backend,
        get_accuracy() if accuracy is None else accuracy,
        workspace.get_workspace_limit(),
    )


def choose_kernel(
    operation: str,
    backend: object,
    dtype: str,
    options: Mapping[str, Any],
    properties: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """Return the kernel that does `operation` on `dtype` with `options` in the backend asked for, or in force.

    `properties` are what else is known of the call: ``kernel_size``, ``accuracy`` (None: that in force), ``x_shape``
    and ``weight_shape``.
    """
    name, accuracy, request = _examine(operation, backend, dtype, {**options, **(properties or {})})
    variant = registry.variant(operation, name)
    kernel = variant.load()
    return kernel(operation, dtype, accuracy, request) if variant.is_chooser else kernel


def choose_backend(
    operation: str, backend: object, dtype: str, options: Mapping[str, Any], properties: Mapping[str, Any]
) -> str:
    """Return the name of the backend whose kernel `choose_kernel` returns, for one of `conv2d`'s operations."""
    name, accuracy, request = _examine(operation, backend, dtype, {**options, **properties})
    if not registry.variant(operation, name).is_chooser:
        return name
    from convoracle.fast.auto import candidates, layer

    known = layer.layer_of(operation, dtype, request["x_shape"], request["weight_shape"], request)
    return candidates.choose_backend(known, accuracy, workspace.get_workspace_limit())


def _examine(operation: str, backend: object, dtype: str, request: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return the backend and the accuracy in force and the request without it, or raise if the backend cannot do it."""
    if backend is not None and not isinstance(backend, str):
        raise TypeError(f"{operation}: backend must be a str or None, got {type(backend).__name__}")
    name = get_backend() if backend is None else backend
    try:
        accuracy = check_accuracy(request.pop("accuracy", None)) or get_accuracy()
        variant = registry.variant(operation, name)
    except (ValueError, TypeError, ImportError) as error:
        raise type(error)(f"{operation}: {error}") from error
    obstacle = find_obstacle(variant, dtype, request, accuracy)
    if obstacle:
        able = [
            other
            for other, rival in registry.variants(operation).items()
            if not find_obstacle(rival, dtype, request, accuracy)
        ]
        raise ValueError(
            f"{operation}: backend {name!r} cannot do {obstacle}; backends that can: {', '.join(able) or 'none'}"
        )
    missing = variant.missing()
    if missing:
        raise ImportError(f"{operation}: backend {name!r} needs {missing}")
    return name, accuracy, request


def find_obstacle(
    variant: registry.Variant, dtype: str, request: Mapping[str, Any], accuracy: str = "normwise"
) -> str | None:
    """Return what in the request is outside the variant's declared range, or None."""
    if dtype not in variant.dtypes:
        return f"dtype {dtype} ({', '.join(variant.dtypes)} only)"
    for option, allowed in variant.limits.items():
        if option not in request or request[option] in allowed:
            continue
        if not all(number in allowed for number in _numbers(request[option])):
            reason = f": {variant.why}" if variant.why else ""
            return f"{option} {request[option]} ({', '.join(map(str, sorted(allowed)))} only{reason})"
    if accuracy == "componentwise" and variant.accuracy != accuracy and not variant.is_chooser:
        return f"accuracy {accuracy!r} ({variant.accuracy} only)"
    return None


def _numbers(value: Any) -> Iterator[Any]:
    """Yield the numbers of an option: itself, or those of a pair or of a pair of pairs."""
    if isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    else:
        yield value
