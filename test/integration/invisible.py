"""Edits of ONNX graphs that a comparison of floats on ordinary inputs cannot see: far limits, saturations, roundings hidden by a scale,
branches that are never taken, factors and terms near the last bit. `edit(base, random)` makes one."""

import copy
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper
from probe import floats_of

#: A value that these make needs no far limit: it is one already.
BOUNDED = {"Sigmoid", "Tanh", "Softmax", "Sin", "Cos"}
#: Positive as they are made: an absolute value changes nothing.
POSITIVE = {"Exp", "Sigmoid", "Softplus", "Softmax", "Sqrt", "Reciprocal", "Abs", "Pow", "ReduceMean", "Clip"}


@dataclass
class Edit:
    text: str
    model: onnx.ModelProto
    family: str = ""


#: What these give of a value is the same after any edit.
UNMOVED = {"Shape", "IsNaN"}
#: These give the elements that they get.
MOVEMENT = {"Unsqueeze", "Squeeze", "Reshape", "Transpose", "Expand", "Slice", "Split", "Gather", "Identity", "Tile"}


class Impossible(Exception):
    """The base has no place for such an edit."""


def choose(random, options):
    if not options:
        raise Impossible
    return options[random.integers(len(options))]


class Patch:
    """A copy of a model in which values are replaced by functions of themselves."""

    def __init__(self, model):
        self.model = copy.deepcopy(model)
        self.nodes = []

    def number(self, value, name=None):
        name = name or f"invisible_{len(self.model.graph.initializer)}"
        self.model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def op(self, kind, *inputs):
        name = f"invisible_{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name))
        return name

    def insert(self, value, result, consumer=None):
        """The new nodes behind the one that makes `value`; `result` stands for it in all uses, or in those of one node."""
        graph = self.model.graph
        at = next(i for i, node in enumerate(graph.node) if value in node.output)
        if consumer is None:
            raw = value + "_before"
            for node in graph.node:
                for index, name in enumerate(node.input):
                    if name == value:
                        node.input[index] = result
            producer = graph.node[at]
            if value in {output.name for output in graph.output}:
                producer.output[list(producer.output).index(value)] = raw
                for node in self.nodes:
                    node.input[:] = [raw if name == value else name for name in node.input]
                    node.output[:] = [value if name == result else name for name in node.output]
                for node in graph.node:
                    node.input[:] = [value if name == result else name for name in node.input]
        else:
            node = graph.node[consumer]
            node.input[:] = [result if name == value else name for name in node.input]
        for offset, node in enumerate(self.nodes):
            graph.node.insert(at + 1 + offset, node)
        return self.model


def place(base, random, allowed=lambda value: True):
    """(a float value inside a mixer that the base raises, the node that alone reads the edited one or None, text)."""
    kind = choose(random, sorted({mixer.kind for mixer in base.mixers}))
    mixer = choose(random, [mixer for mixer in base.mixers if mixer.kind == kind])
    values = [
        (output, node)
        for node in mixer.nodes
        for output in node.output
        if output in base.values and base.values[output].largest > 0 and allowed(base.values[output])
    ]
    value, node = choose(random, values)
    consumers = [
        i
        for i, other in enumerate(base.model.graph.node)
        if value in other.input and other.op_type not in UNMOVED and base.live.intersection(other.output)
    ]
    consumer = None
    text = f"{value} ({node.op_type}, in the {kind} up to {mixer.nodes[0].name})"
    if len(consumers) > 1 and random.integers(2):
        consumer = choose(random, consumers)
        text += f", as {base.model.graph.node[consumer].op_type} {base.model.graph.node[consumer].name} reads it"
    return value, consumer, text


def far(random, largest):
    """A limit far beyond `largest`, though not so far that what is below its negative hides keys."""
    exponent = choose(random, [e for e in (4, 6, 8, 12, 20, 28) if 10.0**e > 30 * largest])
    return float(np.float32((1 + random.integers(1, 8000) / 8192) * 10.0**exponent))


