"""Bamba as torch.onnx.export(dynamo=True) traces the Hugging Face model: the chunked scan of Mamba2 (Dao and Gu 2024, "Transformers
are SSMs", section 6) taken apart, causal masks from comparisons of positions, no state. Two generations: `einsum` (transformers
from 5.18) and `reduce` (before: each contraction is a product and a sum). Opset 20; names of weights are those of mobius_form.
"""

import numpy as np
from bamba import Writer
from onnx import TensorProto

LOWEST = np.finfo(np.float32).min


class Traced:
    """Shorthand for the operators that traces are made of. Values are named by a counter, as the exporter names them."""

    def __init__(self, writer, config, generation):
        self.w, self.c, self.generation = writer, config, generation
        self.count = 0

    def op(self, op, *inputs, outputs=1, **attributes):
        names = []
        for _ in range(outputs):
            names.append(f"val_{self.count}")
            self.count += 1
        self.w.node(op, list(inputs), names, **attributes)
        return names[0] if outputs == 1 else names

    def ints(self, *values):
        return self.w.constant(list(values))

    def integer(self, value):
        return self.w.constant(value)

    def real(self, value):
        return self.w.constant(value, np.float32)

    def vector(self, *parts):
        """A shape: numbers, and names of vectors of one element."""
        parts = [p if isinstance(p, str) else self.ints(p) for p in parts]
        return self.op("Concat", *parts, axis=0)

    def reshape(self, x, *shape):
        return self.op("Reshape", x, self.vector(*shape), allowzero=1)

    def unsqueeze(self, x, *axes):
        return self.op("Unsqueeze", x, self.ints(*axes))

    def transpose(self, x, *perm):
        return self.op("Transpose", x, perm=list(perm))

    def slice(self, x, begin, end, axis):
        begin, end = (p if isinstance(p, str) else self.ints(p) for p in (begin, end))
        return self.op("Slice", x, begin, end, self.ints(axis), self.ints(1))

    def sum_of_product(self, a, a_axes, b, b_axes, axis):
        """One contraction of the reduce generation: both factors get new axes, are multiplied, and summed over one."""
        product = self.op("Mul", self.unsqueeze(a, *a_axes), self.unsqueeze(b, *b_axes) if b_axes else b)
        return self.op("ReduceSum", product, self.ints(axis), keepdims=0)

    def rms(self, x, weight):
        square = self.op("Pow", x, self.real(2.0))
        mean = self.op("ReduceMean", square, self.ints(-1), keepdims=1)
        root = self.op("Sqrt", self.op("Add", mean, self.real(self.c.epsilon)))
        return self.op("Mul", weight, self.op("Mul", x, self.op("Reciprocal", root)))

    def silu(self, x):
        return self.op("Mul", x, self.op("Sigmoid", x))

    def linear(self, x, name, rows, columns):
        return self.op("MatMul", x, self.w.normal(name, rows, columns))


class Shapes:
    """What the graph computes once of the input's shape."""

    def __init__(self, t):
        q = t.c.chunk
        self.batch = t.op("Shape", "input_ids", start=0, end=1)
        self.length = t.op("Shape", "input_ids", start=1, end=2)
        self.scalar = t.op("Squeeze", self.length)
        chunk = t.integer(q)
        rest = t.op("Mod", self.scalar, chunk, fmod=0)
        missing = t.op("Mod", t.op("Add", chunk, t.op("Mul", t.integer(-1), rest)), chunk, fmod=0)
        chunks = t.op("Div", t.op("Add", self.scalar, missing), chunk)
        self.missing = t.op("Reshape", missing, t.ints(-1))
        self.chunks = t.op("Reshape", chunks, t.ints(-1))
        self.more_chunks = t.op("Reshape", t.op("Add", t.integer(1), chunks), t.ints(-1))
        kept = t.op("Min", self.scalar, t.op("Mul", chunk, chunks))
        width = t.op("Div", t.op("Mul", t.integer(t.c.inner), kept), self.scalar)
        self.inner = t.op("Reshape", width, t.ints(-1))
        lower = np.tril(np.ones((q, q), bool))
        self.above = t.w.constant(~lower, bool)
        self.on_or_above = t.w.constant(~np.tril(np.ones((q, q), bool), -1), bool)
        self.arange = t.op("Range", t.integer(0), self.scalar, t.integer(1))


