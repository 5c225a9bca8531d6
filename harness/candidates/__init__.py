"""Whoever is asked: a function, a backend or a file, found by its name and imported."""
