"""The backends to read: `im2col` in NumPy, `scipy` and `scipy-fft` on scipy.signal, `numba` as plain loops."""
