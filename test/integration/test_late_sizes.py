#!/usr/bin/env python3
"""Sizes that the values of tensors decide: where they are bounded and reach no output (routed experts), the numbers are those of ONNX
Runtime; otherwise the model is refused with the node or output, and the input that can be fixed."""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F, I64, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
RNG = np.random.default_rng(11)
HIDDEN, EXPERTS = 8, 3


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name="n_" + outputs.split()[0], **attributes)


def model(nodes, inputs, outputs, initializers):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, dims) for name, (kind, dims) in inputs.items()],
        [helper.make_tensor_value_info(name, kind, dims) for name, (kind, dims) in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in initializers.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def experts():
    """As transformers wrote Mixtral: one_hot, permuted; each expert's tokens by NonZero, added up row by row."""
    weights = {
        "gate": f32(HIDDEN, EXPERTS),
        "flat": np.array([-1, HIDDEN]),
        "k": np.array([2]),
        "depth": np.array([EXPERTS]),
        "off_on": np.array([0, 1]),
        "last": np.array([-1]),
        "zero": np.array(0),
        "one": np.array([1]),
    }
    nodes = [
        node("Reshape", "x flat", "h"),
        node("MatMul", "h gate", "logits"),
        node("Softmax", "logits", "p", axis=-1),
        node("TopK", "p k", "tv ti", axis=-1),
        node("OneHot", "ti depth off_on", "hot", axis=-1),
        node("Transpose", "hot", "mask", perm=[2, 1, 0]),
        node("Shape", "h", "hs"),
        node("ConstantOfShape", "hs", "acc0"),
    ]
    for e in range(EXPERTS):
        weights |= {f"e{e}": np.array(e), f"up{e}": f32(HIDDEN, 12), f"down{e}": f32(12, HIDDEN)}
        nodes += [
            node("Gather", f"mask e{e}", f"m{e}", axis=0),
            node("NonZero", f"m{e}", f"nz{e}"),
            node("Split", f"nz{e}", f"which{e} rows{e}", axis=0, num_outputs=2),
            node("Reshape", f"rows{e} last", f"row{e}"),
            node("Reshape", f"which{e} last", f"choice{e}"),
            node("Gather", f"h row{e}", f"in{e}", axis=0),
            node("MatMul", f"in{e} up{e}", f"a{e}"),
            node("Sigmoid", f"a{e}", f"s{e}"),
            node("Mul", f"a{e} s{e}", f"g{e}"),
            node("MatMul", f"g{e} down{e}", f"o{e}"),
            node("Unsqueeze", f"row{e} last", f"ru{e}"),
            node("Unsqueeze", f"choice{e} last", f"cu{e}"),
            node("Concat", f"ru{e} cu{e}", f"pair{e}", axis=1),
            node("GatherND", f"tv pair{e}", f"w{e}"),
            node("Unsqueeze", f"w{e} last", f"wu{e}"),
            node("Mul", f"o{e} wu{e}", f"ow{e}"),
            node("ScatterND", f"acc{e} ru{e} ow{e}", f"acc{e + 1}", reduction="add"),
        ]
    nodes += [node("Shape", "x", "xs"), node("Reshape", f"acc{EXPERTS} xs", "y")]
    dims = ["batch", "seq", HIDDEN]
    return model(nodes, {"x": (F, dims)}, {"y": (F, dims)}, weights)


def counted():
    """How many elements of each row are not zero, and the sum of all that are positive."""
    nodes = [
        node("NonZero", "x", "nz"),
        node("Gather", "nz zero", "rows", axis=0),
        node("Shape", "nz", "shape"),
        node("Gather", "shape one", "count"),
        node("Relu", "x", "positive"),
        node("Greater", "positive nought", "mask"),
        node("NonZero", "mask", "pz"),
        node("Transpose", "pz", "at", perm=[1, 0]),
        node("GatherND", "x at", "taken"),
        node("ReduceSum", "taken", "sum", keepdims=0),
        node("Shape", "x", "xs"),
        node("Gather", "xs zeroth", "n", axis=0),
        node("ConstantOfShape", "n", "none", value=helper.make_tensor("v", I64, [1], [0])),
        node("Expand", "ones count1", "each"),
        node("Unsqueeze", "rows last", "ru"),
        node("ScatterND", "none ru each", "y", reduction="add"),
    ]
    nodes.insert(4, node("Unsqueeze", "count zeroth", "count1"))
    return model(
        nodes,
        {"x": (F, ["n", 5])},
        {"y": (I64, ["n"]), "sum": (F, []), "count": (I64, [])},
        {"zero": np.array(0), "one": np.array(1), "zeroth": np.array([0]), "last": np.array([-1]),
         "ones": np.array([1]), "nought": np.float32(0)},
    )  # fmt: skip


def sparse(*shape):
    return f32(*shape) * RNG.integers(0, 2, shape).astype(np.float32)


CASES = {
    "experts": (experts, [{"x": f32(2, 5, HIDDEN)}, {"x": f32(1, 1, HIDDEN)}, {"x": np.repeat(f32(1, 1, HIDDEN), 9, 1)}]),
    "counts": (counted, [{"x": sparse(4, 5)}, {"x": np.zeros((3, 5), np.float32)}, {"x": np.ones((2, 5), np.float32)}, {"x": f32(0, 5)}]),
}  # fmt: skip


def by_input(op, extra, outputs, rank=2, **attributes):
    """`op` of x and of further inputs."""
    inputs = {"x": (F, [3, 4])} | {name: (I64, [length]) for name, length in extra.items()}
    return lambda: model(
        [node(op, " ".join(["x", *extra]), outputs, **attributes)],
        inputs,
        {name: (F, [None] * rank) for name in outputs.split()},
        {},
    )


# (model, what the message has, --bind that makes it compile, what is fixed by it)
REFUSED = {
    "positions": (
        lambda: model([node("NonZero", "x", "y")], {"x": (B, [5])}, {"y": (I64, [1, None])}, {}),
        ["'y'", "when the model runs"], None, None),
    "axes of a reduction": (by_input("ReduceSum", {"axes": 1}, "y"), ["ReduceSum", "'n_y'", "--bind", "'axes'"], "axes=[-1]", [-1]),
    "a shape": (by_input("Reshape", {"shape": 2}, "y"), ["output 'y'", "--bind", "'shape'"], "shape=[-1,2]", [-1, 2]),
    "an expansion": (by_input("Expand", {"shape": 3}, "y", 3), ["output 'y'", "--bind", "'shape'"], "shape=[2,1,4]", [2, 1, 4]),
    "repeats": (by_input("Tile", {"repeats": 2}, "y"), ["output 'y'", "--bind", "'repeats'"], "repeats=[2,3]", [2, 3]),
    "pieces": (by_input("Split", {"split": 2}, "y z", axis=1), ["Split node 'n_y'"], "split=[1,3]", [1, 3]),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    passed = failed = 0
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 3

    def note(name, problem):
        nonlocal passed, failed
        passed, failed = passed + (not problem), failed + bool(problem)
        if problem:
            print(f"{name}: {problem}")

    with tempfile.TemporaryDirectory() as work:
        path, bundle = Path(work) / "model.onnx", Path(work) / "model.jarana"

        def compile_model(proto, *more):
            onnx.save(proto, path)
            return goldens.run([tools / "jarana-compile", path, "-o", bundle, "--verify-passes", *more])

        def compare(name, proto, inputs, fixed, kinds):
            names = [output.name for output in proto.graph.output]
            session = onnxruntime.InferenceSession(proto.SerializeToString(), quiet, providers=["CPUExecutionProvider"])
            expected = dict(zip(names, session.run(None, {**inputs, **fixed})))
            for kind in kinds:
                what = [bundle] if kind == "compiled" else ["--reference", path]
                outputs, status, message = goldens.evaluate([tools / "jarana-run", *what], inputs, work)
                wrong = message if status else ", ".join(
                    f"{key} is {outputs[key]}, expected {golden}"
                    for key, golden in expected.items() if not goldens.error(outputs[key], golden) <= 1e-5
                )  # fmt: skip
                note(f"{name}, {kind}", wrong)

        for name, (make, cases) in CASES.items():
            if options.only in name:
                proto = make()
                status, message = compile_model(proto)
                note(name, f"status {status}: {message}" if status or "not checked" in message else "")
                for inputs in cases if status == 0 else []:
                    compare(name, proto, inputs, {}, ("compiled", "reference"))
        for name, (make, texts, bind, fixed) in REFUSED.items():
            if options.only not in name:
                continue
            status, message = compile_model(make())
            missing = [text for text in texts if text not in message]
            note(name, f"status {status}, no {missing} in: {message}" if status != 1 or missing else "")
            if bind:
                status, message = compile_model(make(), f"--bind={bind}")
                note(f"{name}, fixed", message if status else "")
                compare(name, make(), {"x": f32(3, 4)}, {bind.split("=")[0]: np.array(fixed)}, ("compiled",))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
