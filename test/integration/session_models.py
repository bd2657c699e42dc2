"""Two layers of causal attention whose states and other inputs come as exporters have them: the same numbers each time."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, WIDTH, HEADS, SIZE, LAYERS = 61, 24, 2, 12, 2
PLACES = 32  # of a cache of fixed length


def pair_names(layer, style):
    """The inputs and outputs of a layer's keys and values."""
    if style == "plain":
        return [(f"past_key_values.{layer}.{kind}", f"present.{layer}.{kind}") for kind in ("key", "value")]
    if style == "self":
        return [(f"past_{kind}_self_{layer}", f"present_{kind}_self_{layer}") for kind in ("key", "value")]
    if style == "cache":
        return [(f"{kind}_cache.{layer}", f"{kind}_cache_out.{layer}") for kind in ("key", "value")]
    greek = ("delta", "gamma", "beta", "alpha")
    return [(f"a{2 * layer + kind}", greek[2 * layer + kind]) for kind in (0, 1)]  # "nameless"


class Builder:
    def __init__(self, seed=3):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []
        self.constants = {}

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        data = (self.random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        self.weights.append(numpy_helper.from_array(data, name))
        return name

    def constant(self, value, dtype=np.int64):
        key = (str(value), np.dtype(dtype).name)
        if key not in self.constants:
            name = f"c{len(self.constants)}"
            self.constants[key] = numpy_helper.from_array(np.array(value, dtype), name)
        return self.constants[key].name

    def op(self, kind, *inputs, output=None, **attributes):
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], f"n{len(self.nodes)}", **attributes))
        return output

    def input(self, name, dtype, shape):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name, shape, dtype=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def model(self, opset=18):
        weights = self.weights + list(self.constants.values())
        graph = helper.make_graph(self.nodes, "g", self.inputs, self.outputs, weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def make(
    *,
    ids="input_ids",
    logits="logits",
    names="plain",
    stacked=False,
    mask=None,
    mask_name="attention_mask",
    unread_mask=False,
    positions=(),
    static=None,
    keep=None,
    shuffled=False,
    batch="batch",
):
    """positions: of "position_ids", "cache_position", "mrope"; static: "TensorScatter" or "ScatterElements"; keep: a scalar input
    that counts the logits. Without `names` the graph has no states."""
    b = Builder()
    b.input(ids, TensorProto.INT64, [batch, "seq"])
    total = PLACES if static else "total"
    mask_types = {
        "bool": TensorProto.BOOL,
        "int32": TensorProto.INT32,
        "int64": TensorProto.INT64,
        "float32": TensorProto.FLOAT,
    }
    if mask:
        b.input(mask_name, mask_types[mask], [batch, total])
    shapes = {"position_ids": [batch, "seq"], "cache_position": ["seq"], "mrope": [3, batch, "seq"]}
    for name in positions:
        b.input("position_ids" if name == "mrope" else name, TensorProto.INT64, shapes[name])
    if keep:
        b.input(keep, TensorProto.INT64, [])
    if static == "TensorScatter":
        b.input("write_at", TensorProto.INT64, [batch])

    x = b.op("Gather", b.weight(VOCABULARY, WIDTH), ids)
    length = b.op("Gather", b.op("Shape", ids), b.constant(1), axis=0)
    zero, one, places = b.constant(0), b.constant(1), b.constant(PLACES)
    states = []
    causal = None
    for layer in range(LAYERS):
        q, k, v = (
            b.op(
                "Transpose",
                b.op("Reshape", b.op("MatMul", x, b.weight(WIDTH, WIDTH)), b.constant([0, 0, HEADS, SIZE])),
                perm=[0, 2, 1, 3],
            )
            for _ in range(3)
        )
        if names is None:
            keys, values = k, v
        elif stacked:
            past = b.input(f"past_{layer}", TensorProto.FLOAT, [2, batch, HEADS, "past", SIZE])
            both = b.op("Concat", *(b.op("Unsqueeze", t, b.constant([0])) for t in (k, v)), axis=0)
            joined = b.op("Concat", past, both, axis=3, output=f"present_{layer}")
            states.append((f"present_{layer}", [2, batch, HEADS, "total", SIZE]))
            keys, values = (b.op("Gather", joined, b.constant(i), axis=0) for i in (0, 1))
        else:
            grown = []
            for (past, present), new in zip(pair_names(layer, names), (k, v), strict=True):
                b.input(past, TensorProto.FLOAT, [batch, HEADS, PLACES if static else "past", SIZE])
                states.append((present, [batch, HEADS, PLACES if static else "total", SIZE]))
                if static == "TensorScatter":
                    b.op("TensorScatter", past, new, "write_at", axis=2, mode="linear", output=present)
                elif static:
                    at = b.op("Reshape", "cache_position", b.constant([1, 1, -1, 1]))
                    b.op(static, past, b.op("Expand", at, b.op("Shape", new)), new, axis=2, output=present)
                else:
                    b.op("Concat", past, new, axis=2, output=present)
                grown.append(present)
            keys, values = grown
        if causal is None:
            count = places if static else b.op("Gather", b.op("Shape", keys), b.constant(2), axis=0)
            columns = b.op("Range", zero, count, one)
            first = {"TensorScatter": "write_at"}.get(static)
            if first:  # [b, s]
                at = b.op("Add", b.op("Unsqueeze", first, b.constant([1])), b.op("Range", zero, length, one))
            elif "mrope" in positions:
                at = b.op("Gather", "position_ids", b.constant(1), axis=0)
            elif positions:
                at = positions[0]
            else:
                at = b.op("Range", b.op("Sub", count, length), count, one)
            causal = b.op("LessOrEqual", columns, b.op("Unsqueeze", at, b.constant([-1])))  # [.., s, t]
            if first or "position_ids" in positions or "mrope" in positions:
                causal = b.op("Unsqueeze", causal, b.constant([1]))
            if mask and not unread_mask:
                shown = mask_name if mask == "bool" else b.op("Cast", mask_name, to=TensorProto.BOOL)
                causal = b.op("And", causal, b.op("Unsqueeze", shown, b.constant([1, 2])))
            for name in positions[1:]:  # read, so that it must be right
                ok = b.op("Equal", b.op("Unsqueeze", name, b.constant([-1])), b.op("Unsqueeze", at, b.constant([-1])))
                causal = b.op("And", causal, b.op("Unsqueeze", ok, b.constant([1])) if name != "mrope" else ok)
        scores = b.op("MatMul", q, b.op("Transpose", keys, perm=[0, 1, 3, 2]))
        scores = b.op("Mul", scores, b.constant(SIZE**-0.5, np.float32))
        scores = b.op("Where", causal, scores, b.constant(-1e9, np.float32))
        mixed = b.op("Transpose", b.op("MatMul", b.op("Softmax", scores, axis=-1), values), perm=[0, 2, 1, 3])
        mixed = b.op("Reshape", mixed, b.constant([0, 0, WIDTH]))
        x = b.op("Add", x, b.op("MatMul", mixed, b.weight(WIDTH, WIDTH)))
    if keep:
        start = b.op("Unsqueeze", b.op("Neg", keep), b.constant([0]))
        x = b.op("Slice", x, start, b.constant([2**62]), b.constant([1]))
    b.op("MatMul", x, b.weight(WIDTH, VOCABULARY), output=logits)
    b.output(logits, [batch, "kept", VOCABULARY])
    for name, shape in reversed(states) if shuffled else states:
        b.output(name, shape)
    model = b.model(24 if static == "TensorScatter" else 18)
    onnx.checker.check_model(model)
    return model