def free(value):
    """Whether larger inputs may make the value large."""
    return value.kind not in BOUNDED


def far_clip(base, random):
    value, consumer, text = place(base, random, free)
    limit = far(random, base.values[value].largest)
    patch = Patch(base.model)
    result = patch.op("Clip", value, patch.number(-limit), patch.number(limit))
    return Edit(f"{text}: cut at +-{limit:.4g}", patch.insert(value, result, consumer))


def far_bound(base, random):
    value, consumer, text = place(base, random, free)
    known = base.values[value]
    limit, patch = far(random, known.largest), Patch(base.model)
    above = known.smallest >= 0 or bool(random.integers(2))
    bound = limit if above else -limit
    result = patch.op("Min" if above else "Max", value, patch.number(bound))
    return Edit(f"{text}: not {'above' if above else 'below'} {bound:.4g}", patch.insert(value, result, consumer))


def far_select(base, random):
    value, consumer, text = place(base, random, free)
    limit, patch = far(random, base.values[value].largest), Patch(base.model)
    beyond = patch.op("Greater", value, patch.number(limit))
    result = patch.op("Where", beyond, patch.op("Neg", value), value)
    return Edit(f"{text}: negated above {limit:.4g}", patch.insert(value, result, consumer))


def saturate(base, random):
    value, consumer, text = place(base, random, lambda v: free(v) and v.largest < 1e4)
    patch = Patch(base.model)
    small = float(np.float32(2.0**-30 * (1 + random.integers(1, 64) / 64)))
    bent = patch.op("Tanh", patch.op("Mul", value, patch.number(small)))
    result = patch.op("Div", bent, patch.number(small))
    return Edit(f"{text}: tanh(x * {small:.4g}) / {small:.4g}", patch.insert(value, result, consumer))


def hidden_rounding(base, random):
    value, consumer, text = place(base, random)
    patch, rounding = Patch(base.model), ("Floor", "Round", "Ceil")[random.integers(3)]
    rounded = patch.op(rounding, patch.op("Mul", value, patch.number(2.0**40)))
    result = patch.op("Mul", rounded, patch.number(2.0**-40))
    return Edit(f"{text}: {rounding.lower()}(x * 2^40) / 2^40", patch.insert(value, result, consumer))


def small_factor(base, random):
    value, consumer, text = place(base, random)
    patch = Patch(base.model)
    result = patch.op("Mul", value, patch.number(1 + 2.0**-20))
    return Edit(f"{text}: times 1 + 2^-20", patch.insert(value, result, consumer))


def small_term(base, random):
    value, consumer, text = place(base, random)
    size = float(np.float32(1e-7 * (1 + random.integers(1, 64) / 64)))
    patch = Patch(base.model)
    result = patch.op("Add", value, patch.op("Mul", value, patch.number(size)))
    return Edit(f"{text}: plus {size:.3g} times itself", patch.insert(value, result, consumer))


def absolute(base, random):
    """Of a value that is positive (or negative: then minus the absolute one), though nothing makes it so."""

    def allowed(value):
        return value.kind not in POSITIVE and (value.smallest >= 0 or value.greatest <= 0)

    value, consumer, text = place(base, random, allowed)
    source = base.makers[value]
    while source.op_type in MOVEMENT and source.input[0] in base.makers:
        source = base.makers[source.input[0]]
    if source.op_type in POSITIVE:
        raise Impossible
    positive = base.values[value].smallest >= 0
    patch = Patch(base.model)
    result = patch.op("Abs", value)
    if not positive:
        result = patch.op("Neg", result)
    return Edit(f"{text}: {'' if positive else '-'}abs(x)", patch.insert(value, result, consumer))


def replace_constant(base, random, places, change):
    """One constant operand becomes another number. `places` are (node index, operand index)."""
    at, index = choose(random, places)
    patch = Patch(base.model)
    node = patch.model.graph.node[at]
    old = floats_of(base.model)[node.input[index]]
    new = np.float32(change(float(old.reshape(-1)[0])))
    node.input[index] = patch.number(np.full(old.shape, new), "invisible")
    return patch.model, f"{node.op_type} {node.name}", float(old.reshape(-1)[0]), float(new)


