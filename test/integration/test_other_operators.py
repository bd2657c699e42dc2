#!/usr/bin/env python3
"""Operators that other tools write, of com.microsoft or for quantised tensors, against ONNX Runtime without its optimizer."""

import argparse
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto
from operators import Cases, compare

FLOAT, INT8, UINT8 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8
MS = {"domain": "com.microsoft"}
INPUTS = {
    "x": (FLOAT, ["batch", 5, 8]),
    "y": (FLOAT, ["batch", 5, 8]),
    "left": (FLOAT, ["batch", 3, 5, 4]),
    "right": (FLOAT, ["batch", 3, 4, 6]),
    "ids": (TensorProto.INT64, ["batch", "length"]),
    "image": (FLOAT, ["batch", 6, 3, "width"]),
}


def fused(random):
    c = Cases(20, INPUTS)
    bias = c.constant(random.standard_normal(8).astype(np.float32))
    c.add("Gelu", "Gelu", ["x"], **MS)
    c.add("BiasGelu", "BiasGelu", ["x", bias], **MS)
    c.add("FastGelu", "FastGelu", ["x"], **MS)
    c.add("FastGelu-bias", "FastGelu", ["x", bias], **MS)
    c.add("QuickGelu", "QuickGelu", ["x"], **MS)
    c.add("QuickGelu-1", "QuickGelu", ["x"], alpha=1.0, **MS)
    c.add("FusedMatMul", "FusedMatMul", ["left", "right"], alpha=0.3, **MS)
    c.add("FusedMatMul-B", "FusedMatMul", ["left", "left"], transB=1, **MS)
    c.add("FusedMatMul-A", "FusedMatMul", ["left", "left"], transA=1, alpha=-2.0, **MS)
    weight = c.constant(random.standard_normal((6, 4)).astype(np.float32))
    c.add("FusedMatMul-weight", "FusedMatMul", ["left", weight], transB=1, **MS)
    # [5, b, 8] with its first dimension moved behind the batch.
    c.add("moved", "Transpose", ["x"], shown=[], perm=[1, 0, 2])
    c.add("FusedMatMul-batches", "FusedMatMul", ["moved.0", "moved.0"], transBatchA=1, transBatchB=1, transB=1, **MS)
    c.add("FusedMatMul-both", "FusedMatMul", ["moved.0", "x"], transBatchA=1, transA=1, **MS)
    matrix = c.constant(random.standard_normal((5, 8)).astype(np.float32))
    right = c.constant(random.standard_normal((3, 8)).astype(np.float32))
    row = c.constant(random.standard_normal(3).astype(np.float32))
    for activation, more in {
        "Relu": {},
        "Tanh": {},
        "Sigmoid": {},
        "LeakyRelu": {"activation_alpha": 0.2},
        "HardSigmoid": {"activation_alpha": 0.3, "activation_beta": 0.4},
    }.items():
        c.add(
            f"FusedGemm-{activation}", "FusedGemm", [matrix, right, row],
            transB=1, alpha=0.5, beta=2.0, activation=activation, **more, **MS,
        )  # fmt: skip
    gamma = c.constant(random.standard_normal(8).astype(np.float32))
    beta = c.constant(random.standard_normal(8).astype(np.float32))
    skip = ["x", "y", gamma]
    c.add("Skip", "SkipLayerNormalization", [*skip], **MS)
    c.add(
        "Skip-all", "SkipLayerNormalization", [*skip, beta, bias], 4, kind=[FLOAT] * 4, shown=[0, 3], epsilon=1e-3, **MS
    )
    # Only the sum, whose name the others leave empty.
    c.nodes[-1].output[1] = c.nodes[-1].output[2] = ""
    small = c.constant(np.float32(1e-5) * random.standard_normal((5, 8)).astype(np.float32))
    c.add("tiny", "Mul", ["x", c.constant(np.float32(1e-5))], shown=[])
    c.add("Skip-epsilon", "SkipLayerNormalization", ["tiny.0", "tiny.0", gamma, beta], **MS)
    c.add("SkipSimplified-epsilon", "SkipSimplifiedLayerNormalization", ["tiny.0", "tiny.0", gamma], **MS)
    c.add("SkipSimplified-bias", "SkipSimplifiedLayerNormalization", ["x", "y", gamma, bias], epsilon=1e-3, **MS)
    c.add("Trilu", "Trilu", ["x"], upper=0, **MS)
    c.add("LayerNormalization", "LayerNormalization", [small, gamma, beta], epsilon=1e-6)
    channels = [c.constant(random.standard_normal(6).astype(np.float32)) for _ in range(2)]
    c.add("InstanceNormalization", "InstanceNormalization", ["image", *channels], epsilon=1e-3)
    c.add(
        "BatchNormalization",
        "BatchNormalization",
        ["image", *channels, channels[1], c.constant(np.full(6, 2, np.float32))],
    )
    return c


