"""Convolutions with 3x3 and 5x5 kernels by Winograd's algorithm: fewer products, for a normwise bound on the error."""
