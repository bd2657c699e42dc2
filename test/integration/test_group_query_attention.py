#!/usr/bin/env python3
"""GroupQueryAttention's features, alone and together, against ONNX Runtime: sink, smooth softmax, soft cap, window, packed
query, rotary embedding inside, f16, a bias, and a past that is a buffer of the greatest length or grows. Compiled and by
the reference evaluator."""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

HEADS, KV_HEADS, WIDTH, CAPACITY = 4, 2, 16, 16
# (name, attributes, features)
VARIANTS = [
    ("plain", {}, ""),
    ("window", {"local_window_size": 5}, ""),
    ("window of one", {"local_window_size": 1}, "buffer"),
    ("soft cap", {"softcap": 2.5}, ""),
    ("smooth", {"smooth_softmax": 1}, ""),
    ("sink", {}, "sink"),
    ("sink and window", {"local_window_size": 4}, "sink"),
    ("all", {"local_window_size": 6, "softcap": 3.0, "do_rotary": 1}, "sink packed bias"),
    ("f16", {"local_window_size": 6, "softcap": 3.0}, "sink f16"),
    ("rotary", {"do_rotary": 1, "rotary_interleaved": 1}, "packed"),
    ("buffer", {}, "buffer"),
    ("buffer, by the mask", {"do_rotary": 1}, "buffer mask packed"),
    ("buffer with all", {"local_window_size": 4, "softcap": 3.0, "do_rotary": 1}, "sink buffer"),
    ("buffer of a named length", {"smooth_softmax": 1}, "buffer named"),
    ("buffer and bias", {}, "buffer bias"),
    ("buffer in f16", {"do_rotary": 1}, "buffer f16 mask"),
]
# (batch, new positions, positions before each sequence's new ones)
CASES = [(2, 5, [0, 0]), (1, 1, [7]), (2, 1, [9, 4]), (1, 1, [CAPACITY - 1]), (1, 3, [6])]


def build(attributes, features):
    element = TensorProto.FLOAT16 if "f16" in features else TensorProto.FLOAT
    buffer = "buffer" in features
    past = ("capacity" if "named" in features else CAPACITY) if buffer else "past"
    cache = ["batch", KV_HEADS, past, WIDTH]
    inputs = [("query", ["batch", "seq", (HEADS + (2 * KV_HEADS if "packed" in features else 0)) * WIDTH])]
    if "packed" not in features:
        inputs += [(name, ["batch", "seq", KV_HEADS * WIDTH]) for name in ("key", "value")]
    inputs += [("past_key", cache), ("past_value", cache)]
    if "bias" in features:
        inputs.append(("bias", [1, HEADS, "seq", "total"]))
    values = [helper.make_tensor_value_info(name, element, shape) for name, shape in inputs]
    nodes, weights = [], []
    if "mask" in features or not buffer:
        total = "total" if buffer or "bias" in features else "past + seq"
        values.append(helper.make_tensor_value_info("mask", TensorProto.INT64, ["batch", total]))
        weights += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in (("one", 1), ("i1", 1))]
        weights.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
        nodes += [
            helper.make_node("ReduceSum", ["mask", "axis"], ["sum"], keepdims=0),
            helper.make_node("Sub", ["sum", "one"], ["last"]),
            helper.make_node("Cast", ["last"], ["seqlens"], to=TensorProto.INT32),
            helper.make_node("Shape", ["mask"], ["shape"]),
            helper.make_node("Gather", ["shape", "i1"], ["length"], axis=0),
            helper.make_node("Cast", ["length"], ["total"], to=TensorProto.INT32),
        ]
    else:
        values.append(helper.make_tensor_value_info("seqlens", TensorProto.INT32, ["batch"]))
        values.append(helper.make_tensor_value_info("total", TensorProto.INT32, []))
    random = np.random.default_rng(11)
    kind = helper.tensor_dtype_to_np_dtype(element)
    if attributes.get("do_rotary"):
        angles = np.arange(64)[:, None] * 10.0 ** -np.arange(WIDTH // 2)
        weights += [numpy_helper.from_array(f(angles).astype(kind), f.__name__) for f in (np.cos, np.sin)]
    if "sink" in features:
        weights.append(numpy_helper.from_array(random.normal(size=HEADS).astype(kind), "sink"))
    rotary = ["cos", "sin"] if attributes.get("do_rotary") else ["", ""]
    fresh = ["", ""] if "packed" in features else ["key", "value"]
    ends = ["bias" if "bias" in features else "", "sink" if "sink" in features else ""]
    operands = ["query", *fresh, "past_key", "past_value", "seqlens", "total", *rotary, "", *ends]
    results = ["y", "present_key", "present_value"]
    nodes.append(
        helper.make_node(
            "GroupQueryAttention",
            operands,
            results,
            domain="com.microsoft",
            num_heads=HEADS,
            kv_num_heads=KV_HEADS,
            **attributes,
        )
    )
    present = ["batch", KV_HEADS, past if buffer else "past + seq", WIDTH]
    shapes = [["batch", "seq", HEADS * WIDTH], present, present]
    outputs = [helper.make_tensor_value_info(name, element, shape) for name, shape in zip(results, shapes)]
    graph = helper.make_graph(nodes, "g", values, outputs, weights)
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def feed(model, case, random):
    """Inputs of the case; what a buffer or a shorter past holds behind the valid positions is not 0."""
    batch, length, before = case
    total = length + max(before)
    buffer = any(value.name == "seqlens" for value in model.graph.input)
    inputs = {}
    sizes = {"batch": batch, "seq": length, "past": max(before), "total": total, "past + seq": total}
    for value in model.graph.input:
        tensor = value.type.tensor_type
        dims = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim]
        shape = [dim if isinstance(dim, int) else sizes.get(dim, CAPACITY) for dim in dims]
        inputs[value.name] = random.normal(size=shape).astype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    ends = np.array(before) + length
    if buffer:
        inputs["seqlens"], inputs["total"] = (ends - 1).astype(np.int32), np.array(total, np.int32)
    else:
        inputs["mask"] = (np.arange(total) < ends[:, None]).astype(np.int64)
    return inputs


