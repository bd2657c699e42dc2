#!/usr/bin/env python3
"""The onnx package's own node tests, for the operators that Jarana takes, by the reference evaluator.

A case is taken where all its operators are in dialects/onnx/operators.txt, its inputs and outputs are plain tensors of types that
a safetensors file holds, and nothing in it is random. Those that may fail are in node_test_exclusions.txt, each with its reason; one
that passes although it is listed there is an error too. `--only TEXT` runs the cases whose names contain it and shows their failures.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

OLDEST_OPSET = 7
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TYPES = {
    "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int8": "I8", "uint8": "U8", "int16": "I16",
    "uint16": "U16", "int32": "I32", "uint32": "U32", "int64": "I64", "uint64": "U64", "bool": "BOOL",
}  # fmt: skip
ELEMENTS = {onnx.TensorProto.DataType.Value(name) for name in (
    "FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "BOOL",
)}  # fmt: skip


def operators():
    lines = (ROOT / "dialects" / "onnx" / "operators.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def nodes_of(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from nodes_of(inner)


def taken(case, known):
    if case.model is None or not case.data_sets:
        return False
    graph = case.model.graph
    for value in [*graph.input, *graph.output]:
        if not value.type.HasField("tensor_type") or value.type.tensor_type.elem_type not in ELEMENTS:
            return False
    # Dropout in its training mode draws random numbers.
    return all(
        node.op_type in known and node.op_type != "Dropout" and node.domain in ("", "ai.onnx")
        for node in nodes_of(graph)
    )


def unchanged(operator, version):
    """Whether the operator learned nothing from this version to OLDEST_OPSET but types and attributes."""
    old, new = (onnx.defs.get_schema(operator, v) for v in (version, OLDEST_OPSET))
    return [v.name for v in old.inputs] == [v.name for v in new.inputs] and set(old.attributes) <= set(new.attributes)


def prepared(case):
    """The model as Jarana takes models: with opset 7, its oldest, where the case is older and its operators only learned types
    and attributes until then; and with axes and scales as constants, as every exporter writes them."""
    model, inputs = case.model, list(case.data_sets[0][0])
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version < OLDEST_OPSET:
            if all(unchanged(node.op_type, entry.version) for node in nodes_of(model.graph)):
                entry.version = OLDEST_OPSET
    for index, value in reversed(list(enumerate(model.graph.input))):
        if value.name in ("axes", "scales"):
            model.graph.initializer.append(numpy_helper.from_array(as_array(inputs.pop(index)), value.name))
            del model.graph.input[index]
    return model, inputs


def save(path, tensors):
    """Writes a safetensors file; the safetensors package has no bfloat16 for numpy."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor).tobytes()
        header[name] = {
            "dtype": TYPES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def as_array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def write(case, folder):
    folder.mkdir()
    model, inputs = prepared(case)
    outputs = case.data_sets[0][1]
    onnx.save(model, folder / "model.onnx")
    save(folder / "inputs.safetensors", {v.name: as_array(x) for v, x in zip(model.graph.input, inputs)})
    save(folder / "outputs.safetensors", {v.name: as_array(x) for v, x in zip(model.graph.output, outputs)})
    (folder / "case.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))


def exclusions():
    """Case name to reason; lines are `name: reason`."""
    listed = {}
    for line in (HERE / "node_test_exclusions.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(":")
            if not reason.strip():
                sys.exit(f"node_test_exclusions.txt: '{line}' gives no reason")
            listed[name.strip()] = reason.strip()
    return listed


def evaluate(driver, work, names):
    """Case name to (whether it passes, why not). A case that ends the process fails, and the next process goes on after it."""
    results = {}
    while names:
        run = subprocess.run([driver, work], text=True, capture_output=True)
        for line in run.stdout.splitlines():
            verdict, _, rest = line.partition(" ")
            name, _, reason = rest.partition(": ")
            results[name] = (verdict == "pass", reason)
        left = [name for name in names if name not in results]
        if left:
            results[left[0]] = (False, f"the process ended with status {run.returncode}")
            for name in set(names) - set(left[1:]):
                shutil.rmtree(work / name)
        names = left[1:]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    known, listed = operators(), exclusions()
    cases = {case.name: case for case in collect_testcases(None) if taken(case, known) and options.only in case.name}
    with tempfile.TemporaryDirectory() as work:
        for name, case in cases.items():
            write(case, Path(work) / name)
        results = evaluate(options.build / "bin" / "reference-nodes", Path(work), sorted(cases))
    wrong = 0
    for name in cases:
        passed, reason = results[name]
        if passed and name in listed:
            print(f"{name}: passes, but is listed as an exclusion")
            wrong += 1
        elif not passed and name not in listed:
            print(f"{name}: {reason}")
            wrong += 1
    for name in listed.keys() - cases.keys():
        if not options.only:
            print(f"{name}: listed as an exclusion, but there is no such case")
            wrong += 1
    good = sum(results[name][0] for name in cases)
    print(f"{good} of {len(cases)} node tests of onnx {onnx.__version__} pass ({good / max(len(cases), 1):.1%})")
    print(f"{good} passed, {wrong} failed, {len(listed.keys() & cases.keys())} skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
