"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.12,
        "copies": 0.0861,
        "rows": 26.5,
        "phases": 18.6,
        "groups": 0.946,
        "streams": 0.528,
        "weights": 1.64,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.14,
        "copies": 2.59,
        "rows": 4.61,
        "groups": 1.25,
        "patches": 18.6,
        "streams": 0.408,
        "weights": 2.67,
        "calls": 24.7,
    },
    ("direct", "conv2d_weight_grad"): {
        "products": 1.12,
        "copies": 1.5,
        "singles": 11.4,
        "groups": 1.07,
        "streams": 0.326,
        "weights": 2.34,
        "calls": 13.5,
    },
    ("winograd", "conv2d"): {
        "products": 1.1,
        "inputs": 1.62,
        "outputs": 1.1,
        "kernels": 2.44,
        "streams": 1.14,
        "calls": 66.3,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.11,
        "inputs": 1.86,
        "outputs": 0.733,
        "kernels": 0.466,
        "streams": 1.26,
        "weights": 0.835,
        "calls": 75.8,
    },
    ("winograd", "conv2d_weight_grad"): {
        "products": 1.23,
        "inputs": 1.27,
        "outputs": 2.15,
        "streams": 0.706,
        "weights": 0.705,
        "calls": 45.7,
    },
    ("plane", "conv2d"): {
        "products": 1.12,
        "dilated": 13.0,
        "sums": 5.31,
        "strided": 3.17,
        "planes": 0.0269,
        "streams": 0.151,
        "calls": 12.7,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.09,
        "dilated": 13.7,
        "sums": 5.17,
        "strided": 1.22,
        "scattered": 34.2,
        "planes": 0.0371,
        "streams": 0.27,
        "weights": 5.74,
        "calls": 21.4,
    },
    ("plane", "conv2d_weight_grad"): {
        "products": 1.33,
        "dilated": 3.57,
        "sums": 1.61,
        "strided": 1.82,
        "planes": 0.0839,
        "streams": 0.51,
        "weights": 11.3,
        "calls": 20.5,
    },
    ("fft", "conv2d"): {
        "kernels": 1.04,
        "planes": 1.09,
        "products": 36.6,
        "transforms": 1.57,
        "streams": 1.25,
        "calls": 273.0,
    },
    ("fft", "conv2d_input_grad"): {
        "kernels": 1.21,
        "planes": 1.02,
        "products": 55.8,
        "transforms": 1.6,
        "streams": 0.939,
        "calls": 266.0,
    },
    ("fft", "conv2d_weight_grad"): {
        "kernels": 0.933,
        "planes": 1.15,
        "products": 60.7,
        "transforms": 1.5,
        "streams": 0.255,
        "calls": 250.0,
    },
}
