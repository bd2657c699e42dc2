#!/usr/bin/env python3
"""Writes a Bamba with random weights as the graph that mobius-onnx 0.1 exports (prefill and decode in one, states as inputs
and outputs), without PyTorch: `make_model.py mini OUT.onnx`.

The layers, operators and names are the export's; the model-local functions are left out, since their operators are known by
name. Weights go to OUT.onnx.data, so that the model may be larger than a protobuf.
"""

import argparse
import dataclasses
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclasses.dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    attention_layers: tuple
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    mamba_heads: int
    mamba_head_dim: int
    state: int
    vocabulary: int
    groups: int = 1
    conv: int = 4
    positions: int = 4096
    epsilon: float = 1e-5
    theta: float = 10000.0

    @property
    def inner(self):
        return self.mamba_heads * self.mamba_head_dim

    @property
    def conv_channels(self):
        return self.inner + 2 * self.groups * self.state

    @property
    def rotary(self):
        return self.head_dim // 2


CONFIGS = {
    "mini": Config(1024, 8, (3,), 3584, 8, 2, 128, 32, 64, 128, 32000),
    "tiny": Config(256, 4, (2,), 768, 4, 2, 64, 8, 64, 64, 512),
    # Bamba-9B's shape, for tests of memory and time: 20 GB in f32 with 16 layers of it.
    "bamba-9b": Config(4096, 32, (9, 18, 27), 14336, 32, 8, 128, 128, 64, 128, 128256),
}


