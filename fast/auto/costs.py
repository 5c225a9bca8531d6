"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.09,
        "copies": 1.8,
        "phases": 16.2,
        "groups": 1.18,
        "streams": 0.419,
        "weights": 0.772,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.09,
        "sums": 0.824,
        "copies": 2.82,
        "phases": 3.2,
        "groups": 0.958,
        "patches": 26.2,
        "streams": 0.154,
        "weights": 1.2,
        "calls": 13.5,
    },
    ("direct", "conv2d_weight_grad"): {
        "products": 1.16,
        "copies": 1.32,
        "singles": 9.94,
        "groups": 1.16,
        "streams": 0.315,
        "weights": 2.07,
        "calls": 13.1,
    },
    ("winograd", "conv2d"): {
        "products": 1.3,
        "inputs": 1.43,
        "outputs": 1.7,
        "kernels": 1.17,
        "streams": 0.269,
        "weights": 0.0778,
        "calls": 41.8,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.25,
        "inputs": 1.72,
        "outputs": 1.37,
        "kernels": 0.866,
        "streams": 0.325,
        "weights": 0.705,
        "calls": 39.0,
    },
    ("winograd", "conv2d_weight_grad"): {
        "products": 1.22,
        "inputs": 1.31,
        "outputs": 2.61,
        "weights": 1.94,
        "calls": 25.0,
    },
    ("plane", "conv2d"): {
        "products": 1.11,
        "sums": 5.72,
        "strided": 2.96,
        "planes": 0.0426,
        "streams": 0.0429,
        "calls": 9.72,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.14,
        "sums": 5.39,
        "strided": 1.06,
        "scattered": 38.8,
        "planes": 0.0479,
        "streams": 0.177,
        "weights": 5.04,
        "calls": 16.1,
    },
    ("plane", "conv2d_weight_grad"): {
        "products": 1.4,
        "sums": 2.91,
        "strided": 1.83,
        "planes": 0.0646,
        "streams": 0.306,
        "weights": 12.8,
        "calls": 20.5,
    },
    ("fft", "conv2d"): {
        "kernels": 1.01,
        "planes": 1.02,
        "products": 37.4,
        "transforms": 1.1,
        "streams": 1.96,
        "calls": 278.0,
    },
    ("fft", "conv2d_input_grad"): {
        "kernels": 1.1,
        "planes": 1.04,
        "products": 55.9,
        "transforms": 1.18,
        "streams": 0.479,
        "calls": 273.0,
    },
    ("fft", "conv2d_weight_grad"): {
        "kernels": 0.998,
        "planes": 0.96,
        "products": 55.9,
        "transforms": 1.17,
        "streams": 2.51,
        "calls": 268.0,
    },
}
