#!/usr/bin/env python3
"""Quantises the weights of a model's products: `quantise.py IN.onnx OUT.onnx --bits=4 --block=32`.

Each MatMul whose right side is an initializer [k, n] becomes MatMulNBits of com.microsoft (codes of 4 or 8 bits, a scale and,
with --zero-points, a zero point per block of a column), or, with --columns, a product with DequantizeLinear of signed bytes with a
scale per column. Rounding to the nearest code, nothing calibrated: for timing.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def codes_of(weight, bits, block, with_points):
    """weight [k, n] as (codes [n, q, block * bits / 8] u8, scales [n, q] f32, zero points [n, ceil(q * bits / 8)] u8 or None)."""
    k, n = weight.shape
    blocks = -(-k // block)
    padded = np.zeros((n, blocks * block), np.float32)
    padded[:, :k] = weight.T
    padded = padded.reshape(n, blocks, block)
    top, middle = 2**bits - 1, 2 ** (bits - 1)
    if with_points:
        low, high = np.minimum(padded.min(-1), 0), np.maximum(padded.max(-1), 0)
        scales = np.where(high > low, (high - low) / top, 1).astype(np.float32)
        points = np.rint(-low / scales).astype(np.uint8)
    else:
        scales = np.abs(padded).max(-1) / middle
        scales = np.where(scales > 0, scales, 1).astype(np.float32)
        points = np.full((n, blocks), middle, np.uint8)
    codes = np.clip(np.rint(padded / scales[..., None]) + points[..., None], 0, top).astype(np.uint8)

    def pack(values):
        if bits == 8:
            return values
        if values.shape[-1] % 2:
            values = np.concatenate([values, np.zeros_like(values[..., :1])], -1)
        return values[..., 0::2] | values[..., 1::2] << 4

    return pack(codes), scales, pack(points) if with_points else None


def products(model):
    """(node, weight) of each MatMul with an f32 matrix on the right; the weight as a TensorProto."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.domain in ("", "ai.onnx") and node.input[1] in weights:
            tensor = weights[node.input[1]]
            if len(tensor.dims) == 2 and tensor.data_type == onnx.TensorProto.FLOAT:
                yield node, tensor


def drop_unused(graph):
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def quantise_columns(model):
    """Changes the model; returns how many weights became signed bytes."""
    graph, made = model.graph, []
    for node, tensor in list(products(model)):
        name = tensor.name
        if f"{name}_dequantised" not in (other.output[0] for other in made):
            weight = numpy_helper.to_array(tensor)
            scale = np.abs(weight).max(0) / 127
            scale = np.where(scale > 0, scale, 1).astype(np.float32)
            codes = np.rint(weight / scale).astype(np.int8)
            graph.initializer.append(numpy_helper.from_array(codes, f"{name}_q8"))
            graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
            inputs = [f"{name}_q8", f"{name}_scale"]
            made.append(helper.make_node("DequantizeLinear", inputs, [f"{name}_dequantised"], axis=1))
        node.input[1] = f"{name}_dequantised"
    nodes = made + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    drop_unused(graph)
    return len(made)


def quantise(model, bits, block, with_points):
    """Changes the model; returns how many weights were quantised."""
    graph = model.graph
    done = set()
    for node, tensor in list(products(model)):
        name = tensor.name
        k, n = tensor.dims
        parts = [f"{name}_q{bits}", f"{name}_scales"] + ([f"{name}_points"] if with_points else [])
        if name not in done:
            done.add(name)
            values = codes_of(numpy_helper.to_array(tensor), bits, block, with_points)
            graph.initializer.extend(numpy_helper.from_array(value, part) for value, part in zip(values, parts))
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        del node.input[1:]
        node.input.extend(parts)
        node.attribute.extend(
            helper.make_attribute(*pair) for pair in dict(K=k, N=n, bits=bits, block_size=block).items()
        )
    drop_unused(graph)
    if not any(opset.domain == "com.microsoft" for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return len(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bits", type=int, default=4, choices=(4, 8))
    parser.add_argument("--block", type=int, default=32)
    parser.add_argument("--zero-points", action="store_true")
    parser.add_argument("--columns", action="store_true", help="DequantizeLinear of 8 bits, a scale per column")
    options = parser.parse_args()
    model = onnx.load(options.model)
    if options.columns:
        count = quantise_columns(model)
    else:
        count = quantise(model, options.bits, options.block, options.zero_points)
    onnx.save(model, options.out, save_as_external_data=True, location=options.out.name + ".data", size_threshold=1024)
    print(f"{count} weights quantised")


if __name__ == "__main__":
    main()
