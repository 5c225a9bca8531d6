"""Mutants: planted mistakes, over every operation and every class."""

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.avg_pool2d import AVG_POOL2D
from convoracle.harness.bugs.mutants.beyond import BEYOND
from convoracle.harness.bugs.mutants.contract import CONTRACT
from convoracle.harness.bugs.mutants.contract_layout import CONTRACT_LAYOUT
from convoracle.harness.bugs.mutants.contract_results import CONTRACT_RESULTS
from convoracle.harness.bugs.mutants.conv1d_conv3d import CONV1D_CONV3D
from convoracle.harness.bugs.mutants.conv2d import CONV2D
from convoracle.harness.bugs.mutants.conv2d_gradients import CONV2D_GRADIENTS
from convoracle.harness.bugs.mutants.conv_transpose2d import CONV_TRANSPOSE2D
from convoracle.harness.bugs.mutants.data import DATA
from convoracle.harness.bugs.mutants.data_max_pool2d import DATA_MAX_POOL2D
from convoracle.harness.bugs.mutants.dimensions import DIMENSIONS
from convoracle.harness.bugs.mutants.exponentials import EXPONENTIALS
from convoracle.harness.bugs.mutants.halves import HALVES
from convoracle.harness.bugs.mutants.keys import KEYS
from convoracle.harness.bugs.mutants.larger import LARGER
from convoracle.harness.bugs.mutants.layers import LAYERS
from convoracle.harness.bugs.mutants.max_pool2d import MAX_POOL2D
from convoracle.harness.bugs.mutants.not_finite import NOT_FINITE
from convoracle.harness.bugs.mutants.numerics import NUMERICS
from convoracle.harness.bugs.mutants.numerics_sums import NUMERICS_SUMS
from convoracle.harness.bugs.mutants.orders import ORDERS
from convoracle.harness.bugs.mutants.seams import SEAMS
from convoracle.harness.bugs.mutants.sequences import SEQUENCES
from convoracle.harness.bugs.mutants.shortcuts import SHORTCUTS
from convoracle.harness.bugs.mutants.state import STATE
from convoracle.harness.bugs.mutants.state_buffers import STATE_BUFFERS
from convoracle.harness.bugs.mutants.tail import TAIL
from convoracle.harness.bugs.mutants.tail_paths import TAIL_PATHS
from convoracle.harness.bugs.mutants.threads import THREADS

MUTANTS: tuple[Bug, ...] = (
    *CONV2D,
    *CONV2D_GRADIENTS,
    *CONV1D_CONV3D,
    *CONV_TRANSPOSE2D,
    *MAX_POOL2D,
    *AVG_POOL2D,
    *LAYERS,
    *EXPONENTIALS,
    *TAIL,
    *TAIL_PATHS,
    *NUMERICS,
    *NUMERICS_SUMS,
    *DATA,
    *DATA_MAX_POOL2D,
    *STATE,
    *STATE_BUFFERS,
    *CONTRACT,
    *CONTRACT_RESULTS,
    *CONTRACT_LAYOUT,
    *BEYOND,
    *SHORTCUTS,
    *SEAMS,
    *KEYS,
    *HALVES,
    *THREADS,
    *DIMENSIONS,
    *NOT_FINITE,
    *LARGER,
    *SEQUENCES,
    *ORDERS,
)
"""Every mutant, each with a name of its own."""
