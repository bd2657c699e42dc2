"""Edits of ONNX graphs: `mutate(model, random)` changes one node or one constant, so that the graph mostly stays valid and mostly
means something else. What a compiler raises must keep the meaning of each."""

import copy

import numpy as np
import onnx
from onnx import helper, numpy_helper

#: Operators that take the same operands.
SIBLINGS = {
    "Add": ["Sub", "Mul", "Max"],
    "Sub": ["Add", "Min"],
    "Mul": ["Add", "Sub"],
    "Exp": ["Sigmoid", "Softplus", "Tanh"],
    "Sigmoid": ["Tanh", "Exp", "Relu"],
    "Softplus": ["Relu", "Exp"],
    "Sqrt": ["Exp", "Identity"],
    "Reciprocal": ["Neg", "Identity"],
    "Neg": ["Identity", "Abs"],
    "ReduceSum": ["ReduceMean", "ReduceMax"],
    "ReduceMean": ["ReduceSum", "ReduceMax"],
    "LessOrEqual": ["Less", "GreaterOrEqual", "Equal"],
    "Greater": ["Less", "GreaterOrEqual"],
    "Not": ["Identity"],
    "Cos": ["Sin"],
    "Sin": ["Cos"],
    "Div": ["Mul"],
    "Min": ["Max"],
    "IsNaN": ["IsInf"],
}


def constants(model):
    return {tensor.name: tensor for tensor in model.graph.initializer}


def replace(model, node, index, array, name):
    """Gives one operand of one node a new constant."""
    model.graph.initializer.append(numpy_helper.from_array(array, name))
    node.input[index] = name


def choose_constant(model, random, element, largest=None):
    """A node, the index of one of its operands that is a constant of this element type, and a copy of the constant."""
    known = constants(model)
    places = [
        (node, index)
        for node in model.graph.node
        for index, name in enumerate(node.input)
        if name in known
        and known[name].data_type == element
        and (largest is None or np.prod(known[name].dims, initial=1) <= largest)
    ]
    node, index = choose(random, places)
    return node, index, numpy_helper.to_array(known[node.input[index]]).copy()


def change_operator(model, random):
    """Another operator on the same operands."""
    node = choose(random, [n for n in model.graph.node if n.op_type in SIBLINGS])
    old, node.op_type = node.op_type, SIBLINGS[node.op_type][random.integers(len(SIBLINGS[node.op_type]))]
    return f"{old} {node.name} becomes {node.op_type}"


def swap_operands(model, random):
    """The first two operands change places."""
    node = choose(
        random, [n for n in model.graph.node if n.op_type in ("Sub", "Concat", "Einsum", "Div", "LessOrEqual", "Mul")]
    )
    node.input[0], node.input[1] = node.input[1], node.input[0]
    return f"the operands of {node.op_type} {node.name} change places"


def change_integer(model, random):
    """A small integer constant of one node (an axis, a bound, a shift of a diagonal) is off by one."""
    node, index, array = choose_constant(model, random, onnx.TensorProto.INT64, largest=8)
    shape = array.shape
    at = random.integers(max(array.size, 1))
    step = int(random.choice([-1, 1]))
    array = array.reshape(-1)
    array[at] += step
    replace(model, node, index, array.reshape(shape), "mutated")
    return f"operand {index} of {node.op_type} {node.name}: element {at} by {step:+d}"


def change_real(model, random):
    """A float constant of one node is scaled, negated or shifted: limits, thresholds, scales, per-head factors."""
    node, index, array = choose_constant(model, random, onnx.TensorProto.FLOAT, largest=64)
    how = random.integers(3)
    with np.errstate(invalid="ignore", over="ignore"):
        array = (array * np.float32(1.5), -array, array + np.float32(0.25))[how].astype(np.float32)
    replace(model, node, index, array, "mutated")
    return f"operand {index} of {node.op_type} {node.name} is {('scaled', 'negated', 'shifted')[how]}"