class Writer:
    """Collects nodes and initializers; weights are streamed to the data file."""

    def __init__(self, path, seed):
        self.random = np.random.default_rng(seed)
        self.data = open(f"{path}.data", "wb")
        self.location = Path(f"{path}.data").name
        self.nodes, self.initializers, self.constants = [], [], {}

    def weight(self, name, array):
        raw = np.ascontiguousarray(array, dtype=np.float32)
        self.data.write(b"\0" * (-self.data.tell() % 64))
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=raw.shape, data_location=TensorProto.EXTERNAL)
        entries = {"location": self.location, "offset": self.data.tell(), "length": raw.nbytes}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        raw.tofile(self.data)
        self.initializers.append(tensor)
        return name

    def normal(self, name, *shape, scale=None):
        scale = 1 / math.sqrt(shape[0]) if scale is None else scale
        return self.weight(name, self.random.standard_normal(shape, dtype=np.float32) * np.float32(scale))

    def constant(self, value, dtype=np.int64):
        array = np.asarray(value, dtype)
        key = f"const_{array.dtype}_{array.tolist()}"
        if key not in self.constants:
            self.constants[key] = key
            self.initializers.append(numpy_helper.from_array(array, key))
        return key

    def node(self, op, inputs, output, domain="", **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{outputs[0]}/{op}", domain=domain, **attributes))
        return outputs[0]


def mamba(w, c, i, x):
    p = f"model.layers.{i}.mamba"
    projected = w.node(
        "MatMul",
        [x, w.normal(f"{p}.in_proj.weight_t", c.hidden, c.inner + c.conv_channels + c.mamba_heads)],
        f"{p}.in_proj",
    )
    sizes = w.constant([c.inner, c.conv_channels, c.mamba_heads])
    w.node("Split", [projected, sizes], [f"{p}.gate", f"{p}.xbc", f"{p}.dt"], axis=-1)
    columns = w.node("Transpose", [f"{p}.xbc"], f"{p}.columns", perm=[0, 2, 1])
    w.node(
        "CausalConvWithState",
        [
            columns,
            w.normal(f"{p}.conv1d.weight", c.conv_channels, 1, c.conv, scale=0.5),
            w.normal(f"{p}.conv1d.bias", c.conv_channels, scale=0.1),
            f"past_key_values.{i}.conv_state",
        ],
        [f"{p}.convolved", f"present.{i}.conv_state"],
        domain="com.microsoft",
        activation="silu",
    )
    rows = w.node("Transpose", [f"{p}.convolved"], f"{p}.rows", perm=[0, 2, 1])
    bc = c.groups * c.state
    w.node("Split", [rows, w.constant([c.inner, bc, bc])], [f"{p}.x", f"{p}.b", f"{p}.c"], axis=-1)
    steps = np.exp(w.random.uniform(math.log(1e-3), math.log(1e-1), c.mamba_heads))
    bias = w.weight(f"{p}.dt_bias", steps + np.log(-np.expm1(-steps)))
    dt = w.node("Softplus", [w.node("Add", [f"{p}.dt", bias], f"{p}.dt_biased")], f"{p}.dt_soft")
    a_log = w.weight(f"{p}.A_log", np.log(w.random.uniform(1, 16, c.mamba_heads)))
    a = w.node("Neg", [w.node("Exp", [a_log], f"{p}.A_exp")], f"{p}.A")
    decay = w.node("Mul", [a, dt], f"{p}.decay")
    heads = w.constant([0, 0, c.mamba_heads, c.mamba_head_dim])
    flat = w.constant([0, 0, c.inner])
    x4 = w.node("Reshape", [f"{p}.x", heads], f"{p}.x4")
    dt4 = w.node("Unsqueeze", [dt, w.constant([-1])], f"{p}.dt4")
    value = w.node("Reshape", [w.node("Mul", [dt4, x4], f"{p}.dtx"), flat], f"{p}.value")
    expanded = []
    for name in ("b", "c"):
        grouped = w.node("Reshape", [f"{p}.{name}", w.constant([0, 0, c.groups, 1, c.state])], f"{p}.{name}5")
        times = w.constant([1, 1, 1, c.mamba_heads // c.groups, 1])
        wide = w.node("Expand", [grouped, times], f"{p}.{name}_wide")
        expanded.append(w.node("Reshape", [wide, w.constant([0, 0, c.mamba_heads * c.state])], f"{p}.{name}_heads"))
    w.node(
        "LinearAttention",
        [expanded[1], expanded[0], value, f"past_key_values.{i}.ssm_state", decay],
        [f"{p}.scanned", f"present.{i}.ssm_state"],
        domain="com.microsoft",
        scale=1.0,
        q_num_heads=c.mamba_heads,
        kv_num_heads=c.mamba_heads,
        update_rule="gated",
    )
    d = w.node("Reshape", [w.weight(f"{p}.D", np.ones(c.mamba_heads)), w.constant([1, 1, c.mamba_heads, 1])], f"{p}.D4")
    skip = w.node("Reshape", [w.node("Mul", [d, x4], f"{p}.Dx4"), flat], f"{p}.Dx")
    y = w.node("Add", [f"{p}.scanned", skip], f"{p}.y")
    gate = w.node("Mul", [f"{p}.gate", w.node("Sigmoid", [f"{p}.gate"], f"{p}.gate_sigmoid")], f"{p}.gate_silu")
    gated = w.node("Mul", [y, gate], f"{p}.gated")
    normed = w.node(
        "RMSNormalization",
        [gated, w.weight(f"{p}.norm.weight", np.ones(c.inner))],
        f"{p}.normed",
        axis=-1,
        epsilon=c.epsilon,
    )
    return w.node("MatMul", [normed, w.normal(f"{p}.out_proj.weight_t", c.inner, c.hidden)], f"{p}.out_proj")


def attention(w, c, i, x):
    p = f"model.layers.{i}.self_attn"
    parts = {}
    for name, heads in (("q", c.heads), ("k", c.kv_heads), ("v", c.kv_heads)):
        weight = w.normal(f"{p}.{name}_proj.weight_t", c.hidden, heads * c.head_dim)
        parts[name] = w.node("MatMul", [x, weight], f"{p}.{name}_proj")
        if name != "v":
            parts[name] = w.node(
                "RotaryEmbedding",
                [parts[name], "cos", "sin"],
                f"{p}.{name}_rotated",
                num_heads=heads,
                rotary_embedding_dim=c.rotary,
                interleaved=0,
            )
    w.node(
        "Attention",
        [parts["q"], parts["k"], parts["v"], "mask_bias", f"past_key_values.{i}.key", f"past_key_values.{i}.value"],
        [f"{p}.attended", f"present.{i}.key", f"present.{i}.value"],
        softcap=0.0,
        kv_num_heads=c.kv_heads,
        q_num_heads=c.heads,
        scale=c.head_dim**-0.5,
        is_causal=1,
    )
    return w.node(
        "MatMul", [f"{p}.attended", w.normal(f"{p}.o_proj.weight_t", c.heads * c.head_dim, c.hidden)], f"{p}.o_proj"
    )


def mlp(w, c, i, x):
    p = f"model.layers.{i}.feed_forward"
    gate = w.node("MatMul", [x, w.normal(f"{p}.gate_proj.weight_t", c.hidden, c.intermediate)], f"{p}.gate")
    silu = w.node("Mul", [gate, w.node("Sigmoid", [gate], f"{p}.sigmoid")], f"{p}.silu")
    up = w.node("MatMul", [x, w.normal(f"{p}.up_proj.weight_t", c.hidden, c.intermediate)], f"{p}.up")
    product = w.node("Mul", [silu, up], f"{p}.product")
    return w.node("MatMul", [product, w.normal(f"{p}.down_proj.weight_t", c.intermediate, c.hidden)], f"{p}.down")


def mask(w):
    """Causal and padding mask as mobius writes it: 0 or the lowest float, [batch, 1, new, past + new]."""
    positions = w.node("CumSum", ["attention_mask", w.constant(1)], "mask_positions")
    keys = w.node("Unsqueeze", [positions, w.constant([1])], "mask_keys")
    new = w.node("Shape", ["input_ids"], "new_length", start=1, end=2)
    total = w.node("Shape", ["attention_mask"], "total_length", start=1, end=2)
    past = w.node("Sub", [total, new], "past_length")
    queries = w.node("Slice", [positions, past, total, w.constant([1])], "mask_slice")
    queries = w.node("Unsqueeze", [queries, w.constant([2])], "mask_queries")
    causal = w.node("GreaterOrEqual", [queries, keys], "mask_causal")
    padding = w.node(
        "Cast", [w.node("Unsqueeze", ["attention_mask", w.constant([1])], "mask_row")], "mask_bool", to=TensorProto.BOOL
    )
    allowed = w.node("And", [padding, causal], "mask_allowed")
    lowest = w.constant(np.finfo(np.float32).min, np.float32)
    bias = w.node("Where", [allowed, w.constant(0, np.float32), lowest], "mask_3d")
    w.node("Unsqueeze", [bias, w.constant([1])], "mask_bias")


def build(c, path, seed=0):
    w = Writer(path, seed)
    h = w.node(
        "Gather", [w.normal("model.embed_tokens.weight", c.vocabulary, c.hidden, scale=1.0), "input_ids"], "embedded"
    )
    angles = np.outer(np.arange(c.positions), c.theta ** (-np.arange(0, c.rotary, 2) / c.rotary))
    for name, function in (("cos", np.cos), ("sin", np.sin)):
        w.node("Gather", [w.weight(f"model.rotary_emb.{name}_cache", function(angles)), "position_ids"], name)
    mask(w)
    x = w.node(
        "RMSNormalization",
        [h, w.weight("model.layers.0.input_layernorm.weight", np.ones(c.hidden))],
        "normed_0",
        axis=-1,
        epsilon=c.epsilon,
    )

    def skip(branch, norm):
        # The fourth output is the new residual stream; the second and third are named by the exporter and unused.
        nonlocal h, x
        outputs = [f"{norm}.normed", f"{norm}.mean", f"{norm}.inv_std", f"{norm}.sum"]
        x = w.node(
            "SkipSimplifiedLayerNormalization",
            [h, branch, w.weight(f"{norm}.weight", np.ones(c.hidden))],
            outputs,
            domain="com.microsoft",
            epsilon=c.epsilon,
        )
        h = outputs[3]

    inputs = [
        ("input_ids", TensorProto.INT64, ["batch", "sequence_len"]),
        ("attention_mask", TensorProto.INT64, ["batch", "past_seq_len + seq_len"]),
        ("position_ids", TensorProto.INT64, ["batch", "sequence_len"]),
    ]
    outputs = [("logits", TensorProto.FLOAT, ["batch", "sequence_len", c.vocabulary])]
    for i in range(c.layers):
        if i in c.attention_layers:
            for name in ("key", "value"):
                dims = ["batch", c.kv_heads, "past_sequence_len", c.head_dim]
                inputs.append((f"past_key_values.{i}.{name}", TensorProto.FLOAT, dims))
                outputs.append(
                    (
                        f"present.{i}.{name}",
                        TensorProto.FLOAT,
                        [*dims[:2], "past_sequence_len + sequence_len", c.head_dim],
                    )
                )
        else:
            for name, dims in (
                ("conv_state", ["batch", c.conv_channels, c.conv - 1]),
                ("ssm_state", ["batch", c.mamba_heads, c.state, c.mamba_head_dim]),
            ):
                inputs.append((f"past_key_values.{i}.{name}", TensorProto.FLOAT, dims))
                outputs.append((f"present.{i}.{name}", TensorProto.FLOAT, dims))
        skip((attention if i in c.attention_layers else mamba)(w, c, i, x), f"model.layers.{i}.pre_ff_layernorm")
        following = f"model.layers.{i + 1}.input_layernorm" if i + 1 < c.layers else "model.final_layernorm"
        skip(mlp(w, c, i, x), following)
    w.node("MatMul", [x, w.normal("lm_head.weight_t", c.hidden, c.vocabulary)], "logits")
    w.data.close()
    graph = helper.make_graph(
        w.nodes,
        "bamba",
        [helper.make_tensor_value_info(*i) for i in inputs],
        [helper.make_tensor_value_info(*o) for o in outputs],
        w.initializers,
    )
    opsets = [helper.make_opsetid("", 24), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=11), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", choices=CONFIGS)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--layers", type=int, help="keep only the first layers")
    options = parser.parse_args()
    config = CONFIGS[options.config]
    if options.layers:
        config = dataclasses.replace(config, layers=options.layers)
    build(config, options.path, options.seed)


if __name__ == "__main__":
    main()
