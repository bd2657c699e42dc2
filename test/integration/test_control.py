#!/usr/bin/env python3
"""If and Loop, and inputs that are fixed: compiled and by the reference they give what ONNX Runtime gives, or are refused with a reason."""

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
RNG = np.random.default_rng(7)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name="n_" + outputs.split()[0], **attributes)


def value(name, kind, dims):
    return helper.make_tensor_value_info(name, kind, dims)


def graph(nodes, inputs, outputs, initializers=()):
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in dict(initializers).items()]
    return helper.make_graph(nodes, "g", inputs, outputs, tensors)


def model(*parts, **more):
    return helper.make_model(graph(*parts, **more), opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


W = (f32(8, 8) / 3).astype(np.float32)
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def make_loop(inputs, outputs, body):
    """Names as a list: an empty one is absent."""
    return helper.make_node("Loop", inputs, outputs, name="the_loop", body=body)


def step_body(extra=(), outputs=(), initializers=()):
    """h := tanh(h W), beside `extra` nodes."""
    nodes = [node("MatMul", "h_in w", "t"), node("Tanh", "t", "h_out"), node("Identity", "c_in", "c_out"), *extra]
    return graph(
        nodes,
        [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
        [value("c_out", B, []), value("h_out", F, None), *outputs],
        initializers,
    )


X = [value("x", F, ["batch", 8])]
Y = [value("y", F, ["batch", 8])]


@case
def trip_count_of_an_input():
    m = model([make_loop(["n", "", "x"], ["y"], step_body())], [*X, value("n", I64, [])], Y, initializers={"w": W})
    return m, [{"x": f32(2, 8), "n": np.array(n, np.int64)} for n in (0, 1, 5, -3)]


@case
def trip_count_of_a_size():
    nodes = [node("Shape", "x", "s"), node("Gather", "s zero", "n"), make_loop(["n", "", "x"], ["y"], step_body())]
    m = model(nodes, X, Y, initializers={"w": W, "zero": np.array(0)})
    return m, [{"x": f32(b, 8)} for b in (1, 3)]


@case
def condition_that_ends_it():
    # While the largest of h is above a limit, at most n times.
    extra = [node("ReduceMax", "h_out", "m", keepdims=0), node("Greater", "m limit", "go")]
    nodes = [node("MatMul", "h_in w", "t"), node("Mul", "t half", "h_out"), *extra]
    body = graph(
        nodes,
        [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
        [value("go", B, []), value("h_out", F, None)],
        {"half": np.float32(0.4), "limit": np.float32(0.1)},
    )
    m = model([make_loop(["", "go0", "x"], ["y"], body)], [*X, value("go0", B, [])], Y, initializers={"w": W})
    return m, [{"x": f32(2, 8), "go0": np.array(go)} for go in (True, False)]


@case
def two_values_that_swap():
    body = graph(
        [node("Identity", "b_in", "a_out"), node("Add", "a_in b_in", "b_out"), node("Less", "i four", "c_out")],
        [value("i", I64, []), value("c_in", B, []), value("a_in", F, None), value("b_in", F, None)],
        [value("c_out", B, []), value("a_out", F, None), value("b_out", F, None)],
        {"four": np.array(4)},
    )
    m = model(
        [make_loop(["n", "", "x", "z"], ["y", "u"], body)],
        [*X, value("z", F, ["batch", 8]), value("n", I64, [1])],
        [*Y, value("u", F, ["batch", 8])],
    )
    return m, [{"x": f32(2, 8), "z": f32(2, 8), "n": np.array([n])} for n in (0, 1, 2, 9)]


@case
def stacked_slices_of_fixed_count():
    extra = [node("Cast", "i", "f", to=F), node("Mul", "h_out f", "slice")]
    body = step_body(extra, [value("slice", F, None)])
    m = model(
        [make_loop(["n", "yes", "x"], ["y", "all"], body)],
        X,
        [*Y, value("all", F, [5, "batch", 8])],
        initializers={"w": W, "n": np.array(5), "yes": np.array(True)},
    )
    return m, [{"x": f32(2, 8)}]


@case
def no_iteration():
    body = step_body([node("Identity", "h_out", "slice")], [value("slice", F, [2, 8])])
    m = model(
        [make_loop(["n", "yes", "x"], ["y", "all"], body)],
        [value("x", F, [2, 8])],
        [value("y", F, [2, 8]), value("all", F, None)],
        initializers={"w": W, "n": np.array(4), "yes": np.array(False)},
    )
    return m, [{"x": f32(2, 8)}]


@case
def many_iterations_of_a_fixed_count():
    m = model([make_loop(["n", "", "x"], ["y"], step_body())], X, Y, initializers={"w": W, "n": np.array(300)})
    return m, [{"x": f32(2, 8)}]


@case
def over_positions():
    # h := tanh(h W + x[:, i]), all of them.
    nodes = [
        node("Gather", "x i", "slice", axis=1),
        node("MatMul", "h_in w", "t"),
        node("Add", "t slice", "u"),
        node("Tanh", "u", "h_out"),
        node("Identity", "h_out", "each"),
        node("Identity", "c_in", "c_out"),
    ]
    body = graph(
        nodes,
        [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
        [value("c_out", B, []), value("h_out", F, None), value("each", F, None)],
    )
    outer = [
        node("Shape", "x", "s"),
        node("Gather", "s one", "n"),
        make_loop(["n", "yes", "h"], ["last", "stacked"], body),
        node("Transpose", "stacked", "y", perm=[1, 0, 2]),
    ]
    m = model(
        outer,
        [value("x", F, ["batch", "seq", 8]), value("h", F, ["batch", 8])],
        [value("y", F, ["batch", "seq", 8]), value("last", F, ["batch", 8])],
        initializers={"w": W, "one": np.array(1), "yes": np.array(True)},
    )
    return m, [{"x": f32(2, s, 8), "h": f32(2, 8)} for s in (1, 7)]


@case
def growing_value_of_fixed_count():
    body = graph(
        [node("Concat", "h_in x", "h_out", axis=0), node("Identity", "c_in", "c_out")],
        [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
        [value("c_out", B, []), value("h_out", F, None)],
    )
    m = model([make_loop(["n", "", "x"], ["y"], body)], X, [value("y", F, [None, 8])], initializers={"n": np.array(3)})
    return m, [{"x": f32(2, 8)}]


@case
def loop_in_a_loop():
    inner = step_body()
    body = graph(
        [
            make_loop(["i2", "", "g_in"], ["g_mid"], inner),
            node("Add", "g_mid x", "g_out"),
            node("Identity", "d_in", "d_out"),
        ],
        [value("i2", I64, []), value("d_in", B, []), value("g_in", F, None)],
        [value("d_out", B, []), value("g_out", F, None)],
    )
    m = model([make_loop(["n", "", "x"], ["y"], body)], [*X, value("n", I64, [])], Y, initializers={"w": W})
    return m, [{"x": f32(2, 8), "n": np.array(n)} for n in (0, 1, 4)]


def branch(nodes, output, initializers=()):
    return graph(nodes, [], [value(output, F, None)], initializers)


@case
def if_of_an_input():
    then = branch([node("MatMul", "x w", "a"), node("Tanh", "a", "b")], "b")
    otherwise = branch([node("Neg", "x", "c")], "c")
    m = model(
        [helper.make_node("If", ["which"], ["d"], name="the_if", then_branch=then, else_branch=otherwise),
         node("Add", "d x", "y")],
        [*X, value("which", B, [1])], Y, initializers={"w": W},
    )  # fmt: skip
    return m, [{"x": f32(2, 8), "which": np.array([w])} for w in (True, False)]


@case
def if_of_a_size():
    # Tables of different sizes, by the length; and rows of them.
    large, small = f32(20, 8), f32(6, 8)
    then = branch([], "large", {"large": large})
    otherwise = branch([], "small", {"small": small})
    nodes = [
        node("Shape", "ids", "s"),
        node("Gather", "s one", "n"),
        node("Greater", "n limit", "long"),
        helper.make_node("If", ["long"], ["table"], name="the_if", then_branch=then, else_branch=otherwise),
        node("Gather", "table ids", "y"),
        node("Shape", "table", "rows"),
    ]
    m = model(
        nodes,
        [value("ids", I64, ["batch", "seq"])],
        [value("y", F, ["batch", "seq", 8]), value("rows", I64, [2])],
        initializers={"one": np.array(1), "limit": np.array(6)},
    )
    return m, [{"ids": RNG.integers(0, 6, (2, s))} for s in (1, 6, 7, 20)]


@case
def if_of_values():
    then = branch([node("Mul", "x two", "b")], "b", {"two": np.float32(2)})
    otherwise = branch([node("Identity", "x", "c")], "c")
    nodes = [
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Greater", "sum zero", "positive"),
        helper.make_node("If", ["positive"], ["y"], name="the_if", then_branch=then, else_branch=otherwise),
    ]
    m = model(nodes, X, Y, initializers={"zero": np.float32(0)})
    return m, [{"x": np.abs(f32(2, 8))}, {"x": -np.abs(f32(2, 8))}]


@case
def if_in_a_loop():
    then = branch([node("MatMul", "h_in w", "b")], "b")
    otherwise = branch([node("Add", "h_in h_in", "c")], "c")
    nodes = [
        node("Less", "i two", "early"),
        helper.make_node("If", ["early"], ["h_out"], name="the_if", then_branch=then, else_branch=otherwise),
        node("Identity", "c_in", "c_out"),
    ]
    body = graph(
        nodes,
        [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
        [value("c_out", B, []), value("h_out", F, None)],
    )
    m = model(
        [make_loop(["n", "", "x"], ["y"], body)],
        [*X, value("n", I64, [])],
        Y,
        initializers={"w": W, "two": np.array(2)},
    )
    return m, [{"x": f32(2, 8), "n": np.array(n)} for n in (0, 2, 4)]


def merged_decoder():
    """With the past or without, as merged decoders are: the sizes of the branches differ."""
    then = branch([node("Concat", "past x", "b", axis=1)], "b")
    otherwise = branch([node("Identity", "x", "c")], "c")
    nodes = [helper.make_node("If", ["use_cache"], ["y"], name="the_if", then_branch=then, else_branch=otherwise)]
    return model(
        nodes,
        [value("x", F, ["b", "s", 8]), value("past", F, ["b", "p", 8]), value("use_cache", B, [1])],
        [value("y", F, ["b", None, 8])],
    )


def scaled():
    inputs = [value("x", F, ["n", 6]), value("factor", F, [2]), value("shape", I64, [3])]
    return model([node("Reshape", "x split", "u"), node("Mul", "u factor", "t"), node("Reshape", "t shape", "y")],
                 inputs, [value("y", F, None)], initializers={"split": np.array([-1, 2])})  # fmt: skip


# (model, --bind, inputs that remain, inputs for ONNX Runtime)
BOUND = {
    "condition": (merged_decoder, "use_cache=true", {"use_cache": np.array([True])}, {"x": f32(2, 3, 8), "past": f32(2, 4, 8)}),
    "condition, false": (merged_decoder, "b=2,use_cache=0", {"use_cache": np.array([False])}, {"x": f32(2, 3, 8), "past": f32(2, 4, 8)}),
    "tensors": (
        scaled,
        "factor=[0.5,-3e1],shape=[3,2,-1]",
        {"factor": np.array([0.5, -30], np.float32), "shape": np.array([3, 2, -1])},
        {"x": f32(4, 6)},
    ),
}  # fmt: skip
REFUSED = {
    "sizes that a condition decides": (merged_decoder, "", ["the_if", "--bind=use_cache=true"]),
    "a name that is nothing": (merged_decoder, "cache=1", ["'cache'", "'use_cache'", "'s'"]),
    "too many elements": (scaled, "factor=[1,2,3]", ["input 'factor'", "2 elements, not 3"]),
    "an open size": (scaled, "x=1", ["input 'x'", "dimensions"]),
    "another type": (scaled, "shape=1.5", ["input 'shape'", "'1.5'"]),
    "a dimension of another type": (scaled, "n=x", ["'n'", "whole number"]),
    "a number out of range": (merged_decoder, "use_cache=2", ["input 'use_cache'", "'2'"]),
    "slices of unknown count": (
        lambda: model(
            [make_loop(["n", "go", "x"], ["y", "all"], step_body([node("Neg", "h_out", "each")], [value("each", F, None)]))],
            [*X, value("n", I64, []), value("go", B, [])], [*Y, value("all", F, None)], initializers={"w": W}),
        "", ["the_loop", "number of iterations"]),
    "endless": (
        lambda: model([make_loop(["", "", "x"], ["y"], step_body())], X, Y, initializers={"w": W}), "", ["the_loop", "nothing ends it"]),
    "a carried value that grows": (
        lambda: model(
            [make_loop(["n", "", "x"], ["y"], graph(
                [node("Concat", "h_in h_in", "h_out", axis=1), node("Identity", "c_in", "c_out")],
                [value("i", I64, []), value("c_in", B, []), value("h_in", F, None)],
                [value("c_out", B, []), value("h_out", F, None)]))],
            [*X, value("n", I64, [])], [value("y", F, None)]),
        "", ["the_loop", "before and after"]),
}  # fmt: skip


class Checks:
    def __init__(self, tools, work):
        self.tools, self.work, self.passed, self.failed = tools, Path(work), 0, 0

    def note(self, name, problem):
        self.passed, self.failed = self.passed + (not problem), self.failed + bool(problem)
        if problem:
            print(f"{name}: {problem}")

    def compile(self, proto, *options):
        path = self.work / "model.onnx"
        onnx.save(proto, path)
        bundle = self.work / "model.jarana"
        return goldens.run([self.tools / "jarana-compile", path, "-o", bundle, "--verify-passes", *options])

    def compare(self, kind, inputs, expected):
        what = [self.work / "model.jarana"] if kind == "compiled" else ["--reference", self.work / "model.onnx"]
        outputs, status, message = goldens.evaluate([self.tools / "jarana-run", *what], inputs, self.work)
        if status:
            return f"{kind}: {message}"
        for name, golden in expected.items():
            if not goldens.error(outputs[name], golden) <= 1e-5:
                return f"{kind}: {name} is {outputs[name]}, expected {golden}"
        return ""

    def run(self, name, proto, cases, fixed=None, options=()):
        status, message = self.compile(proto, *options)
        if status or "not checked" in message:
            return self.note(name, message)
        names = [output.name for output in proto.graph.output]
        session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
        for number, inputs in enumerate(cases):
            expected = dict(zip(names, session.run(None, {**inputs, **(fixed or {})})))
            for kind in ("compiled",) if fixed else ("compiled", "reference"):
                self.note(f"{name}, case {number}", self.compare(kind, inputs, expected))

    def refuse(self, name, proto, options, texts):
        status, message = self.compile(proto, *options)
        missing = [text for text in texts if text not in message]
        if status != 1 or missing:
            self.note(name, f"status {status}, and {missing} not in: {message}")
        else:
            self.note(name, "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        checks = Checks(options.build.resolve() / "bin", work)
        for name, make in CASES.items():
            if options.only in name:
                checks.run(name, *make())
        for name, (make, bind, fixed, inputs) in BOUND.items():
            if options.only in name:
                checks.run(name, make(), [inputs], fixed, [f"--bind={bind}"])
        for name, (make, bind, texts) in REFUSED.items():
            if options.only in name:
                checks.refuse(name, make(), [f"--bind={bind}"] if bind else [], texts)
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
