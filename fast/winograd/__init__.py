"""Convolutions with 3x3 kernels by Winograd's algorithm: fewer multiplications, for a normwise bound on the error."""