def scalars(base, wanted):
    known = floats_of(base.model)
    return [
        (at, index)
        for at, node in enumerate(base.model.graph.node)
        for index, name in enumerate(node.input)
        if name in known and known[name].size == 1 and wanted(node, index, float(known[name].reshape(-1)[0]))
    ]


def epsilon(base, random):
    places = scalars(base, lambda node, index, x: node.op_type == "Add" and 0 < x < 1e-3)
    change = 1 + random.integers(8, 64) / 4096
    model, text, old, new = replace_constant(base, random, places, lambda x: x * change)
    return Edit(f"{text}: epsilon {old:.6g} becomes {new:.6g}", model)


def threshold(base, random):
    """Above it softplus(x) is x: at 19 still so in f32, but no longer in exact arithmetic by far."""
    places = scalars(base, lambda node, index, x: node.op_type == "Greater" and x == 20)
    to = float(np.float32(18.5 + random.integers(1, 256) / 256))
    model, text, old, new = replace_constant(base, random, places, lambda x: to)
    return Edit(f"{text}: the linear branch of softplus from {new:.6g} in place of {old:g}", model)


def finite_limit(base, random):
    places = scalars(base, lambda node, index, x: node.op_type == "Clip" and np.isinf(x))
    limit = far(random, 1)
    model, text, old, new = replace_constant(base, random, places, lambda x: np.copysign(limit, x))
    return Edit(f"{text}: the limit {old:g} becomes {new:.5g}", model)


def finite_mask(base, random):
    """What is hidden gets a number that is small enough for ordinary scores; under an exponential, one that is still a number after."""
    places = scalars(base, lambda node, index, x: node.op_type in ("Where", "Mul") and x < -1e30)
    at, index = choose(random, places)
    result = base.model.graph.node[at].output[0]
    readers = [node for node in base.model.graph.node if result in node.input]
    under_exp = any(node.op_type == "Exp" for node in readers)
    low = -float(50 + random.integers(1, 512) / 16) if under_exp else -float(10000 + random.integers(1, 2000))
    model, text, old, new = replace_constant(base, random, [(at, index)], lambda x: low)
    return Edit(f"{text}: what is hidden gets {new:g} in place of {old:.4g}", model)


def idle_branch(base, random):
    """The operand of a Where that it never took becomes another one."""
    places = []
    for at, node in enumerate(base.model.graph.node):
        taken = base.conditions.get(node.input[0]) if node.op_type == "Where" else None
        if taken is not None:
            places.append((at, 2 if taken else 1))
    at, index = choose(random, places)
    patch = Patch(base.model)
    node = patch.model.graph.node[at]
    change = float(np.float32(0.5 + random.integers(1, 4096) / 8192))
    old, known = node.input[index], floats_of(base.model)
    if old in known:
        new = patch.number(known[old] + np.float32(change), "invisible")
    else:
        new = patch.op("Mul", old, patch.number(change))
    node.input[index] = new
    text = f"{node.op_type} {node.name}: the branch never taken ({old}) is changed by {change:g}"
    for offset, added in enumerate(patch.nodes):
        patch.model.graph.node.insert(at + offset, added)
    return Edit(text, patch.model)


#: Inside mixers, and then of single constants; the first are chosen twice as often.
ANYWHERE = (far_clip, far_bound, far_select, saturate, hidden_rounding, small_factor, small_term, absolute)
CONSTANTS = (epsilon, threshold, finite_limit, finite_mask, idle_branch)
FAMILIES = (*ANYWHERE, *ANYWHERE, *CONSTANTS)
TRIES = 20


def edit(base, random):
    """One edit of a random family that the base has a place for."""
    while True:
        family = FAMILIES[random.integers(len(FAMILIES))]
        for _ in range(TRIES):
            try:
                made = family(base, random)
            except Impossible:
                continue
            onnx.checker.check_model(made.model)
            made.family = family.__name__.replace("_", " ")
            return made