def change_mask(model, random):
    """One element of a boolean constant is flipped, or its diagonal moves."""
    node, index, array = choose_constant(model, random, onnx.TensorProto.BOOL)
    if array.ndim == 2 and random.integers(2):
        array = np.roll(array, 1, axis=int(random.integers(2)))
        what = "is rolled"
    else:
        at = int(random.integers(max(array.size, 1)))
        flat = array.reshape(-1)
        flat[at] = not flat[at]
        array = flat.reshape(array.shape)
        what = f"has element {at} flipped"
    replace(model, node, index, array, "mutated")
    return f"operand {index} of {node.op_type} {node.name} {what}"


def change_attribute(model, random):
    """Another axis, permutation, equation, padding or direction."""
    node = choose(
        random,
        [
            n
            for n in model.graph.node
            for a in n.attribute
            if a.name in ("axis", "perm", "equation", "pads", "upper", "exclusive", "reverse", "dilations")
        ]
        + [n for n in model.graph.node if n.op_type == "CumSum"],
    )
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "CumSum":
        values[str(random.choice(["exclusive", "reverse"]))] = 1
    elif "perm" in values:
        perm = list(values["perm"])
        i, j = random.choice(len(perm), 2, replace=False)
        perm[i], perm[j] = perm[j], perm[i]
        values["perm"] = perm
    elif "equation" in values:
        text = values["equation"].decode()
        left, right = text.split("->")
        a, b = random.choice(sorted(set(right)), 2, replace=False)
        values["equation"] = left + "->" + right.translate(str.maketrans({a: b, b: a}))
    elif "pads" in values:
        total = sum(values["pads"])
        first = int(random.integers(total + 1))
        values["pads"] = [first, total - first]
    elif "upper" in values:
        values["upper"] = 1 - values["upper"]
    elif "axis" in values:
        values["axis"] += int(random.choice([-1, 1]))
    new = helper.make_node(node.op_type, node.input, node.output, name=node.name, domain=node.domain, **values)
    node.CopyFrom(new)
    return f"{node.op_type} {node.name} has " + ", ".join(f"{k}={v}" for k, v in values.items())


def bypass(model, random):
    """A node is left out: its users read its first operand."""
    unary = {"Sigmoid", "Exp", "Neg", "Softplus", "Mul", "Add", "Where", "Clip", "CumSum", "Sub", "Not", "Softmax"}
    node = choose(random, [n for n in model.graph.node if n.op_type in unary])
    source = node.input[1 if node.op_type == "Where" else 0]
    for other in model.graph.node:
        for index, name in enumerate(other.input):
            if name == node.output[0]:
                other.input[index] = source
    return f"{node.op_type} {node.name} is left out"


def rewire(model, random):
    """An operand is read from another node's result, made before, whose operator is the same."""
    nodes = list(model.graph.node)
    producer = {output: i for i, node in enumerate(nodes) for output in node.output}
    places = [
        (
            i,
            index,
            [
                o
                for j in range(i)
                if nodes[j].op_type == nodes[producer[name]].op_type
                for o in nodes[j].output
                if o != name
            ],
        )
        for i, node in enumerate(nodes)
        for index, name in enumerate(node.input)
        if name in producer
    ]
    i, index, others = choose(random, [place for place in places if place[2]])
    name = others[random.integers(len(others))]
    old, nodes[i].input[index] = nodes[i].input[index], name
    return f"operand {index} of {nodes[i].op_type} {nodes[i].name} is {name} in place of {old}"


MUTATIONS = (change_operator, swap_operands, change_integer, change_real, change_mask, change_attribute, bypass, rewire)


def choose(random, options):
    return options[random.integers(len(options))]


def mutate(model, random):
    """(a changed copy of the model, what was changed). `random` is a numpy Generator."""
    changed = copy.deepcopy(model)
    text = MUTATIONS[random.integers(len(MUTATIONS))](changed, random)
    return changed, text
