"""Computational graphs of numbers: gates, topological order, and gradients that add up where a value branches.

Source: UBC CPSC 425, Lecture 23, "Backpropagation": "Computational graph (a DAG) with variable ordering from
topological sort, where each node is an input, intermediate, or output variable".

>>> x, y, z = variable(-2), variable(5), variable(-4)
>>> q = add(x, y)
>>> f = mul(q, z)
>>> q.value, f.value
(3, -12)
>>> backward(f)
>>> x.gradient, y.gradient, z.gradient, q.gradient
(-4, -4, 3, -4)
"""

import math
from typing import Any


class Node:
    """A variable of the graph: its value, the nodes it was made of, and the local gradient for each of them.

    `gradient` is 0 until `backward` has been called.
    """

    def __init__(self, value: Any, inputs: tuple["Node", ...] = (), local_gradients: tuple[Any, ...] = ()) -> None:
        self.value = value
        self.inputs = inputs
        self.local_gradients = local_gradients
        self.gradient: Any = 0


def variable(value: Any) -> Node:
    """Return an input of the graph.

    >>> variable(3).value
    3
    """
    return Node(value)


def add(x: Node, y: Node) -> Node:
    """Return the node ``f = x + y``: df/dx = 1, df/dy = 1.

    >>> add(variable(-2), variable(5)).local_gradients
    (1, 1)
    """
    return Node(x.value + y.value, (x, y), (1, 1))


def mul(x: Node, y: Node) -> Node:
    """Return the node ``f = x y``: df/dx = y, df/dy = x.

    >>> mul(variable(-2), variable(5)).local_gradients
    (5, -2)
    """
    return Node(x.value * y.value, (x, y), (y.value, x.value))


def max(x: Node, y: Node) -> Node:
    """Return the node ``f = max(x, y)``: df/dx = 1(x >= y), df/dy = 1(y >= x), a sub-gradient, both 1 on a tie.

    >>> max(variable(4), variable(2)).local_gradients
    (1, 0)
    """
    larger = x.value if x.value >= y.value else y.value
    return Node(larger, (x, y), (int(x.value >= y.value), int(y.value >= x.value)))


def sigmoid(x: Node) -> Node:
    """Return the node ``f = 1 / (1 + exp(-x))``: df/dx = f (1 - f).

    >>> sigmoid(variable(0)).local_gradients
    (0.25,)
    """
    e = math.exp(-abs(x.value))
    f = e / (1 + e) if x.value < 0 else 1 / (1 + e)
    return Node(f, (x,), (f * (1 - f),))


def topological_order(output: Node) -> list[Node]:
    """Return every node the output depends on, and the output last: each after the nodes it was made of.

    >>> x = variable(1)
    >>> [node.value for node in topological_order(add(add(x, x), x))]
    [1, 2, 3]
    """
    order: list[Node] = []
    placed: set[int] = set()
    waiting = [output]
    while waiting:
        node = waiting[-1]
        missing = [made_of for made_of in node.inputs if id(made_of) not in placed]
        if missing:
            waiting.extend(missing)
        else:
            waiting.pop()
            if id(node) not in placed:
                placed.add(id(node))
                order.append(node)
    return order


def backward(output: Node) -> None:
    """Set the gradient of the output for every node it depends on.

    Source: Cornell CS5670 (Noah Snavely), Lecture 25, "Gradients add at branches": "The gradient flows through both
    branches at full strength"; what was copied forward is summed backward.

    >>> x = variable(3)
    >>> backward(mul(x, x))
    >>> x.gradient
    6
    """
    order = topological_order(output)
    for node in order:
        node.gradient = 0
    output.gradient = 1
    for node in reversed(order):
        for made_of, local_gradient in zip(node.inputs, node.local_gradients, strict=True):
            made_of.gradient += node.gradient * local_gradient
