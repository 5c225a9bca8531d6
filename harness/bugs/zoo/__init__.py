"""The bug zoo: bugs that released libraries had, each read in its thread and written again in NumPy."""

from convoracle.harness.bugs.bug import HistoricalBug
from convoracle.harness.bugs.zoo.average_pooling import AVERAGE_POOLING
from convoracle.harness.bugs.zoo.average_pooling_gradients import AVERAGE_POOLING_GRADIENTS
from convoracle.harness.bugs.zoo.average_pooling_overrides import AVERAGE_POOLING_OVERRIDES
from convoracle.harness.bugs.zoo.blocks import BLOCKS
from convoracle.harness.bugs.zoo.borders import BORDERS
from convoracle.harness.bugs.zoo.channels import CHANNELS
from convoracle.harness.bugs.zoo.gradient_paths import GRADIENT_PATHS
from convoracle.harness.bugs.zoo.input_gradients import INPUT_GRADIENTS
from convoracle.harness.bugs.zoo.layers import LAYERS
from convoracle.harness.bugs.zoo.losses import LOSSES
from convoracle.harness.bugs.zoo.max_pooling import MAX_POOLING
from convoracle.harness.bugs.zoo.max_pooling_values import MAX_POOLING_VALUES
from convoracle.harness.bugs.zoo.memory import MEMORY
from convoracle.harness.bugs.zoo.padding import PADDING
from convoracle.harness.bugs.zoo.paths import PATHS
from convoracle.harness.bugs.zoo.pools_again import POOLS_AGAIN
from convoracle.harness.bugs.zoo.same_padding import SAME_PADDING
from convoracle.harness.bugs.zoo.steps import STEPS
from convoracle.harness.bugs.zoo.transposed import TRANSPOSED
from convoracle.harness.bugs.zoo.transposed_gradients import TRANSPOSED_GRADIENTS
from convoracle.harness.bugs.zoo.ways_of_their_own import WAYS_OF_THEIR_OWN
from convoracle.harness.bugs.zoo.weight_gradients import WEIGHT_GRADIENTS
from convoracle.harness.bugs.zoo.windows_gone import WINDOWS_GONE

ZOO: tuple[HistoricalBug, ...] = (
    *PADDING,
    *STEPS,
    *CHANNELS,
    *MEMORY,
    *INPUT_GRADIENTS,
    *WEIGHT_GRADIENTS,
    *TRANSPOSED,
    *TRANSPOSED_GRADIENTS,
    *AVERAGE_POOLING,
    *AVERAGE_POOLING_OVERRIDES,
    *AVERAGE_POOLING_GRADIENTS,
    *MAX_POOLING,
    *MAX_POOLING_VALUES,
    *LAYERS,
    *LOSSES,
    *SAME_PADDING,
    *PATHS,
    *BORDERS,
    *BLOCKS,
    *GRADIENT_PATHS,
    *WINDOWS_GONE,
    *WAYS_OF_THEIR_OWN,
    *POOLS_AGAIN,
)
"""Every entry, by mechanism. A later one is added with its date."""

PRINTED = frozenset(
    {
        "conv2d/tinygrad#17805",
        "conv2d/onnxscript#3037",
        "conv2d/root#21737",
        "conv2d/nd4j#2457",
        "conv2d/ncnn#1014",
        "conv2d/tensorflow#57128",
        "conv1d/tensorflow-wavenet#29",
        "conv2d/pytorch#19912",
        "conv2d/torch-nn#1307",
        "conv2d_input_grad/mlpack#2986",
        "conv2d_input_grad/torch7#20",
        "conv2d_weight_grad/pytorch#50042",
        "conv_transpose2d/mxnet#13876",
        "conv_transpose2d/onnxruntime#2518",
        "conv_transpose2d/pytorch#1565",
        "conv_transpose2d_input_grad/pytorch#63314",
        "avg_pool2d/onnxruntime#16203",
        "avg_pool2d/root#22523",
        "avg_pool2d/tvm#18641",
        "avg_pool2d/onnxruntime#6543",
        "avg_pool2d/onnxruntime#27375",
        "avg_pool2d/ncnn#924",
        "avg_pool2d_backward/burn#5604",
        "avg_pool2d/nnlib.jl#229",
        "avg_pool2d/migraphx#1766",
        "max_pool2d/onnxruntime#29637",
        "max_pool2d/libonnx#24",
        "max_pool2d/theano#4534",
        "max_pool2d/onnxruntime#15446",
        "max_pool2d/pytorch#45357",
        "max_pool2d_backward/nnlib.jl#205",
        "max_pool2d/pytorch#7645",
        "max_pool2d/tensorflow#125965",
        "relu/pytorch#7999",
        "softmax/singa#540",
        "log_softmax/hb-pytorch#61",
        "sigmoid_backward/candle#1722",
    }
)
"""The entries that give the very numbers, or shapes, or words that their thread prints, as their tests show.

The others' threads print none that can be had from their configuration: random data, pictures, or words only. Their
tests show the effect that is described.
"""


def named(name: str) -> HistoricalBug:
    """Return the entry of that name."""
    return next(bug for bug in ZOO if bug.name == name)


__all__ = ["PRINTED", "ZOO", "named"]
