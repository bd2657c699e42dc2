#!/usr/bin/env python3
"""Hostile dimensions: every entry of the runtime refuses sizes that overflow, with a message, and goes on working."""

import argparse
import ctypes
import os
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))


def outer_product():
    """y = softmax over a product of a column and a row, whose sizes multiply; and the two joined, whose sizes add up."""
    nodes = [
        helper.make_node("MatMul", ["a", "b"], ["product"], "outer"),
        helper.make_node("ReduceSum", ["product"], ["sum"], "total", keepdims=0),
        helper.make_node("Concat", ["row", "b"], ["joined"], "join", axis=1),
        helper.make_node("Flatten", ["cube"], ["flat"], "flatten", axis=2),
    ]
    inputs = {"a": ["m", 1], "b": [1, "n"], "row": [1, "k"], "cube": [2, "p", "q"]}
    outputs = {"sum": [], "joined": [1, "j"], "flat": ["f", "q"]}
    sides = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *sides)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


SMALL = {"a": (2, 1), "b": (1, 3), "row": (1, 4), "cube": (2, 5, 6)}
HOSTILE = [
    {"a": (2**51, 0)},
    {"b": (1, -1)},
    {"b": (1, -(2**63))},
    {"b": (1, 2**62)},
    {"a": (2**61, 1)},
    {"a": (2**60, 1), "b": (1, 2**60)},  # 2^120: 0 in 64 bits
    {"a": (2**32, 1), "b": (1, 2**32 + 1)},  # 2^32 in 64 bits
    {"a": (2**61 + 1, 1), "b": (1, 8)},  # 8 in 64 bits
    {"row": (1, 2**60), "b": (1, 2**60)},
    {"cube": (2, 2**51, 0)},
    {"cube": (2, 0, 2**62)},
    {"cube": (2, 2**62, 4)},
    {"cube": (2, 2**31, 2**31)},
]


class Call:
    """A call through the C interface, with shapes that no array has."""

    def __init__(self, jarana, library, bundle):
        self.error, self.library = jarana.JaranaError, library
        self.handle = ctypes.c_void_p()
        library.jarana_call_create(bundle.handle, b"main", 1, ctypes.byref(self.handle))
        self.data = np.zeros(4096, np.float32)

    def run(self, struct, shapes):
        """The message of the refusal; None where it ran."""
        try:
            for name, shape in shapes.items():
                dims = (ctypes.c_int64 * len(shape))(*shape)
                pointer = ctypes.cast(self.data.ctypes.data, ctypes.c_void_p)
                tensor = struct(0, len(shape), dims, pointer)
                self.library.jarana_call_set_input(self.handle, name.encode(), ctypes.byref(tensor))
            self.library.jarana_call_run(self.handle)
        except self.error as error:
            return str(error)
        return None


def check_calls(jarana, native, bundle):
    library = native.library()
    for hostile in HOSTILE:
        call = Call(jarana, library, bundle)
        message = call.run(native.TensorStruct, {**SMALL, **hostile})
        yield bool(message), f"{hostile} ran"
        # An input that was refused is as it was; give all of them anew.
        yield call.run(native.TensorStruct, SMALL) is None, f"after {hostile}, small shapes are refused"


def refused(jarana, action):
    try:
        action()
    except (jarana.JaranaError, OverflowError, MemoryError) as error:
        return bool(str(error))
    return False


def check_sessions(jarana, native, bundle):
    library = native.library()
    session = jarana.Session(bundle)
    ids = (ctypes.c_int64 * 4)(1, 2, 3, 4)
    for count in (2**51, 2**62, 2**63, 2**64 - 1, 2**31):
        yield (
            refused(jarana, lambda c=count: library.jarana_session_prefill(session.handle, ids, c)),
            f"a prefill of {count} tokens",
        )
    for context in (2**51, 2**62, 2**64 - 1):
        yield refused(jarana, lambda c=context: jarana.Session(bundle, context=c)), f"a context of {context}"
    for padding in (2**63, 2**64 - 1):
        yield refused(jarana, lambda p=padding: session.pad(np.array([p], np.uint64))), f"padding of {padding}"
    session.prefill([1, 2, 3])
    state = session.save()
    for position in (2**51, 2**62, 2**63 - 1, 2**64 - 1):
        spoiled = state.replace(b"%020d" % 3, b"%020d" % position, 1)
        yield spoiled != state, "the position is not in the saved state"
        yield refused(jarana, lambda s=spoiled: session.load(s)), f"a state of {position} positions"
    for shape in (b"[1,2,4611686018427387904,16]", b"[2251799813685248,2,0,16]", b"[1,2,-3,16]"):
        spoiled = resized(state, shape)
        yield refused(jarana, lambda s=spoiled: session.load(s)), f"a state of shape {shape.decode()}"
    session.load(state)
    session.decode(4)
    yield np.isfinite(session.logits()).all(), "a step after all that"
    sampled = session.sample()
    yield sampled.shape == (1,), "a sample after all that"


def resized(state, shape):
    """A saved state whose first key claims another shape."""
    length = int.from_bytes(state[:8], "little")
    header = state[8 : 8 + length].replace(b"[1,2,3,16]", shape, 1)
    return len(header).to_bytes(8, "little") + header + state[8 + length :]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    build = parser.parse_args().build.resolve()
    os.environ.setdefault("JARANA_RUNTIME", str(build / "lib" / "libjarana_runtime.so"))
    import jarana
    from jarana import _native

    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        onnx.save(outer_product(), Path(work) / "sizes.onnx")
        bundles = []
        for model in (Path(work) / "sizes.onnx", ROOT / "test" / "models" / "llama-mobius" / "model.onnx"):
            bundle = Path(work) / f"{model.stem}.jarana"
            status, message = goldens.run([build / "bin" / "jarana-compile", model, "-o", bundle])
            if status:
                sys.exit(message)
            bundles.append(jarana.Bundle(bundle))
        for ok, message in (
            *check_calls(jarana, _native, bundles[0]),
            *check_sessions(jarana, _native, bundles[1]),
        ):
            passed, failed = passed + bool(ok), failed + (not ok)
            if not ok:
                print(f"not refused, or wrong: {message}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
