#!/usr/bin/env python3
"""Operators of opsets 7 to 12 whose meaning or form has changed since, against ONNX Runtime at the same opset.

Each case is a node or two, in a model of one opset with all of its cases; it is compiled, and evaluated by the reference evaluator.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto
from operators import Cases, compare

OPSETS = range(7, 13)
INPUTS = {
    "x": (TensorProto.FLOAT, ["batch", 3, 4]),
    "one": (TensorProto.FLOAT, ["batch", 1, 5]),
    "image": (TensorProto.FLOAT, ["batch", 3, 4, "width"]),
    "vast": (TensorProto.FLOAT, ["batch"]),
    "ids": (TensorProto.INT64, ["batch", 3]),
}


def build(opset):
    c = Cases(opset, INPUTS)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--opset", type=int)
    options = parser.parse_args()
    random = np.random.default_rng(11)
    inputs = {
        "x": random.standard_normal((2, 3, 4), np.float32),
        "one": random.standard_normal((2, 1, 5), np.float32),
        "image": random.standard_normal((2, 3, 4, 3), np.float32),
        "vast": np.float32([np.inf, -np.inf]),
        "ids": random.integers(0, 4, (2, 3)),
    }
    passed = failed = 0
    for opset in [options.opset] if options.opset else OPSETS:
        good, bad = compare(build(opset), inputs, options.build)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
