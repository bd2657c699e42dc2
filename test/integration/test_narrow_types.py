#!/usr/bin/env python3
"""Weights of 2 and 4-bit integers and of floats of 4 and 8 bits: products, lookups, and what they are dequantised to.

Against ONNX Runtime where it has the operator for the type, otherwise against what numpy makes of the definition. Each weight is tried
as raw data and as int32_data, and large enough to stay in the file.
"""

import argparse
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from onnx import TensorProto
from operators import Cases, compare

FLOAT = TensorProto.FLOAT
INPUTS = {"x": (FLOAT, ["batch", 64]), "odd": (FLOAT, ["batch", 5]), "wide": (FLOAT, ["batch", 400])}
INTEGERS = {
    "INT4": (ml_dtypes.int4, -8, 7),
    "UINT4": (ml_dtypes.uint4, 0, 15),
    "INT2": (ml_dtypes.int2, -2, 1),
    "UINT2": (ml_dtypes.uint2, 0, 3),
    "INT8": (np.int8, -128, 127),
    "UINT8": (np.uint8, 0, 255),
}
FLOATS = {
    "FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "FLOAT8E5M2": ml_dtypes.float8_e5m2,
    "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "FLOAT4E2M1": ml_dtypes.float4_e2m1fn,
}


def packed(values, bits):
    """The bytes of codes, the low bits first."""
    codes = np.asarray(values).astype(np.int64).reshape(-1) & ((1 << bits) - 1)
    codes = np.append(codes, np.zeros(-len(codes) % (8 // bits), np.int64)).reshape(-1, 8 // bits)
    return (codes << (bits * np.arange(8 // bits))).sum(1).astype(np.uint8)


def tensor(kind, values, raw=True):
    """An initializer of an element type by name."""
    values = np.asarray(values)
    kind_number = TensorProto.DataType.Value(kind)
    if kind in FLOATS:
        stored = values.astype(FLOATS[kind]).view(np.uint8).reshape(-1)
        stored = packed(stored, 4) if kind == "FLOAT4E2M1" else stored
    else:
        stored = packed(values, int(kind.lstrip("UINT")))
    proto = TensorProto(data_type=kind_number, dims=values.shape)
    if raw:
        proto.raw_data = stored.tobytes()
    else:
        proto.int32_data.extend(stored.astype(int).tolist())
    return proto


def scale(random, *shape):
    return random.uniform(0.01, 0.1, shape).astype(np.float32)


def integers(random, kind, shape):
    _, least, most = INTEGERS[kind]
    return random.integers(least, most + 1, shape)


def products(random):
    """DequantizeLinear by blocks, columns or as a whole, and a product."""
    c = Cases(21, INPUTS)
    for kind in ("INT4", "UINT4", "INT8", "UINT8"):
        for zero in (False, True):
            for raw in (True, False):
                name = f"{kind}-{'zero' if zero else 'plain'}-{'raw' if raw else 'typed'}"
                for n in (40, 7):
                    w = c.constant(tensor(kind, integers(random, kind, (64, n)), raw))
                    z = [c.constant(tensor(kind, integers(random, kind, (2, n)), raw))] if zero else []
                    s = c.constant(scale(random, 2, n))
                    c.add(f"d-{name}-{n}", "DequantizeLinear", [w, s, *z], shown=[], axis=0, block_size=32)
                    c.add(f"{name}-{n}", "MatMul", ["x", f"d-{name}-{n}.0"])
                # [n, k], transposed.
                w = c.constant(tensor(kind, integers(random, kind, (24, 64)), raw))
                z = [c.constant(tensor(kind, integers(random, kind, (24, 4)), raw))] if zero else []
                s = c.constant(scale(random, 24, 4))
                c.add(f"dt-{name}", "DequantizeLinear", [w, s, *z], shown=[], axis=1, block_size=16)
                c.add(f"t-{name}", "Transpose", [f"dt-{name}.0"], shown=[], perm=[1, 0])
                c.add(f"{name}-transposed", "MatMul", ["x", f"t-{name}.0"])
                bias = c.constant(scale(random, 24))
                c.add(f"{name}-gemm", "Gemm", ["x", f"dt-{name}.0", bias], transB=1)
        # The last block is shorter, and read by another operator too.
        w = c.constant(tensor(kind, integers(random, kind, (400, 9))))
        s = c.constant(scale(random, 4, 9))
        c.add(f"d-{kind}-short", "DequantizeLinear", [w, s], axis=0, block_size=128)
        c.add(f"{kind}-short", "MatMul", ["wide", f"d-{kind}-short.0"])
        # An odd number of elements; one scale per column, and one for all.
        w = c.constant(tensor(kind, integers(random, kind, (5, 7))))
        c.add(f"d-{kind}-odd", "DequantizeLinear", [w, c.constant(scale(random, 7))], shown=[], axis=1)
        c.add(f"{kind}-odd", "MatMul", ["odd", f"d-{kind}-odd.0"])
        w = c.constant(tensor(kind, integers(random, kind, (400, 350))))
        c.add(f"d-{kind}-large", "DequantizeLinear", [w, c.constant(np.float32(0.01))], shown=[])
        c.add(f"{kind}-large", "MatMul", ["wide", f"d-{kind}-large.0"])
    for kind in ("INT4", "UINT4"):
        zero = c.constant(tensor(kind, 3))
        c.add(f"q-{kind}", "QuantizeLinear", ["x", c.constant(np.float32(0.3)), zero], shown=[])
        c.add(f"q-{kind}-back", "DequantizeLinear", [f"q-{kind}.0", c.constant(np.float32(0.3)), zero])
        data = c.constant(tensor(kind, integers(random, kind, (11, 48))))
        s, z = c.constant(scale(random, 11, 3)), c.constant(tensor(kind, integers(random, kind, (11, 3))))
        ids = c.constant(np.array([[0, 10, 3], [4, 4, 9]]))
        for more in ([], [z]):
            inputs = [data, ids, s, *more]
            where = {"block_size": 16, "gather_axis": 0, "quantize_axis": 1, "domain": "com.microsoft"}
            c.add(f"Gather-{kind}-{len(more)}", "GatherBlockQuantized", inputs, **where)
    return c, None


def floats(random, inputs):
    """DequantizeLinear of floats, whose wanted values are numpy's."""
    c, wanted = Cases(25, INPUTS), {}
    for kind, dtype in FLOATS.items():
        for raw in (True, False):
            values = random.standard_normal((64, 24)).astype(np.float32).astype(dtype)
            w = c.constant(tensor(kind, values, raw))
            for name, s, attributes in (
                ("whole", scale(random), {}),
                ("columns", scale(random, 24), {"axis": 1}),
                ("rows", scale(random, 64), {"axis": 0}),
                ("blocks", scale(random, 4, 24), {"axis": 0, "block_size": 16}),
            ):
                full = s if s.ndim == 0 else s[:, None] if name == "rows" else s
                full = np.repeat(s, 16, axis=0) if name == "blocks" else full
                title = f"{kind}-{name}-{'raw' if raw else 'typed'}"
                c.add(f"d-{title}", "DequantizeLinear", [w, c.constant(s)], **attributes)
                c.add(title, "MatMul", ["x", f"d-{title}.0"])
                wanted[f"d-{title}.0"] = (values.astype(np.float32) * full).astype(np.float32)
                wanted[f"{title}.0"] = inputs["x"] @ wanted[f"d-{title}.0"]
    for kind in ("INT2", "UINT2"):
        values = integers(random, kind, (64, 24))
        c.add(f"d-{kind}", "DequantizeLinear", [c.constant(tensor(kind, values)), c.constant(np.float32(0.5))])
        wanted[f"d-{kind}.0"] = values.astype(np.float32) * np.float32(0.5)
    # Every value of a type, infinities and NaN included.
    for kind, dtype in FLOATS.items():
        count = 16 if kind == "FLOAT4E2M1" else 256
        values = np.arange(count, dtype=np.uint8).view(dtype)
        c.add(f"all-{kind}", "DequantizeLinear", [c.constant(tensor(kind, values)), c.constant(np.float32(1))])
        wanted[f"all-{kind}.0"] = values.astype(np.float32)
    return c, wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    options = parser.parse_args()
    random = np.random.default_rng(3)
    inputs = {
        "x": random.standard_normal((3, 64), np.float32),
        "odd": random.standard_normal((3, 5), np.float32),
        "wide": random.standard_normal((3, 400), np.float32),
    }
    passed = failed = 0
    for cases, wanted in (products(random), floats(random, inputs)):
        good, bad = compare(cases, inputs, options.build, wanted=wanted)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
