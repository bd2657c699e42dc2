"""A model as ONNX Runtime sees it from within: how large each value is, and weights that make a value large or small."""

from dataclasses import dataclass

import goldens
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

#: Float constants up to this size stay as they are: the compiler may look at their numbers. Larger ones are weights to it.
SMALL = 64
#: A difference of outputs that no rounding makes.
VISIBLE = 1e-3


@dataclass
class Value:
    """What a float value was on the ordinary inputs. `kind` is the operator that makes it."""

    kind: str
    largest: float  # of its finite magnitudes
    smallest: float
    greatest: float


def floats_of(model):
    """The float constants, as arrays, by name."""
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT
    }


def session(model, more_outputs=(), weights=()):
    """Runs the graph as it is, node by node; `weights` are constants that a run may give other values."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    known = {output.name for output in changed.graph.output}
    changed.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in more_outputs if name not in known)
    for tensor in changed.graph.initializer:
        if tensor.name in weights:
            changed.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(changed.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session, feeds):
    names = [output.name for output in session.get_outputs()]
    with np.errstate(all="ignore"):
        return dict(zip(names, session.run(names, feeds), strict=True))


def worst(actual, golden, names):
    """The largest relative difference of the outputs named."""
    return max(goldens.error(actual[name], golden[name]) for name in names)


def observe(model, inputs):
    """(Value of each float value, bool of each condition that was the same everywhere) on these inputs."""
    kinds = {output: node.op_type for node in model.graph.node for output in node.output if output}
    seen, conditions = {}, {}
    probe = session(model, kinds)
    for feeds in inputs:
        for name, array in run(probe, feeds).items():
            if name not in kinds or not isinstance(array, np.ndarray) or not array.size:
                continue
            if array.dtype == np.float32:
                finite = array[np.isfinite(array) & (np.abs(array) < 1e30)].astype(np.float64)
                old = seen.get(name, Value(kinds[name], 0.0, np.inf, -np.inf))
                if finite.size:
                    old.largest = max(old.largest, float(np.abs(finite).max()))
                    old.smallest, old.greatest = min(old.smallest, finite.min()), max(old.greatest, finite.max())
                seen[name] = old
            elif array.dtype == bool:
                same = bool(array.flat[0]) if (array == array.flat[0]).all() else None
                conditions[name] = same if conditions.get(name, same) == same else None
    return seen, {name: same for name, same in conditions.items() if same is not None}


def from_weights(model):
    """The values that come from real numbers which are more than one constant; others are made of shapes, positions and masks."""
    found = {name for name, array in floats_of(model).items() if array.size > 1}
    found |= {i.name for i in model.graph.input if i.type.tensor_type.elem_type == TensorProto.FLOAT}
    for node in model.graph.node:
        if node.op_type != "Shape" and any(name in found for name in node.input):
            found.update(node.output)
    return found


def reaching_outputs(model):
    """The values whose elements, not only their shapes, lead to an output."""
    found = {output.name for output in model.graph.output}
    for node in reversed(model.graph.node):
        if node.op_type != "Shape" and any(name in found for name in node.output):
            found.update(node.input)
    return found


def weights_behind(model, value):
    """The weights that a value comes from, nearest first."""
    makers = {output: node for node in model.graph.node for output in node.output}
    large = {name for name, array in floats_of(model).items() if array.size > SMALL}
    large |= {i.name for i in model.graph.input if i.type.tensor_type.elem_type == TensorProto.FLOAT}
    found, front, done = [], [value], set()
    while front:
        following = []
        for name in front:
            if name in large and name not in found:
                found.append(name)
            if name in makers and name not in done:
                done.add(name)
                following.extend(makers[name].input)
        front = following
    return found


def reveal(base, edited, value, reach, sign):
    """Weights (name → factor) with which the edited graph differs visibly from its base, because `value` gets as large (or as small)
    as `reach`; None where none were found."""
    candidates = weights_behind(base, value)[:5]
    outputs = [output.name for output in base.graph.output]
    plain, changed = session(base, [value], candidates), session(edited[0], (), candidates)
    given = {i.name for i in base.graph.input}
    known = floats_of(base)
    for weight in candidates:
        factor, last = None, None
        for _ in range(4):
            if factor is None:
                factor = 1.0
            with np.errstate(all="ignore"):
                feeds = dict(edited[1])
                feeds[weight] = ((feeds if weight in given else known)[weight] * np.float32(factor)).astype(np.float32)
            before = run(plain, feeds)
            size = magnitude(before[value], sign, reach)
            if not size or not all(np.isfinite(before[name]).all() for name in outputs):
                factor *= -1 if factor == 1.0 else 1e-3
                continue
            if factor != 1.0 and worst(run(changed, feeds), before, outputs) > VISIBLE:
                return {weight: factor}
            # How the value grows with the weight says what the next factor is.
            power = 1.0
            if last is not None and last[1] != size and abs(factor) != abs(last[0]):
                power = np.log(size / last[1]) / np.log(abs(factor / last[0]))
                power = min(max(power, 0.2), 4.0)
            last = (factor, size)
            with np.errstate(all="ignore"):
                factor = factor * float((3.0 if reach > size else 1.0) * reach / size) ** (1 / power)
            if not 1e-30 < abs(factor) < 1e30:
                break
    return None


def magnitude(array, sign, reach):
    """How near the value comes to `reach`: its largest magnitude on the side that matters, or its typical one where it must be small."""
    finite = array[np.isfinite(array)].astype(np.float64)
    finite = finite * sign if sign else np.abs(finite)
    if not finite.size:
        return 0.0
    return float(max(finite.max(), 0.0)) if reach >= 1 else float(np.median(np.abs(finite)))
