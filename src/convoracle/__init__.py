"""convoracle: a verification and benchmarking harness for the operations of convolutional networks."""

__version__ = "0.1.0"
