"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.05,
        "sums": 0.435,
        "copies": 2.15,
        "phases": 18.5,
        "groups": 1.53,
        "streams": 0.224,
        "weights": 0.568,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.04,
        "sums": 0.913,
        "copies": 3.49,
        "phases": 10.9,
        "groups": 1.53,
        "streams": 0.00319,
        "weights": 0.889,
        "calls": 4.89,
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
        "products": 1.21,
        "inputs": 1.61,
        "outputs": 1.78,
        "kernels": 1.91,
        "streams": 0.243,
        "calls": 34.5,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.25,
        "inputs": 1.75,
        "outputs": 1.47,
        "kernels": 1.7,
        "streams": 0.168,
        "weights": 0.462,
        "calls": 32.0,
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
        "products": 1.13,
        "sums": 3.59,
        "copies": 0.0396,
        "strided": 1.38,
        "planes": 0.0316,
        "streams": 0.247,
        "weights": 4.95,
        "calls": 3.43,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.17,
        "sums": 4.01,
        "strided": 1.39,
        "planes": 0.0198,
        "streams": 0.26,
        "weights": 11.3,
        "calls": 9.31,
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
        "kernels": 1.04,
        "planes": 1.12,
        "products": 38.7,
        "transforms": 1.06,
        "streams": 0.375,
        "calls": 243.0,
    },
    ("fft", "conv2d_input_grad"): {
        "kernels": 0.984,
        "planes": 1.08,
        "products": 51.1,
        "transforms": 1.65,
        "streams": 0.133,
        "calls": 254.0,
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
