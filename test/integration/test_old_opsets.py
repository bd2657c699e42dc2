#!/usr/bin/env python3
"""Operators of opsets 7 to 12 whose meaning or form has changed since, against ONNX Runtime at the same opset.

Each case is a node or two, in a model of one opset with all of its cases; it is compiled, and evaluated by the reference evaluator.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

OPSETS = range(7, 13)


class Cases:
    """Collects nodes and their constants under names of their own."""

    def __init__(self, opset):
        self.opset, self.nodes, self.constants, self.outputs = opset, [], [], {}

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, name, op, inputs, outputs=1, kind=TensorProto.FLOAT, shown=None, **attributes):
        """A node; `shown` are the numbers of the outputs that are compared (default: the first)."""
        names = [f"{name}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name, **attributes))
        for i in range(outputs) if shown is None else shown:
            self.outputs[names[i]] = kind if isinstance(kind, int) else kind[i]
        return names

    def model(self):
        dims = ["batch", 3, 4]
        inputs = [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, dims),
            helper.make_tensor_value_info("one", TensorProto.FLOAT, ["batch", 1, 5]),
            helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 4, "width"]),
            helper.make_tensor_value_info("vast", TensorProto.FLOAT, ["batch"]),
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", 3]),
        ]
        outputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in self.outputs.items()]
        graph = helper.make_graph(self.nodes, f"opset{self.opset}", inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=7)


def build(opset):
    c = Cases(opset)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        c.add(f"{op}-default", op, ["x"])
        c.add(f"{op}-0", op, ["x"], axis=0)
        c.add(f"{op}-last", op, ["x"], axis=2)
        c.add(f"{op}-one", op, ["one"], axis=1)
        c.add(f"{op}-image", op, ["image"], axis=2)
        if opset >= 11:
            c.add(f"{op}-negative", op, ["x"], axis=-2)
    c.add("Unsqueeze", "Unsqueeze", ["x"], axes=[0, 3])
    c.add("Squeeze", "Squeeze", ["one"], axes=[1])
    for op in (
        "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp".split()
    ):
        c.add(f"{op}-axes", op, ["x"], axes=[0, 2], keepdims=0)
        c.add(f"{op}-all", op, ["x"])
    c.add("Split", "Split", ["x"], 2, axis=2, split=[1, 3])
    c.add("Split-equal", "Split", ["x"], 2, axis=2)
    mask = TensorProto.FLOAT if opset < 10 else TensorProto.BOOL
    if opset < 12:
        c.add("Dropout", "Dropout", ["x"], 2, kind=(TensorProto.FLOAT, mask), ratio=0.4)
    else:
        c.add("Dropout", "Dropout", ["x", c.constant(np.float32(0.4))], 2, kind=(TensorProto.FLOAT, mask))
    if opset < 11:
        c.add("Clip", "Clip", ["x"], min=-0.5, max=0.25)
        c.add("Clip-low", "Clip", ["x"], min=0.0)
        # Infinities become the greatest finite values.
        c.add("Clip-none", "Clip", ["vast"])
        c.add("Pad", "Pad", ["x"], pads=[0, 1, 2, 0, 0, 1], value=1.5)
        c.add("Pad-reflect", "Pad", ["x"], mode="reflect", pads=[0, 1, 2, 0, 0, 1])
    else:
        c.add("Clip", "Clip", ["x", c.constant(np.float32(-0.5)), c.constant(np.float32(0.25))])
        c.add("Clip-high", "Clip", ["x", "", c.constant(np.float32(0.25))])
        pads = c.constant(np.array([0, 1, 2, 0, 0, 1]))
        c.add("Pad", "Pad", ["x", pads, c.constant(np.float32(1.5))])
        c.add("Pad-edge", "Pad", ["x", pads], mode="edge")
    if opset < 10:
        c.add("Slice", "Slice", ["x"], starts=[1, -3], ends=[1000, -1], axes=[1, 2])
        c.add("Slice-first", "Slice", ["x"], starts=[0, 1], ends=[1, 3])
        c.add("TopK", "TopK", ["x"], 2, kind=(TensorProto.FLOAT, TensorProto.INT64), k=2)
        c.add("TopK-axis", "TopK", ["x"], 2, kind=(TensorProto.FLOAT, TensorProto.INT64), k=2, axis=1)
    else:
        starts, ends = c.constant(np.array([-1, 0])), c.constant(np.array([-4, 3]))
        c.add("Slice", "Slice", ["x", starts, ends, c.constant(np.array([1, 2])), c.constant(np.array([-1, 2]))])
        c.add("TopK", "TopK", ["x", c.constant(np.array([2]))], 2, kind=(TensorProto.FLOAT, TensorProto.INT64), axis=1)
    scales = [1.0, 1.0, 1.5, 2.0]
    if opset < 9:
        c.add("Upsample", "Upsample", ["image"], scales=scales)
    elif opset < 10:
        c.add("Upsample", "Upsample", ["image", c.constant(np.float32(scales))])
    if 9 <= opset < 11:
        where = c.constant(np.array([[[0, 1, 1, 2]]]))
        c.add("Scatter", "Scatter", ["x", where, c.constant(np.full((1, 1, 4), 9, np.float32))], axis=1)
    vectors = [c.constant(np.float32(v)) for v in ([1.5, 0.5, -1], [0.1, 0.2, 0.3], [0.3, -0.2, 0], [0.5, 1, 2])]
    c.add("BatchNormalization", "BatchNormalization", ["image", *vectors], epsilon=1e-3)
    c.add("BatchNormalization-3d", "BatchNormalization", ["x", *vectors])
    c.add("InstanceNormalization", "InstanceNormalization", ["image", *vectors[:2]], epsilon=1e-2)
    c.add(
        "Gemm",
        "Gemm",
        [c.constant(np.float32(np.eye(3, 4))), c.constant(np.ones((4, 2), np.float32)), c.constant(np.float32([1, 2]))],
        alpha=0.5,
        beta=2.0,
    )
    c.add("Gather", "Gather", ["x", c.constant(np.array([0, 2]))], axis=1)
    c.add("ArgMax", "ArgMax", ["x"], kind=TensorProto.INT64, axis=1, keepdims=0)
    c.add("Flatten", "Flatten", ["x"], axis=2)
    c.add("Max", "Max", ["x", "x"] if opset < 8 else ["x", "one"][:1] + [c.constant(np.float32([0, 1, 0, -1]))])
    c.add("Pow", "Pow", ["x", c.constant(np.float32(2))])
    c.add("Cast", "Cast", ["x"], kind=TensorProto.INT32, to=TensorProto.INT32)
    c.add("PRelu", "PRelu", ["x", c.constant(np.float32([0.1, 0.2, 0.3, 0.4]))])
    c.add("Tile", "Tile", ["x", c.constant(np.array([1, 2, 1]))])
    c.add("Reshape", "Reshape", ["x", c.constant(np.array([0, -1]))])
    if opset >= 8:
        c.add("Expand", "Expand", ["one", c.constant(np.array([1, 3, 1]))])
    if opset >= 9:
        values = c.constant(np.float32([0, 1]))
        c.add("OneHot", "OneHot", ["ids", c.constant(np.array([4])), values])
    if opset >= 10:
        c.add(
            "QuantizeLinear",
            "QuantizeLinear",
            ["x", c.constant(np.float32(0.02)), c.constant(np.uint8(128))],
            kind=TensorProto.UINT8,
        )
        c.add(
            "DequantizeLinear",
            "DequantizeLinear",
            ["QuantizeLinear.0", c.constant(np.float32(0.02)), c.constant(np.uint8(128))],
        )
    return c


def difference(got, want):
    """Nothing where they are the same: 1e-5 of the largest magnitude for floats, equal for the rest."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype} {got.shape}, expected {want.dtype} {want.shape}"
    if want.dtype.kind != "f":
        return "" if np.array_equal(got, want) else f"{np.sum(got != want)} elements differ"
    apart = np.abs(got - want).max(initial=0)
    return "" if apart <= 1e-5 * max(1, np.abs(want).max(initial=0)) else f"apart by {apart}"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--opset", type=int)
    options = parser.parse_args()
    binaries = options.build / "bin"
    random = np.random.default_rng(11)
    inputs = {
        "x": random.standard_normal((2, 3, 4), np.float32),
        "one": random.standard_normal((2, 1, 5), np.float32),
        "image": random.standard_normal((2, 3, 4, 3), np.float32),
        "vast": np.float32([np.inf, -np.inf]),
        "ids": random.integers(0, 4, (2, 3)),
    }
    passed = failed = 0
    onnxruntime.set_default_logger_severity(3)
    for opset in [options.opset] if options.opset else OPSETS:
        cases = build(opset)
        with tempfile.TemporaryDirectory() as scratch:
            work = Path(scratch)
            onnx.save(cases.model(), work / "model.onnx")
            save_file(inputs, work / "inputs.safetensors")
            names = list(cases.outputs)
            session = onnxruntime.InferenceSession(work / "model.onnx", providers=["CPUExecutionProvider"])
            wanted = dict(zip(names, session.run(names, inputs)))
            ways = {"reference": ["--reference", work / "model.onnx"], "compiled": [work / "model.jarana"]}
            refused = run(binaries / "jarana-compile", work / "model.onnx", "-o", work / "model.jarana")
            for way, what in ways.items():
                fault = refused or run(
                    binaries / "jarana-run",
                    *what,
                    f"--inputs={work}/inputs.safetensors",
                    f"--outputs={work}/o.safetensors",
                )
                got = {} if fault else load_file(work / "o.safetensors")
                for name in names:
                    with np.errstate(invalid="ignore"):
                        same = fault or difference_of(got, name, wanted[name])
                    passed, failed = passed + (not same), failed + bool(same)
                    if same:
                        print(f"opset {opset}, {way}, {name}: {same}")
                    if fault:
                        break
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


def difference_of(got, name, want):
    if name not in got:
        return "no such output"
    a, b = got[name], want
    if b.dtype.kind == "f" and a.shape == b.shape and a.dtype == b.dtype:
        odd = ~np.isfinite(b)
        if not np.array_equal(a[odd], b[odd], equal_nan=True):
            return "infinities or NaN differ"
        a, b = np.where(odd, 0, a), np.where(odd, 0, b)
    return difference(a, b)


if __name__ == "__main__":
    sys.exit(main())
