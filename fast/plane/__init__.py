"""Convolutions of one plane with one kernel: depthwise ones, and filters of images."""
