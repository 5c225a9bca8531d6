"""Convolutions as products of spectra, by SciPy's Fourier transform."""
