"""A model as ONNX Runtime sees it from within: how large each value is, and what leads to an output."""

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


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


def session(model, more_outputs=()):
    """Runs the graph as it is, node by node."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    known = {output.name for output in changed.graph.output}
    changed.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in more_outputs if name not in known)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(changed.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session, feeds):
    names = [output.name for output in session.get_outputs()]
    with np.errstate(all="ignore"):
        return dict(zip(names, session.run(names, feeds), strict=True))


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
