"""Bamba as mobius-onnx 0.1 exports it: prefill and decode in one graph, states as inputs and outputs. The layers, operators and
names are the export's; the model-local functions are left out, since their operators are known by name."""

import numpy as np
from bamba import Writer
from onnx import TensorProto


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
    bias = w.steps(f"{p}.dt_bias", c.mamba_heads)
    dt = w.node("Softplus", [w.node("Add", [f"{p}.dt", bias], f"{p}.dt_biased")], f"{p}.dt_soft")
    a_log = w.decays(f"{p}.A_log", c.mamba_heads)
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


def build(c, path, seed=0, zeros=False):
    w = Writer(path, seed, zeros)
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
    w.save(path, inputs, outputs, {"": 24, "com.microsoft": 1})
