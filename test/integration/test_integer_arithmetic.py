#!/usr/bin/env python3
"""Integer division and conversions to integers: compiled code never traps, gives the wrapped value where the reference gives it, and
the reference's error, with the node's name, for a divisor of zero."""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
from onnx import TensorProto, helper

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64", "float16")
BY_ZERO = "integer division by zero"


def element(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def model(nodes, inputs, outputs, initializers=()):
    """Inputs and outputs are {name: (dtype, shape)}."""
    values = [
        [helper.make_tensor_value_info(name, element(dtype), shape) for name, (dtype, shape) in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *values, initializer=list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def divisions(dtype, shapes=(["n"], ["n"], ["n"])):
    nodes = [
        helper.make_node("Div", ["a", "b"], ["quotient"], "the_div"),
        helper.make_node("Mod", ["a", "b"], ["floored"], "the_mod"),
        helper.make_node("Mod", ["a", "b"], ["truncated"], "the_fmod", fmod=1),
    ]
    names = ("quotient", "floored", "truncated")
    return model(
        nodes, {"a": (dtype, shapes[0]), "b": (dtype, shapes[1])}, {name: (dtype, shapes[2]) for name in names}
    )


def one(op, dtype, **attributes):
    node = helper.make_node(op, ["a", "b"], ["y"], f"some/{op}", **attributes)
    return model([node], {"a": (dtype, ["n"]), "b": (dtype, ["n"])}, {"y": (dtype, ["n"])})


def extremes(dtype):
    """Every pair of small and extreme numbers, without zero divisors."""
    limits = np.iinfo(dtype)
    numbers = np.array([limits.min, limits.min + 1, -7, -1, 0, 1, 3, limits.max - 1, limits.max], object)
    numbers = numbers[(numbers >= limits.min) & (numbers <= limits.max)].astype(dtype)
    a, b = (x.ravel() for x in np.meshgrid(numbers, numbers))
    return {"a": a[b != 0], "b": b[b != 0]}


def casts(dtype):
    nodes = [helper.make_node("Cast", ["x"], [f"to_{to}"], to=element(to)) for to in INTEGERS]
    return model(nodes, {"x": (dtype, ["n"])}, {f"to_{to}": (to, ["n"]) for to in INTEGERS})


def odd_floats(dtype):
    numbers = [0, -0.0, 1.9, -1.9, 127.5, -128.9, 300, -300, 65504, 3e9, -3e9, 2.0**31, -(2.0**31)]
    numbers += [2.0**63, -(2.0**63), 1.5 * 2.0**63, 2.0**64, 1e30, -1e30, np.inf, -np.inf, np.nan]
    with np.errstate(over="ignore"):
        return {"x": np.array(numbers).astype(dtype)}


def in_scan():
    """Divides inside a loop."""
    body = helper.make_graph(
        [helper.make_node("Div", ["s", "x"], ["next"], "inner_div"), helper.make_node("Identity", ["next"], ["out"])],
        "body",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [2]) for name in ("s", "x")],
        [helper.make_tensor_value_info(name, TensorProto.INT64, [2]) for name in ("next", "out")],
    )
    scan = helper.make_node("Scan", ["a", "b"], ["last", "all"], "the_scan", body=body, num_scan_inputs=1)
    return model(
        [scan],
        {"a": ("int64", [2]), "b": ("int64", ["n", 2])},
        {"last": ("int64", [2]), "all": ("int64", ["n", 2])},
    )


def by_constant(divisors):
    constant = onnx.numpy_helper.from_array(np.array(divisors, np.int32), "b")
    node = helper.make_node("Div", ["a", "b"], ["y"], "by_constant")
    return model([node], {"a": ("int32", ["n", 3])}, {"y": ("int32", ["n", 3])}, [constant])


def cases():
    """(name, model, inputs, part of the error or None); no inputs where compiling must fail."""
    least = np.iinfo(np.int64).min
    for dtype in INTEGERS:
        yield f"extremes {dtype}", divisions(dtype), extremes(dtype), None
        zero = {"a": np.array([5, 0, 7], dtype), "b": np.array([1, 2, 0], dtype)}
        for op, attributes in (("Div", {}), ("Mod", {}), ("Mod", {"fmod": 1})):
            yield f"{op} {attributes} {dtype} by zero", one(op, dtype, **attributes), zero, f"some/{op}"
    scalars = divisions("int32", ([], [], []))
    for a, b in ((-(2**31), -1), (7, -2), (0, 3)):
        yield f"scalars {a} / {b}", scalars, {"a": np.array(a, np.int32), "b": np.array(b, np.int32)}, None
    yield "scalars by zero", scalars, {"a": np.array(7, np.int32), "b": np.array(0, np.int32)}, "the_div"
    broadcast = divisions("int64", (["n", "m"], ["m"], ["n", "m"]))
    grid = np.arange(12).reshape(3, 4) - 6
    yield "broadcast", broadcast, {"a": grid, "b": np.array([1, -1, 2, -3])}, None
    yield "broadcast by zero", broadcast, {"a": grid, "b": np.array([1, -1, 0, -3])}, "the_div"
    # No element is divided.
    by_one = divisions("int64", (["n"], [1], ["n"]))
    yield "empty by zero", by_one, {"a": np.zeros(0, np.int64), "b": np.zeros(1, np.int64)}, None
    yield "all by zero", by_one, {"a": np.ones(3, np.int64), "b": np.zeros(1, np.int64)}, "the_div"
    yield "empty", divisions("int64"), {"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, None
    yield "by constants", by_constant([1, -1, 3]), {"a": np.array([[least >> 32, least >> 32, 8]], np.int32)}, None
    yield (
        "by a constant zero",
        by_constant([1, 0, 3]),
        None,
        "node 'by_constant' (Div): an integer is divided by the constant 0",
    )
    steps = {"a": np.array([least, 100]), "b": np.array([[-1, 2], [2, 3]])}
    yield "Scan", in_scan(), steps, None
    yield "Scan by zero", in_scan(), {**steps, "b": np.array([[-1, 2], [2, 0]])}, "inner_div"
    for dtype in ("int32", "int64"):
        powers = extremes(dtype)
        powers["b"] = np.resize(np.array([0, 1, 2, 3, 17, 62, 63, -1, -2], dtype), powers["a"].shape)
        yield f"Pow {dtype}", one("Pow", dtype), powers, None
    for dtype in FLOATS:
        yield f"Cast from {dtype}", casts(dtype), odd_floats(dtype), None


def check(tools, work, name, graph, inputs, error):
    """What is wrong; empty: nothing."""
    path, bundle = Path(work) / "model.onnx", Path(work) / "model.jarana"
    onnx.save(graph, path)
    status, message = goldens.run([tools / "jarana-compile", path, "-o", bundle])
    if inputs is None:
        return "" if status == 1 and error in message else f"jarana-compile: status {status}: {message}"
    if status:
        return f"jarana-compile: {message}"
    results = {}
    for kind, command in (
        ("reference", [tools / "jarana-run", "--reference", path]),
        ("compiled", [tools / "jarana-run", bundle]),
    ):
        results[kind], status, message = goldens.evaluate(command, inputs, work)
        if error is not None and (status != 1 or BY_ZERO not in message or error not in message):
            return f"{kind}: expected an error of {error}, got status {status}: {message}"
        if error is None and status != 0:
            return f"{kind}: status {status}: {message}"
    if error is not None:
        return ""
    for key, expected in results["reference"].items():
        found = results["compiled"][key]
        if found.dtype != expected.dtype or not np.array_equal(found, expected):
            return f"{key}: compiled {found.tolist()}, reference {expected.tolist()}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    tools = parser.parse_args().build.resolve() / "bin"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for name, graph, inputs, error in cases():
            wrong = check(tools, work, name, graph, inputs, error)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"{name}: {wrong}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
