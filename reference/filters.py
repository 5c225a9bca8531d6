"""The two filters whose numbers the lectures print.

Source: UBC CPSC 425, Lecture 23, "Convolution Layer".

>>> prewitt_x.tolist()
[[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
>>> box.tolist()
[[0.11, 0.11, 0.11], [0.11, 0.11, 0.11], [0.11, 0.11, 0.11]]
"""

import numpy as np

#: Vertical edges: the right neighbours less the left ones.
prewitt_x = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
prewitt_x.flags.writeable = False

#: The mean of nine neighbours, as printed: rounded, so that it adds up to 0.99.
box = np.full((3, 3), 0.11)
box.flags.writeable = False
