#!/usr/bin/env python3
"""Initializers that are inputs: a caller may give the small ones, gets their values otherwise, and is told of those that were fixed.
Inputs whose shapes are unknown or contradict their initializers."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import session_models
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent.parent
FLOAT = TensorProto.FLOAT


def make(defaults, nodes, listed=None, ir=10, x=("batch", 8)):
    """y of x; `defaults` are initializers and, but for those not `listed`, inputs too (with the shapes there, where they are given)."""
    listed = {name: value.shape for name, value in defaults.items()} if listed is None else listed
    inputs = [helper.make_tensor_value_info("x", FLOAT, x)]
    inputs += [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(defaults[name].dtype), shape)
        for name, shape in listed.items()
    ]
    graph = helper.make_graph(
        [helper.make_node(kind, list(ins), [out], f"n_{out}") for kind, ins, out in nodes],
        "g",
        inputs,
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in defaults.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=ir)


def run(*command):
    return subprocess.run([str(word) for word in command], text=True, capture_output=True)


random = np.random.default_rng(5)
X = random.standard_normal((3, 8)).astype(np.float32)
SMALL = random.standard_normal((8, 8)).astype(np.float32)
LARGE = random.standard_normal((8, 32)).astype(np.float32)
TEMPERATURE = np.array([2], np.float32)
SCALED = [("MatMul", ("x", "w"), "h"), ("Div", ("h", "t"), "y")]
FIXED = "was fixed when the model was compiled"

# A model, and the inputs that are given beside x: they are taken, or refused with a message (by the bundle; the evaluator takes all).
CASES = {
    "none-given": (make({"w": SMALL, "t": TEMPERATURE}, SCALED), {}, ""),
    "temperature": (make({"w": LARGE, "t": TEMPERATURE}, SCALED), {"t": TEMPERATURE / 3}, ""),
    "limit": (
        make({"t": np.float32(np.inf).reshape(1)}, [("Min", ("x", "t"), "y")]),
        {"t": np.zeros(1, np.float32)},
        "",
    ),
    "infinite-default": (make({"t": np.float32(np.inf).reshape(())}, [("Min", ("x", "t"), "y")]), {}, ""),
    "small-weight": (make({"w": SMALL, "t": TEMPERATURE}, SCALED), {"w": SMALL[::-1]}, ""),
    "both": (make({"w": SMALL, "t": TEMPERATURE}, SCALED), {"w": SMALL[::-1], "t": TEMPERATURE * 2}, ""),
    "large-weight": (make({"w": LARGE, "t": TEMPERATURE}, SCALED), {"w": LARGE[::-1]}, FIXED),
    "old-ir": (make({"w": SMALL, "t": TEMPERATURE}, SCALED, ir=3), {"t": TEMPERATURE * 2}, FIXED),
    "axes": (
        make({"a": np.array([1])}, [("ReduceSum", ("x", "a"), "y")]),
        {"a": np.array([1])},
        FIXED,
    ),
    "every-one-of-many": (
        make(
            {f"b{i}": np.full(8, i, np.float32) for i in range(20)},
            [("Add", (f"h{i}" if i else "x", f"b{i}"), f"h{i + 1}" if i < 19 else "y") for i in range(20)],
        ),
        {"b3": np.zeros(8, np.float32)},
        FIXED,
    ),
    "unknown-sizes": (make({}, [("Abs", ("x",), "y")], x=(-1, 8)), {}, ""),
}


def check_case(tools, work, name):
    model, given, refusal = CASES[name]
    path = work / f"{name}.onnx"
    onnx.save(model, path)
    feeds = {"x": X, **given}
    save_file({key: np.ascontiguousarray(value) for key, value in feeds.items()}, work / "in.safetensors")
    files = [f"--inputs={work / 'in.safetensors'}", f"--outputs={work / 'out.safetensors'}"]
    made = run(tools / "jarana-compile", path, "-o", work / name)
    if made.returncode:
        return made.stderr
    ways = {"compiled": [work / name], "reference": ["--reference", path]}
    # A constant that operators need as one is no argument for the evaluator either.
    if name in ("axes", "old-ir"):
        del ways["reference"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    for way, words in ways.items():
        made = run(tools / "jarana-run", *words, *files)
        if way == "compiled" and refusal:
            if made.returncode != 1 or refusal not in made.stderr:
                return f"{way}: status {made.returncode}: {made.stderr}"
            continue
        if made.returncode:
            return f"{way}: {made.stderr}"
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        expected = session.run(None, feeds)[0]
        found = load_file(work / "out.safetensors")["y"]
        if not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
            return f"{way}: {found}, expected {expected}"
    return ""


def check_contradiction(tools, work, name, shape, message):
    onnx.save(make({"w": SMALL}, [("MatMul", ("x", "w"), "y")], listed={"w": shape}), work / f"{name}.onnx")
    made = run(tools / "jarana-compile", work / f"{name}.onnx", "-o", work / name)
    return "" if made.returncode == 1 and message in made.stderr else f"status {made.returncode}: {made.stderr}"


def check_session(tools, work):
    """Generation with a temperature that nobody gives."""
    plain = session_models.make()
    scaled = onnx.ModelProto()
    scaled.CopyFrom(plain)
    scaled.graph.node[-1].output[0] = "before"
    scaled.graph.node.append(helper.make_node("Div", ["before", "temperature"], ["logits"]))
    scaled.graph.input.append(helper.make_tensor_value_info("temperature", FLOAT, [1]))
    scaled.graph.initializer.append(numpy_helper.from_array(np.array([4], np.float32), "temperature"))
    tokens = []
    for name, model in (("plain", plain), ("scaled", scaled)):
        onnx.save(model, work / f"{name}.onnx")
        made = run(tools / "jarana-compile", work / f"{name}.onnx", "-o", work / name)
        if made.returncode == 0:
            made = run(tools / "jarana-run", work / name, "--prompt-ids=7,3,50", "--generate=8")
        if made.returncode:
            return f"{name}: {made.stderr}"
        tokens.append(made.stdout)
    return "" if tokens[0] == tokens[1] else f"{tokens}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    passed = failed = 0

    def count(name, problem):
        nonlocal passed, failed
        passed, failed = passed + (not problem), failed + bool(problem)
        if problem:
            print(f"{name}: {problem}")

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in CASES:
            count(name, check_case(tools, work, name))
        shapes = "input 'w' is declared with shape [8, 4], but the initializer of its name has shape [8, 8]"
        count("other-shape", check_contradiction(tools, work, "other-shape", [8, 4], shapes))
        count(
            "other-rank",
            check_contradiction(
                tools, work, "other-rank", [64], "[64], but the initializer of its name has shape [8, 8]"
            ),
        )
        count("session", check_session(tools, work))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
