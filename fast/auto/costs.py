"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.11,
        "sums": 0.0241,
        "copies": 0.446,
        "packing": 2.47,
        "phases": 18.7,
        "groups": 4.06,
        "streams": 0.338,
        "weights": 0.605,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.13,
        "sums": 0.341,
        "copies": 1.6,
        "packing": 2.75,
        "phases": 18.5,
        "groups": 2.81,
        "streams": 0.314,
        "weights": 0.764,
    },
    ("direct", "conv2d_weight_grad"): {
        "products": 0.964,
        "sums": 12.1,
        "copies": 1.5,
        "packing": 0.18,
        "phases": 11.4,
        "groups": 3.6,
        "weights": 1.3,
    },
    ("winograd", "conv2d"): {
        "products": 1.34,
        "inputs": 1.25,
        "outputs": 2.0,
        "kernels": 1.88,
        "streams": 0.25,
        "calls": 35.0,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.36,
        "inputs": 1.65,
        "outputs": 1.8,
        "kernels": 1.79,
        "streams": 0.137,
        "weights": 0.189,
        "calls": 35.0,
    },
    ("winograd", "conv2d_weight_grad"): {
        "products": 1.43,
        "inputs": 1.82,
        "outputs": 2.41,
        "streams": 0.33,
        "weights": 2.35,
        "calls": 35.0,
    },
    ("plane", "conv2d"): {
        "products": 1.14,
        "sums": 6.08,
        "copies": 1.4,
        "strided": 1.21,
        "planes": 0.0138,
        "weights": 4.46,
        "calls": 5.15,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.19,
        "sums": 4.98,
        "strided": 1.05,
        "streams": 0.497,
        "weights": 14.8,
        "calls": 90.1,
    },
    ("plane", "conv2d_weight_grad"): {
        "products": 1.43,
        "sums": 0.811,
        "strided": 1.29,
        "planes": 0.0542,
        "streams": 0.87,
        "weights": 15.3,
        "calls": 83.8,
    },
    ("fft", "conv2d"): {
        "kernels": 1.31,
        "planes": 1.09,
        "products": 45.8,
        "transforms": 0.981,
        "streams": 0.992,
        "weights": 4.85,
        "calls": 355.0,
    },
    ("fft", "conv2d_input_grad"): {
        "kernels": 1.23,
        "planes": 1.11,
        "products": 54.8,
        "transforms": 1.24,
        "weights": 3.8,
        "calls": 291.0,
    },
    ("fft", "conv2d_weight_grad"): {
        "kernels": 1.14,
        "planes": 1.09,
        "products": 73.0,
        "transforms": 0.855,
        "weights": 2.73,
        "calls": 262.0,
    },
}
