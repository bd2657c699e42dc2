#!/usr/bin/env python3
"""Models at the limits of what the compiler counts in: hostile sizes, shapes that are huge expressions, deep graphs. Each is compiled
or refused with an error that names a node; nothing crashes, whichever pass meets the limit first.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    def __init__(self, *shape):
        self.nodes, self.constants = [], []
        self.inputs = [helper.make_tensor_value_info("x", FLOAT, shape)]

    def op(self, op, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op}_{len(self.nodes)}", **attributes))
        return name

    def constant(self, value, dtype=np.int64):
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def model(self, result, rank):
        result = self.op("Identity", result)
        output = helper.make_tensor_value_info(result, FLOAT, [f"o{i}" for i in range(rank)])
        graph = helper.make_graph(self.nodes, "limits", self.inputs, [output], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def powers():
    """A size that is squared again and again: its degree has a limit."""
    g = Graph("a", "b")
    size = g.op("Shape", "x", start=0, end=1)
    for _ in range(12):
        size = g.op("Mul", size, size)
    return g.model(g.op("Expand", g.op("ReduceSum", "x", keepdims=0), size), 1)


def terms():
    """A product of sums of many symbols: so has the number of terms."""
    g = Graph(*[f"d{i}" for i in range(12)])
    shape = g.op("Shape", "x")
    product = None
    for i in range(12):
        weights = g.constant([(i * j) % 7 + 1 for j in range(12)])
        total = g.op("ReduceSum", g.op("Mul", shape, weights), keepdims=1)
        product = g.op("Mul", product, total) if product else total
    return g.model(g.op("Expand", g.op("ReduceSum", "x", keepdims=0), product), 1)


def large_product():
    """A matrix product whose rows cannot be counted."""
    g = Graph("b", 2**58, 2)
    y = g.op("Unsqueeze", "x", g.constant([0]))
    for _ in range(2):
        y = g.op("MatMul", y, g.constant(np.full((2, 2), 0.5), np.float32))
    return g.model(y, 4)


def large_attention():
    """Scores of hostile sizes."""
    g = Graph("b", 2**30, "s", 2**28)
    scores = g.op("MatMul", "x", g.op("Transpose", "x", perm=[0, 1, 3, 2]))
    return g.model(g.op("MatMul", g.op("Softmax", scores, axis=-1), "x"), 4)


def large_norm():
    g = Graph("b", 2**60)
    square = g.op("Mul", "x", "x")
    root = g.op(
        "Sqrt", g.op("Add", g.op("ReduceMean", square, g.constant([-1]), keepdims=1), g.constant(1e-5, np.float32))
    )
    return g.model(g.op("Div", "x", root), 2)


def deep():
    g = Graph("a", "b")
    y = "x"
    for _ in range(3000):
        y = g.op("Add", y, "x")
    return g.model(y, 2)


def deep_shape():
    """A size that grows by one symbol's multiple in each of many nodes."""
    g = Graph("a", "b")
    size = g.op("Shape", "x", start=0, end=1)
    for i in range(3000):
        size = g.op("Add", size, g.op("Mul", size, g.constant([2])) if i % 50 == 0 else g.constant([1]))
    return g.model(g.op("Expand", g.op("ReduceSum", "x", keepdims=0), size), 1)


def pieces():
    """Concatenations of a value with itself: the size doubles beyond 64 bits."""
    g = Graph("a", "b")
    y = "x"
    for _ in range(70):
        y = g.op("Concat", y, y, axis=0)
    return g.model(y, 2)


CASES = [powers, terms, large_product, large_attention, large_norm, deep, deep_shape, pieces]
#: Every form of each, as the passes of one may not be reached in another.
WAYS = [
    ["--emit=hybrid"],
    ["--emit=stateful"],
    ["--emit=hybrid", "--generalize=length,batch"],
    ["--emit=hybrid", "--verify-passes"],
]


def complaint(build, path, options):
    """What is wrong with how a model is taken; nothing where it is compiled or refused well."""
    command = [build / "bin" / "jarana-compile", path, "-o", path.with_suffix(".out"), *options]
    run = subprocess.run(command, text=True, capture_output=True)
    message = run.stderr.strip()
    if run.returncode == 0:
        return None
    if run.returncode != 1 or "terminate called" in message or "Stack dump" in message:
        return f"exited with {run.returncode}: {message[:300]}"
    if "node" not in message and "--generalize" not in message and "input" not in message:
        return f"its error names no node: {message[:300]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            path = Path(folder) / f"{case.__name__}.onnx"
            onnx.save(case(), path)
            for way in WAYS:
                if wrong := complaint(options.build, path, way):
                    failed += 1
                    print(f"{case.__name__} {' '.join(way)}: {wrong}", flush=True)
                else:
                    passed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
