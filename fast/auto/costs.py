"""What a unit of each term costs an algorithm, in units of what the machine does at best.

`python -m convoracle.harness.bench.fit_costs` measured layers drawn at random, with the machine's other work stopped,
on one thread of an AMD Zen 4 with vectors of 512 bits, and fitted these numbers: those with the smallest errors of the
logarithm of the time. They are numbers of the algorithms as they are written here, and go stale with them; those of the
machine are measured on it. A term that made no difference is left out. Four numbers are no straight fits: what a call
of Winograd's convolution and of its weight gradient costs was chosen for layers that take some 40 microseconds, and the
two of plane's dilated rows were kept from the fit before.
"""

from collections.abc import Mapping

COSTS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("direct", "conv2d"): {
        "products": 1.24,
        "rows": 20.9,
        "phases": 17.7,
        "groups": 1.75,
        "streams": 0.304,
        "weights": 1.17,
    },
    ("direct", "conv2d_input_grad"): {
        "products": 1.23,
        "copies": 3.38,
        "rows": 31.3,
        "groups": 1.18,
        "patches": 33.4,
        "weights": 1.96,
        "calls": 15.4,
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
        "products": 1.29,
        "inputs": 1.65,
        "outputs": 2.75,
        "kernels": 0.669,
        "sums": 6.87,
        "rows": 2.31,
        "terms": 1.67,
        "streams": 0.398,
        "weights": 0.4,
        "calls": 33.0,
    },
    ("winograd", "conv2d_input_grad"): {
        "products": 1.37,
        "inputs": 2.68,
        "outputs": 0.602,
        "kernels": 2.22,
        "sums": 1.43,
        "rows": 9.7,
        "terms": 1.59,
        "columns": 64.7,
        "streams": 0.533,
        "calls": 28.2,
    },
    ("winograd", "conv2d_weight_grad"): {
        "products": 1.23,
        "inputs": 1.27,
        "outputs": 2.15,
        "streams": 0.706,
        "weights": 0.705,
        "calls": 25.0,
    },
    ("plane", "conv2d"): {
        "products": 1.2,
        "dilated": 13.0,
        "sums": 6.66,
        "strided": 2.52,
        "streams": 0.00475,
        "weights": 7.3,
        "calls": 8.79,
    },
    ("plane", "conv2d_input_grad"): {
        "products": 1.2,
        "dilated": 13.7,
        "sums": 6.17,
        "strided": 1.78,
        "scattered": 40.2,
        "streams": 0.19,
        "weights": 10.2,
        "calls": 16.3,
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
        "products": 57.4,
        "kernels": 1.07,
        "planes": 0.583,
        "transforms": 2.4,
        "streams": 11.6,
        "calls": 269.0,
    },
    ("fft", "conv2d_input_grad"): {
        "products": 78.7,
        "kernels": 1.46,
        "planes": 1.52,
        "transforms": 2.34,
        "calls": 252.0,
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