def groups(random, opset):
    """GroupNormalization: a scale per group (18), or per channel (21)."""
    c = Cases(opset, INPUTS)
    count = 3 if opset < 21 else 6
    vectors = [c.constant(random.standard_normal(count).astype(np.float32)) for _ in range(2)]
    c.add("GroupNormalization", "GroupNormalization", ["image", *vectors], num_groups=3, epsilon=1e-2)
    return c


def quantised(random):
    c = Cases(20, INPUTS)

    def codes(dtype, *shape):
        limits = np.iinfo(dtype)
        return c.constant(random.integers(limits.min, limits.max + 1, shape).astype(dtype))

    def scale(*values):
        return c.constant(np.float32(values[0] if len(values) == 1 else values))

    for dtype, kind, name in ((np.uint8, UINT8, "u8"), (np.int8, INT8, "i8")):
        zero, other = (c.constant(dtype(value)) for value in (7, 100))
        a, b, d = codes(dtype, 3, 5), codes(dtype, 5, 4), codes(dtype, 3, 5)
        c.add(
            f"QLinearMatMul-{name}",
            "QLinearMatMul",
            [a, scale(0.02), zero, b, scale(0.03), other, scale(0.9), zero],
            kind=kind,
        )
        c.add(
            f"QLinearAdd-{name}",
            "QLinearAdd",
            [a, scale(0.02), zero, d, scale(0.035), other, scale(0.041), other],
            kind=kind,
            **MS,
        )
        c.add(
            f"QLinearMul-{name}",
            "QLinearMul",
            [a, scale(0.02), zero, d, scale(0.035), other, scale(0.07), zero],
            kind=kind,
            **MS,
        )
        c.add(
            f"QLinearSigmoid-{name}", "QLinearSigmoid", [a, scale(0.03), other, scale(1 / 256), zero], kind=kind, **MS
        )
        c.add(
            f"QLinearLeakyRelu-{name}",
            "QLinearLeakyRelu",
            [a, scale(0.03), other, scale(0.02), zero],
            kind=kind,
            alpha=0.1,
            **MS,
        )
        c.add(
            f"QLinearConcat-{name}", "QLinearConcat",
            [scale(0.05), zero, a, scale(0.02), zero, d, scale(0.03), other], kind=kind, axis=0, **MS,
        )  # fmt: skip
        yes = c.constant(random.integers(0, 2, (3, 5)).astype(bool))
        where = [yes, a, scale(0.02), zero, d, scale(0.03), other, scale(0.04), zero]
        c.add(f"QLinearWhere-{name}", "QLinearWhere", where, kind=kind, **MS)
        sums = c.constant(random.integers(-900, 900, 4).astype(np.int32))
        gemm = [a, scale(0.02), zero, b, scale(0.03), other, sums]
        c.add(f"QGemm-{name}", "QGemm", [*gemm, scale(0.9), zero], kind=kind, **MS)
        c.add(f"QGemm-float-{name}", "QGemm", gemm, alpha=0.5, **MS)
        c.add(f"QuantizeLinear-{name}", "QuantizeLinear", ["x", scale(0.02), zero], kind=kind, **MS)
        c.add(f"DequantizeLinear-{name}", "DequantizeLinear", [a, scale(0.02), zero], **MS)
        columns = [scale(0.01, 0.02, 0.03, 0.04), codes(dtype, 4), scale(0.1, 0.2, 0.3, 0.4)]
        c.add(
            f"MatMulIntegerToFloat-{name}",
            "MatMulIntegerToFloat",
            [a, b, scale(0.02), columns[0], zero, columns[1], columns[2]],
            **MS,
        )
        weight = codes(dtype, 8, 4)
        c.add(
            f"DynamicQuantizeMatMul-{name}", "DynamicQuantizeMatMul", ["x", weight, scale(0.02), zero, columns[2]], **MS
        )
    b = codes(np.int8, 5, 4)
    a = codes(np.uint8, 3, 5)
    per_column = [scale(0.01, 0.02, 0.03, 0.04), c.constant(np.int8([0, 0, 0, 0]))]
    c.add(
        "QLinearMatMul-columns",
        "QLinearMatMul",
        [a, scale(0.02), c.constant(np.uint8(9)), b, *per_column, scale(0.5), c.constant(np.uint8(3))],
        kind=UINT8,
    )
    return c


