"""Checks of array arguments, and their way into a kernel and out of it.

A kernel sees three dtypes only: float16 is accumulated in float32 and rounded once at the end, integers of any width
are accumulated and returned in int64. It gets plain arrays: C-contiguous, aligned, native byte order, writeable (a
compiled kernel then needs one version per dtype, and gives the same bits whatever the layout of the input).
"""

import functools

import numpy as np

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64")
NUMBERS = FLOATS + INTEGERS


def check_array(operation: str, name: str, value: object, axes: str) -> np.ndarray:
    """Return `value`, a plain array with one dimension per letter of `axes` (`*`: no name); only N may be empty."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{operation}: {name} must be a numpy array, got {type(value).__name__}")
    if type(value) not in (np.ndarray, np.memmap):
        # A mask, a unit or a matrix product of a subclass would be dropped in silence.
        raise TypeError(f"{operation}: {name} must be a plain numpy array, got {type(value).__name__}")
    letters = ", ".join(axes)
    if value.ndim != len(axes):
        plural = "s" if len(axes) > 1 else ""
        raise ValueError(
            f"{operation}: {name} must have {len(axes)} dimension{plural} ({letters}), "
            f"got {value.ndim}: shape {value.shape}"
        )
    for axis, (letter, size) in enumerate(zip(axes, value.shape, strict=True)):
        if size == 0 and letter != "N":
            called = str(axis) if letter == "*" else letter
            raise ValueError(
                f"{operation}: {name} must not be empty in axis {called}, only the batch axis N may be: "
                f"got shape {value.shape}"
            )
    return np.asarray(value)


def check_values(operation: str, name: str, value: object) -> np.ndarray:
    """Return `value`, a plain array of at least one dimension, of which only the first may be empty."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        raise ValueError(f"{operation}: {name} must have at least one dimension, got a scalar array")
    letters = "N" + "*" * (value.ndim - 1) if isinstance(value, np.ndarray) else "N"
    return check_array(operation, name, value, letters)


def check_same_shape(operation: str, **arrays: np.ndarray) -> None:
    """Reject arrays of different shapes."""
    (first, *_), shapes = arrays, {name: array.shape for name, array in arrays.items()}
    for name, shape in shapes.items():
        if shape != shapes[first]:
            raise ValueError(f"{operation}: {name} must have the shape of {first}, {shapes[first]}, got {shape}")


def check_dtype(operation: str, allowed: tuple[str, ...] = NUMBERS, **arrays: np.ndarray | None) -> str:
    """Return the name of the dtype all `arrays` share; byte order does not matter."""
    names = {name: name_of(array.dtype) for name, array in arrays.items() if array is not None}
    for name, dtype in names.items():
        if dtype not in allowed:
            raise TypeError(f"{operation}: {name} has dtype {dtype}, allowed are {', '.join(allowed)}")
    if len(set(names.values())) > 1:
        listed = ", ".join(f"{name} {dtype}" for name, dtype in names.items())
        raise TypeError(f"{operation}: the arguments must share one dtype, got {listed}")
    return next(iter(names.values()))


@functools.lru_cache(maxsize=64)
def name_of(dtype: np.dtype) -> str:
    """Return the name of a dtype, which NumPy puts together in three microseconds each time."""
    return dtype.name


def accumulator(dtype: str) -> np.dtype:
    """Return the dtype kernels compute in for arguments of `dtype`."""
    if dtype in INTEGERS:
        return np.dtype(np.int64)
    return np.dtype(np.float32) if dtype == "float16" else np.dtype(dtype)


def is_plain(array: np.ndarray) -> bool:
    """Tell whether `array` is as a kernel wants it, whatever its dtype."""
    return type(array) is np.ndarray and array.flags.carray and array.dtype.isnative


def to_kernel(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return `array` as a kernel wants it; a copy only if it is not so already."""
    return array if array.dtype == dtype and is_plain(array) else array.astype(dtype, order="C")


def from_kernel(result: np.ndarray, dtype: str) -> np.ndarray:
    """Return a kernel's `result` C-contiguous and in the dtype promised for arguments of `dtype`."""
    rounded = np.dtype(dtype) if dtype in FLOATS and result.dtype.kind == "f" else result.dtype
    return np.ascontiguousarray(result, dtype=rounded)
