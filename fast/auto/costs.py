"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.08,
        "sums": 0.429,
        "copies": 1.14,
        "phases": 20.7,
        "groups": 1.48,
        "streams": 0.232,
        "weights": 0.474,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.07,
        "sums": 0.476,
        "copies": 3.6,
        "phases": 19.7,
        "groups": 1.54,
        "weights": 0.657,
    },
    ("direct", "conv2d_weight_grad"): {
        "products": 0.918,
        "sums": 12.6,
        "copies": 2.73,
        "packing": 0.152,
        "phases": 14.9,
        "groups": 2.43,
        "weights": 1.25,
    },
    ("winograd", "conv2d"): {
        "products": 1.2,
        "inputs": 1.49,
        "outputs": 1.85,
        "kernels": 1.14,
        "streams": 0.153,
        "weights": 0.374,
        "calls": 38.1,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.2,
        "inputs": 2.04,
        "outputs": 1.21,
        "kernels": 0.728,
        "streams": 0.195,
        "weights": 1.05,
        "calls": 38.6,
    },
    ("winograd", "conv2d_weight_grad"): {
        "products": 1.19,
        "inputs": 1.39,
        "outputs": 2.52,
        "streams": 0.132,
        "weights": 2.11,
        "calls": 17.0,
    },
    ("plane", "conv2d"): {
        "products": 1.25,
        "sums": 2.99,
        "copies": 0.452,
        "strided": 1.52,
        "streams": 0.1,
        "weights": 6.44,
        "calls": 6.54,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.21,
        "sums": 3.58,
        "strided": 1.43,
        "scattered": 24.0,
        "streams": 0.183,
        "weights": 11.3,
        "calls": 16.0,
    },
    ("plane", "conv2d_weight_grad"): {
        "products": 1.46,
        "copies": 0.382,
        "strided": 1.47,
        "planes": 0.0535,
        "streams": 0.436,
        "weights": 15.4,
        "calls": 9.02,
    },
    ("fft", "conv2d"): {
        "kernels": 0.97,
        "planes": 0.772,
        "products": 42.5,
        "transforms": 1.37,
        "streams": 3.29,
        "weights": 14.1,
        "calls": 282.0,
    },
    ("fft", "conv2d_input_grad"): {
        "kernels": 1.0,
        "planes": 0.843,
        "products": 47.6,
        "transforms": 1.56,
        "streams": 2.19,
        "weights": 6.99,
        "calls": 261.0,
    },
    ("fft", "conv2d_weight_grad"): {
        "kernels": 0.977,
        "planes": 1.03,
        "products": 65.1,
        "transforms": 1.19,
        "streams": 0.554,
        "calls": 220.0,
    },
}