def convolutions(random):
    c = Cases(20, INPUTS)
    x = c.constant(random.integers(0, 256, (2, 4, 9)).astype(np.uint8))
    head = [x, c.constant(np.float32(0.02)), c.constant(np.uint8(120))]
    tail = [c.constant(np.float32(0.4)), c.constant(np.uint8(100))]
    for group, more in (
        (1, {}),
        (4, {"pads": [4, 0], "dilations": [2]}),
        (2, {"strides": [2], "auto_pad": "SAME_UPPER"}),
    ):
        w = c.constant(random.integers(-128, 128, (8, 4 // group, 3)).astype(np.int8))
        bias = c.constant(random.integers(-9000, 9000, 8).astype(np.int32))
        one = [w, c.constant(np.float32(0.03)), c.constant(np.int8(0))]
        each = [w, c.constant(random.uniform(0.01, 0.05, 8).astype(np.float32)), c.constant(np.zeros(8, np.int8))]
        c.add(f"QLinearConv-{group}", "QLinearConv", [*head, *one, *tail, bias], kind=UINT8, group=group, **more)
        c.add(f"QLinearConv-{group}-each", "QLinearConv", [*head, *each, *tail], kind=UINT8, group=group, **more)
    return c


def blocks(random):
    """GatherBlockQuantized: 4 and 8 bits in bytes, with and without zero points, rows of an odd number of blocks."""
    c = Cases(20, INPUTS)
    for bits, width in ((4, 2), (8, 1)):
        for blocks in (2, 3):
            shape = (11, blocks * 16 // width)
            data = c.constant(random.integers(0, 256, shape).astype(np.uint8))
            scales = c.constant(random.uniform(0.01, 0.1, (11, blocks)).astype(np.float32))
            zeros = c.constant(random.integers(0, 256, (11, -(-blocks // width))).astype(np.uint8))
            for more in ([], [zeros]):
                name = f"Gather-{bits}-{blocks}" + "-zero" * len(more)
                inputs = [data, "ids", scales, *more]
                attributes = {"bits": bits, "block_size": 16, "gather_axis": 0, "quantize_axis": 1}
                c.add(name, "GatherBlockQuantized", inputs, **attributes, **MS)
    return c


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    options = parser.parse_args()
    random = np.random.default_rng(5)
    inputs = {
        name: random.standard_normal(shape, np.float32)
        for name, shape in {
            "x": (2, 5, 8), "y": (2, 5, 8), "left": (2, 3, 5, 4), "right": (2, 3, 4, 6), "image": (2, 6, 3, 4)
        }.items()
    }  # fmt: skip
    inputs["ids"] = random.integers(-11, 11, (2, 3))
    passed = failed = 0
    for cases in (
        fused(random),
        groups(random, 18),
        groups(random, 21),
        quantised(random),
        convolutions(random),
        blocks(random),
    ):
        good, bad = compare(cases, inputs, options.build)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
