"""Timing that can be trusted: layers, implementations side by side, intervals, and the error of what was timed."""