def chunked_scan(t, s, x, dt, b, c, a, d):
    """x [b, s, h, p], dt [b, s, h], b and c [b, s, h, n], a [h], d [h, 1] → [b, s, h, p]."""
    cfg, zero, infinity = t.c, t.real(0.0), t.real(-np.inf)
    h, p, n, q = cfg.mamba_heads, cfg.mamba_head_dim, cfg.state, cfg.chunk
    einsum = t.generation == "einsum"
    pads4 = t.vector(0, 0, 0, 0, 0, s.missing, 0, 0)
    skip = t.op("Mul", d, t.op("Pad", x, pads4, zero, mode="constant"))
    value = t.op("Mul", x, t.unsqueeze(dt, 3))
    decay = t.op("Mul", a, dt)
    value = t.reshape(t.op("Pad", value, pads4, zero, mode="constant"), s.batch, s.chunks, q, h, p)
    pads3 = t.vector(0, 0, 0, 0, s.missing, 0)
    decay = t.reshape(t.op("Pad", decay, pads3, zero, mode="constant"), s.batch, -1, q, h)
    b = t.reshape(t.op("Pad", b, pads4, zero, mode="constant"), s.batch, -1, q, h, n)
    c = t.reshape(t.op("Pad", c, pads4, zero, mode="constant"), s.batch, -1, q, h, n)
    decay = t.transpose(decay, 0, 3, 1, 2)
    total = t.op("CumSum", decay, t.integer(-1))
    # Within a chunk.
    wide = t.op("Expand", t.unsqueeze(decay, 4), t.vector(s.batch, h, s.chunks, q, q))
    segments = t.op("CumSum", t.op("Where", s.on_or_above, zero, wide), t.integer(-2))
    lower = t.op("Exp", t.op("Where", s.above, infinity, segments))
    if einsum:
        scores = t.op("Einsum", c, b, equation="bclhn,bcshn->bclsh")
        scores = t.op("Mul", scores, t.transpose(lower, 0, 2, 3, 4, 1))
        diagonal = t.op("Einsum", scores, value, equation="bclsh,bcshp->bclhp")
    else:
        scores = t.sum_of_product(c, [3], b, [2], -1)
        scores = t.sum_of_product(scores, [5], t.transpose(lower, 0, 2, 3, 4, 1), [5], -1)
        diagonal = t.sum_of_product(scores, [5], value, [2], 3)
    # What each chunk adds to the state.
    last = t.slice(total, -1, np.iinfo(np.int64).max, 3)
    to_end = t.op("Exp", t.op("Sub", last, total))
    weighted = t.op("Mul", b, t.unsqueeze(t.transpose(to_end, 0, 2, 3, 1), 4))
    if einsum:
        states = t.op("Einsum", weighted, value, equation="bclhn,bclhp->bchpn")
    else:
        states = t.sum_of_product(weighted, [4], value, [5], 2)
    # The states that enter the chunks.
    first = t.op("Shape", t.slice(states, 0, 1, 1), start=0)
    states = t.op("Concat", t.op("Expand", zero, first), states, axis=1)
    ends = t.op("Gather", total, t.integer(-1), axis=3)
    ends = t.op("Pad", ends, t.ints(0, 0, 1, 0, 0, 0), zero, mode="constant")
    ends = t.op("Expand", t.unsqueeze(ends, 3), t.vector(s.batch, h, s.more_chunks, s.more_chunks))
    ones = t.op("Expand", t.w.constant(True, bool), t.vector(s.more_chunks, s.more_chunks))
    strictly = t.op("Not", t.op("Trilu", ones, t.integer(-1), upper=0))
    segments = t.op("CumSum", t.op("Where", strictly, zero, ends), t.integer(-2))
    above = t.op("Not", t.op("Trilu", ones, t.integer(0), upper=0))
    between = t.transpose(t.op("Exp", t.op("Where", above, infinity, segments)), 0, 3, 2, 1)
    if einsum:
        entering = t.op("Einsum", between, states, equation="bzch,bzhpn->bchpn")
    else:
        entering = t.sum_of_product(between, [4, 5], states, [2], 1)
    entering = t.slice(entering, 0, -1, 1)
    from_start = t.unsqueeze(t.transpose(t.op("Exp", total), 0, 2, 3, 1), 4)
    if einsum:
        carried = t.op("Einsum", c, entering, equation="bclhn,bchpn->bclhp")
    else:
        carried = t.sum_of_product(c, [4], entering, [2], -1)
    y = t.op("Add", diagonal, t.op("Mul", carried, from_start))
    y = t.op("Add", t.reshape(y, s.batch, -1, h, p), skip)
    return t.slice(y, 0, s.length, 1)


