import math
from fractions import Fraction

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import graph

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


@given(
    values=st.lists(st.integers(-5, 5), min_size=2, max_size=4),
    gates=st.lists(
        st.tuples(st.sampled_from(["add", "mul", "max"]), st.integers(0, 99), st.integers(0, 99)),
        min_size=1,
        max_size=6,
    ),
)
@EXAMPLES
def test_random_graphs_equal_torch(values: list[int], gates: list[tuple[str, int, int]]) -> None:
    nodes = [graph.variable(value) for value in values]
    tensors = [torch.tensor(float(value), dtype=torch.float64, requires_grad=True) for value in values]
    by_torch = {"add": torch.add, "mul": torch.mul, "max": torch.maximum}
    for gate, first, second in gates:
        i, j = first % len(nodes), second % len(nodes)
        if gate == "max" and nodes[i].value == nodes[j].value:
            gate = "add"  # a tie: the lecture gives both sides 1, torch halves it
        nodes.append(getattr(graph, gate)(nodes[i], nodes[j]))
        tensors.append(by_torch[gate](tensors[i], tensors[j]))
    graph.backward(nodes[-1])
    expected = torch.autograd.grad(tensors[-1], tensors[: len(values)], allow_unused=True)
    assert nodes[-1].value == tensors[-1].item()
    for node, gradient in zip(nodes, expected, strict=False):
        assert node.gradient == (0 if gradient is None else gradient.item())


def test_gradients_add_at_branches() -> None:
    x, y = graph.variable(Fraction(3)), graph.variable(Fraction(5))
    copied = graph.add(x, y)
    f = graph.add(graph.mul(copied, x), graph.mul(copied, y))  # (x + y) x + (x + y) y
    graph.backward(f)
    assert (f.value, x.gradient, y.gradient, copied.gradient) == (64, 16, 16, 8)
    # a second call does not add to the first
    graph.backward(f)
    assert (x.gradient, y.gradient, f.gradient) == (16, 16, 1)


def test_nodes_come_after_what_they_were_made_of_and_once() -> None:
    x = graph.variable(1)
    chain = [x]
    for _ in range(5000):  # deeper than the interpreter's stack
        chain.append(graph.add(chain[-1], x))
    order = graph.topological_order(chain[-1])
    assert order == chain
    graph.backward(chain[-1])
    assert x.gradient == 5001


def test_a_tie_gives_both_sides_one() -> None:
    x, y = graph.variable(2), graph.variable(2)
    graph.backward(graph.max(x, y))
    assert (x.gradient, y.gradient) == (1, 1)
    x, y = graph.variable(2), graph.variable(4)
    f = graph.max(x, y)
    graph.backward(f)
    assert (f.value, x.gradient, y.gradient) == (4, 0, 1)


def test_sigmoid_gate() -> None:
    x = graph.variable(math.log(3))
    f = graph.sigmoid(x)
    graph.backward(graph.mul(f, graph.variable(4)))
    # log(3) is rounded by half a unit, exp may be off by one, three operations round: f is 3/4 within five units
    assert abs(f.value - 0.75) <= 5 * math.ulp(0.75)
    assert x.gradient == 4 * (f.value * (1 - f.value))
    assert graph.sigmoid(graph.variable(-1000.0)).value == 0
    assert graph.sigmoid(graph.variable(1000.0)).value == 1
    assert graph.sigmoid(graph.variable(0)).local_gradients == (0.25,)
