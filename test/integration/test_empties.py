#!/usr/bin/env python3
"""Tensors of no elements, fixed and at run time: compiled and by the reference they give what ONNX Runtime gives."""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F, I64 = TensorProto.FLOAT, TensorProto.INT64
RNG = np.random.default_rng(9)


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name="n_" + outputs.split()[0], **attributes)


# name: (nodes, inputs with their dimensions, outputs with their ranks, initializers, sizes of the inputs to try)
CASES = {
    "fixed slice": (
        [node("Slice", "x a b c", "none"), node("Concat", "none x", "y", axis=1), node("ReduceSum", "none", "s")],
        {"x": ["n", 4]}, {"y": 2, "none": 2, "s": 2}, {"a": ints(2), "b": ints(2), "c": ints(1)},
        [{"x": (3, 4)}, {"x": (0, 4)}],
    ),
    "fixed split": (
        [node("Split", "x sizes", "a b c", axis=1), node("Concat", "c b a", "y", axis=1), node("MatMul", "b w", "m")],
        {"x": ["n", 4]}, {"y": 2, "b": 2, "m": 2}, {"sizes": ints(3, 0, 1), "w": np.zeros((0, 5), np.float32)},
        [{"x": (3, 4)}, {"x": (0, 4)}],
    ),
    "fixed concatenation": (
        [node("Concat", "e x e", "y", axis=0), node("Concat", "e e", "z", axis=0), node("Mul", "z two", "t"),
         node("Transpose", "z", "u", perm=[1, 0])],
        {"x": ["n", 4]}, {"y": 2, "z": 2, "t": 2, "u": 2}, {"e": np.zeros((0, 4), np.float32), "two": np.float32(2)},
        [{"x": (2, 4)}, {"x": (0, 4)}],
    ),
    "fixed gathering and scattering": (
        [node("Gather", "x none", "g", axis=1), node("ScatterND", "x at updates", "y"), node("Expand", "g big", "e")],
        {"x": [3, 4]}, {"y": 2, "g": 2, "e": 3},
        {"none": ints(), "at": np.zeros((0, 1), np.int64), "updates": np.zeros((0, 4), np.float32), "big": ints(2, 3, 0)},
        [{"x": (3, 4)}],
    ),
    "fixed padding and reshaping": (

               [node("Reshape", "x flat", "a"), node("Pad", "x pads value", "y"), node("Reshape", "x three",
         "b"), node("Unsqueeze", "x zero", "c"),
         node("Tile", "x times", "d"), node("Where", "mask x x", "w"), node("Cast", "x", "i", to=I64)],
        {"x": [0, 4]}, {"a": 1, "y": 2, "b": 3, "c": 3, "d": 2, "w": 2, "i": 2},
        {"flat": ints(-1), "pads": ints(1, 0, 1, 0), "value": np.float32(3), "three": ints(0, 2, 2), "zero": ints(0), "times": ints(2, 2),
         "mask": np.ones((4,), bool)}, [{"x": (0, 4)}],
    ),
    "reductions of nothing": (
        [node("ReduceSum", "x zero", "sum"), node("ReduceProd", "x zero", "product"), node("ReduceMax", "x zero", "most"),
         node("ReduceMin", "x zero", "least"), node("ReduceL2", "x zero", "l2")],
        {"x": ["n", 4]}, {"sum": 2, "product": 2, "most": 2, "least": 2, "l2": 2}, {"zero": ints(0)},
        [{"x": (3, 4)}, {"x": (0, 4)}],
    ),
    "products over nothing": (
        [node("MatMul", "x y", "m"), node("MatMul", "x3 y3", "b"), node("Gemm", "x y c", "g"),
         node("Einsum", "x y", "e", equation="ik,kj->ij")],
        {"x": [3, "k"], "y": ["k", 5], "x3": ["b", 3, "k"], "y3": ["b", "k", 5]}, {"m": 2, "b": 3, "g": 2, "e": 2}, {"c": f32(5)},
        [{"x": (3, 2), "y": (2, 5), "x3": (2, 3, 2), "y3": (2, 2, 5)},
         {"x": (3, 0), "y": (0, 5), "x3": (0, 3, 0), "y3": (0, 0, 5)}],
    ),
    "an empty batch": (
        [node("MatMul", "x w", "m"), node("Softmax", "m", "s", axis=-1), node("LayerNormalization", "s scale", "l", axis=-1),
         node("Transpose", "l", "t", perm=[1, 0, 2]), node("CumSum", "x one", "c"), node("TopK", "x k", "v i", axis=-1),
         node("ArgMax", "x", "a", axis=-1), node("Slice", "x zero minus one", "tail")],
        {"x": ["n", "s", 8]}, {"s": 3, "t": 3, "c": 3, "v": 3, "i": 3, "a": 3, "tail": 3},
        {"w": f32(8, 8), "scale": f32(8), "one": ints(1), "k": ints(2), "zero": ints(0), "minus": ints(-1)},
        [{"x": (2, 3, 8)}, {"x": (0, 3, 8)}, {"x": (2, 0, 8)}, {"x": (0, 0, 8)}],
    ),
}  # fmt: skip


def model(nodes, inputs, outputs, initializers):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, F, dims) for name, dims in inputs.items()],
        [helper.make_tensor_value_info(name, I64 if name in "ai" and "v" in outputs or name == "i" else F, [None] * rank)
         for name, rank in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in initializers.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        path, bundle = Path(work) / "model.onnx", Path(work) / "model.jarana"
        for name, (nodes, inputs, outputs, initializers, sizes) in CASES.items():
            if options.only not in name:
                continue
            proto = model(nodes, inputs, outputs, initializers)
            onnx.save(proto, path)
            status, message = goldens.run([tools / "jarana-compile", path, "-o", bundle])
            if status:
                print(f"{name}: {message}")
                failed += 1
                continue
            session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
            for shapes in sizes:
                tensors = {key: f32(*shape) for key, shape in shapes.items()}
                expected = dict(zip(outputs, session.run(None, tensors)))
                for kind, what in (("compiled", [bundle]), ("reference", ["--reference", path])):
                    got, status, message = goldens.evaluate([tools / "jarana-run", *what], tensors, work)
                    wrong = [message] if status else [
                        f"{key} is {got[key].shape} {got[key]}, expected {golden.shape} {golden}"
                        for key, golden in expected.items() if not goldens.error(got[key], golden) <= 1e-5
                    ]  # fmt: skip
                    passed, failed = passed + (not wrong), failed + bool(wrong)
                    for text in wrong:
                        print(f"{name}, {shapes}, {kind}: {text}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
