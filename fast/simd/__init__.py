"""Vectors of the machine's width, emitted as LLVM IR: what the fast kernels are made of."""