def valid(outputs, case):
    """Without what is behind each sequence's last position, which the operator leaves undefined."""
    found = {"y": outputs["y"]}
    for name in ("present_key", "present_value"):
        for b, before in enumerate(case[2]):
            found[f"{name} of sequence {b}"] = outputs[name][b, :, : before + case[1]]
    return found


def refusals(tools, work):
    """Totals and lengths that a buffer does not hold end with a message, not with a value."""
    model = build({}, "buffer")
    onnx.save(model, work / "model.onnx")
    status, message = goldens.run([tools / "jarana-compile", work / "model.onnx", "-o", work / "model.jarana"])
    if status:
        sys.exit(message)
    inputs = feed(model, (2, 1, [9, 4]), np.random.default_rng(1))
    for what, changes, expected in (
        ("a total beyond the buffer", {"total": np.array(CAPACITY + 1, np.int32)}, "is more than the buffers"),
        ("a total of nothing", {"total": np.array(0, np.int32)}, "is less than the number of new"),
        ("a length beyond the total", {"seqlens": np.array([10, 4], np.int32)}, "seqlens_k does not fit"),
        ("a length below the new ones", {"seqlens": np.array([9, -1], np.int32)}, "seqlens_k does not fit"),
    ):
        _, status, message = goldens.evaluate(
            [tools / "jarana-run", work / "model.jarana"], {**inputs, **changes}, work
        )
        yield what, "" if status == 1 and expected in message else f"status {status}: {message}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    tools = parser.parse_args().build.resolve() / "bin"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        results = list(refusals(tools, work))
        for name, attributes, features in VARIANTS:
            model = build(attributes, features)
            onnx.save(model, work / "model.onnx")
            status, message = goldens.run([tools / "jarana-compile", work / "model.onnx", "-o", work / "model.jarana"])
            if status:
                results.append((name, message))
                continue
            session = ort.InferenceSession(work / "model.onnx", providers=["CPUExecutionProvider"])
            random = np.random.default_rng(7)
            for case in CASES:
                inputs = feed(model, case, random)
                wanted = valid(dict(zip(("y", "present_key", "present_value"), session.run(None, inputs))), case)
                for kind, command in (
                    ("compiled", [tools / "jarana-run", work / "model.jarana"]),
                    ("reference", [tools / "jarana-run", "--reference", work / "model.onnx"]),
                ):
                    outputs, status, message = goldens.evaluate(command, inputs, work)
                    if not status:
                        found = valid(outputs, case)
                        worst = max(goldens.error(found[key], value) for key, value in wanted.items())
                        tolerance = 2e-2 if "f16" in features else 1e-4
                        message = "" if worst <= tolerance else f"differs by {worst:.1e}"
                    results.append((f"{name}, {case}, {kind}", message))
    for name, message in results:
        passed, failed = passed + (not message), failed + bool(message)
        if message:
            print(f"{name}: {message}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