def mamba(t, s, i, x):
    c, w, name = t.c, t.w, f"model.layers.{i}.mamba"
    h, p, n = c.mamba_heads, c.mamba_head_dim, c.state
    projected = t.linear(x, f"{name}.in_proj.weight_t", c.hidden, c.inner + c.conv_channels + h)
    gate, xbc, dt = t.op("Split", projected, t.ints(c.inner, c.conv_channels, h), axis=2, outputs=3)
    convolved = t.op(
        "Conv",
        t.transpose(xbc, 0, 2, 1),
        w.normal(f"{name}.conv1d.weight", c.conv_channels, 1, c.conv, scale=0.5),
        w.normal(f"{name}.conv1d.bias", c.conv_channels, scale=0.1),
        group=c.conv_channels,
        pads=[c.conv - 1, c.conv - 1],
        kernel_shape=[c.conv],
        strides=[1],
        dilations=[1],
    )
    xbc = t.transpose(t.silu(t.slice(convolved, 0, s.length, 2)), 0, 2, 1)
    bc = c.groups * n
    x, b, cc = t.op("Split", xbc, t.ints(c.inner, bc, bc), axis=2, outputs=3)
    x = t.reshape(x, s.batch, s.length, h, p)
    groups = []
    for value in (b, cc):
        value = t.unsqueeze(t.reshape(value, s.batch, s.length, c.groups, n), 3)
        wide = t.op("Expand", value, t.ints(1, 1, 1, h // c.groups, 1))
        groups.append(t.op("Reshape", wide, t.vector(s.batch, s.length, -1, n)))
    biased = t.op("Add", dt, w.steps(f"{name}.dt_bias", h))
    dt = t.op("Where", t.op("Greater", biased, t.real(20.0)), biased, t.op("Softplus", biased))
    dt = t.op("Clip", dt, t.real(0.0), t.real(np.inf))
    # exp and negation of A_log are folded by the exporter.
    a_log = np.log(w.random(f"{name}.A_log").uniform(1, 16, h)).astype(np.float32)
    a = w.weight(f"{name}.A", -np.exp(a_log))
    d = w.weight(f"{name}.D", np.ones((h, 1)))
    y = chunked_scan(t, s, x, dt, groups[0], groups[1], a, d)
    y = t.reshape(y, s.batch, s.length, s.inner)
    gated = t.op("Mul", y, t.silu(gate))
    normed = t.rms(gated, w.weight(f"{name}.norm.weight", np.ones(c.inner)))
    return t.linear(normed, f"{name}.out_proj.weight_t", c.inner, c.hidden)


def rotate(t, x, cos, sin, width):
    turned, rest = t.slice(x, 0, width, 3), t.slice(x, width, np.iinfo(np.int64).max, 3)
    first, second = t.slice(turned, 0, width // 2, 3), t.slice(turned, width // 2, np.iinfo(np.int64).max, 3)
    half = t.op("Concat", t.op("Neg", second), first, axis=-1)
    turned = t.op("Add", t.op("Mul", turned, cos), t.op("Mul", half, sin))
    return t.op("Concat", turned, rest, axis=-1)


def attention(t, s, i, x, cos, sin, bias):
    c, name = t.c, f"model.layers.{i}.self_attn"
    parts = []
    for part, heads in (("q", c.heads), ("k", c.kv_heads), ("v", c.kv_heads)):
        flat = t.linear(x, f"{name}.{part}_proj.weight_t", c.hidden, heads * c.head_dim)
        parts.append(t.transpose(t.reshape(flat, s.batch, s.length, -1, c.head_dim), 0, 2, 1, 3))
    q, k, v = parts
    q, k = (rotate(t, part, cos, sin, c.rotary) for part in (q, k))
    repeated = []
    for part in (k, v):
        shape = t.vector(s.batch, c.kv_heads, c.heads // c.kv_heads, s.length, c.head_dim)
        wide = t.op("Expand", t.unsqueeze(part, 2), shape)
        repeated.append(t.reshape(wide, s.batch, c.heads, s.length, c.head_dim))
    scale = t.real(c.head_dim**-0.25)
    scores = t.op("MatMul", t.op("Mul", q, scale), t.op("Mul", t.transpose(repeated[0], 0, 1, 3, 2), scale))
    weights = t.op("Softmax", t.op("Add", scores, bias), axis=-1)
    weights = t.op("Where", t.op("IsNaN", weights), t.real(0.0), weights)
    attended = t.transpose(t.op("MatMul", weights, repeated[1]), 0, 2, 1, 3)
    attended = t.reshape(attended, s.batch, s.length, -1)
    return t.linear(attended, f"{name}.o_proj.weight_t", c.heads * c.head_dim, c.hidden)


def mlp(t, i, x):
    c, name = t.c, f"model.layers.{i}.feed_forward"
    gate = t.silu(t.linear(x, f"{name}.gate_proj.weight_t", c.hidden, c.intermediate))
    up = t.linear(x, f"{name}.up_proj.weight_t", c.hidden, c.intermediate)
    return t.linear(t.op("Mul", gate, up), f"{name}.down_proj.weight_t", c.intermediate, c.hidden)


def build(c, path, seed=0, zeros=False, generation="einsum"):
    w = Writer(path, seed, zeros)
    t = Traced(w, c, generation)
    s = Shapes(t)
    h = t.op("Gather", w.normal("model.embed_tokens.weight", c.vocabulary, c.hidden, scale=1.0), "input_ids", axis=0)
    positions = t.op("Cast", t.unsqueeze(s.arange, 0, 2), to=TensorProto.FLOAT)
    frequencies = c.theta ** (-np.arange(0, c.rotary, 2) / c.rotary)
    angles = t.op("Mul", positions, w.weight("model.rotary_emb.inv_freq", frequencies))
    angles = t.op("Concat", angles, angles, axis=-1)
    cos, sin = (t.unsqueeze(t.op(function, angles), 1) for function in ("Cos", "Sin"))
    allowed = t.op("LessOrEqual", t.unsqueeze(s.arange, 0, 1, 2), t.unsqueeze(s.arange, 0, 1, 3))
    bias = t.op("Where", allowed, t.real(0.0), t.real(LOWEST))
    for i in range(c.layers):
        x = t.rms(h, w.weight(f"model.layers.{i}.input_layernorm.weight", np.ones(c.hidden)))
        mixed = attention(t, s, i, x, cos, sin, bias) if i in c.attention_layers else mamba(t, s, i, x)
        h = t.op("Add", h, mixed)
        x = t.rms(h, w.weight(f"model.layers.{i}.pre_ff_layernorm.weight", np.ones(c.hidden)))
        h = t.op("Add", h, mlp(t, i, x))
    x = t.rms(h, w.weight("model.final_layernorm.weight", np.ones(c.hidden)))
    w.node("MatMul", [x, w.normal("lm_head.weight_t", c.hidden, c.vocabulary)], "logits")
    inputs = [("input_ids", TensorProto.INT64, ["batch", "seq"])]
    outputs = [("logits", TensorProto.FLOAT, ["batch", "seq", c.vocabulary])]
    w.save(path, inputs, outputs, {"": 20})
