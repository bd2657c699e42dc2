"""Graphs that are right at some sizes only, and what they mean at all others: the same model exported for all sizes with the weights
moved over, or, where a graph has states, its own results for pieces that it does take."""

import difflib

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session, feeds):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def feeds_of(names, ids, past=0):
    """Inputs for token ids [batch, length] after `past` others: positions and a mask that hides nothing."""
    batch, length = ids.shape
    known = {
        "input_ids": ids,
        "attention_mask": np.ones((batch, past + length), np.int64),
        "position_ids": np.tile(np.arange(past, past + length, dtype=np.int64), (batch, 1)),
    }
    return {name: known[name] for name in names if name in known}


def weights_in_order(graph):
    """(operator, operand index, shape) and name of each float constant that may be a weight, in the order in which they are read."""
    known = {t.name: t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT and np.prod(t.dims) >= 8}
    found = {}
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name in known and name not in found:
                found[name] = (node.op_type, index, tuple(known[name].dims))
    return list(found), list(found.values()), known


def transplant(source, twin):
    """The twin with the weights of the source, which is the same model: weights are told by their order and shape, as exporters
    number them anew in each export. Whether that was right shows where both graphs run."""
    names, keys, arrays = weights_in_order(source.graph)
    twin_names, twin_keys, twin_arrays = weights_in_order(twin.graph)
    for block in difflib.SequenceMatcher(None, keys, twin_keys, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            array = numpy_helper.to_array(arrays[names[block.a + offset]])
            target = twin_arrays[twin_names[block.b + offset]]
            target.CopyFrom(numpy_helper.from_array(array, target.name))
    return twin


def state_names(session):
    """The names of state inputs with those of the outputs that follow them."""
    outputs = {output.name for output in session.get_outputs()}
    pairs = {i.name: i.name.replace("input.", "output.", 1) for i in session.get_inputs()}
    return {name: after for name, after in pairs.items() if name != after and after in outputs}


def empty_states(session, batch):
    """Zeros, with no past positions: symbols other than the batch, which all states begin with, are 0."""
    shapes = {i.name: i.shape for i in session.get_inputs()}
    return {
        name: np.zeros(
            [batch, *(int(d) if str(d).isdigit() else 0 for d in shapes[name][1:])],
            np.float32,
        )
        for name in state_names(session)
    }


def in_pieces(session, ids, states, past, most):
    """The outputs for all tokens of `ids`, from runs of at most `most`: logits of all positions, and the last states."""
    pairs, logits = state_names(session), []
    names = [i.name for i in session.get_inputs()]
    for begin in range(0, ids.shape[1], most):
        piece = ids[:, begin : begin + most]
        outputs = run(session, {**feeds_of(names, piece, past + begin), **states})
        logits.append(outputs["logits"])
        states = {name: outputs[after] for name, after in pairs.items()}
    return {"logits": np.concatenate(logits, 1), **{pairs[name]: value for name, value in states.items()}}
