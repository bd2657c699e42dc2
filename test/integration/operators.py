"""Many nodes in one model, compiled and by the reference evaluator, against ONNX Runtime: shared by the tests of operators."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file


class Cases:
    """Collects nodes and their constants under names of their own."""

    def __init__(self, opset, inputs):
        """`inputs`: name to (element type, dimensions)."""
        self.opset, self.inputs = opset, inputs
        self.nodes, self.constants, self.outputs = [], [], {}

    def constant(self, value):
        """The name of a new initializer: of an array, or of a TensorProto without a name."""
        name = f"c{len(self.constants)}"
        if not isinstance(value, TensorProto):
            value = numpy_helper.from_array(np.asarray(value))
        value.name = name
        self.constants.append(value)
        return name

    def add(self, name, op, inputs, outputs=1, kind=TensorProto.FLOAT, shown=None, **attributes):
        """A node; `shown` are the numbers of the outputs that are compared (default: the first)."""
        names = [f"{name}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name, **attributes))
        for i in range(outputs) if shown is None else shown:
            self.outputs[names[i]] = kind if isinstance(kind, int) else kind[i]
        return names

    def model(self):
        inputs = [helper.make_tensor_value_info(name, *type) for name, type in self.inputs.items()]
        outputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in self.outputs.items()]
        graph = helper.make_graph(self.nodes, f"opset{self.opset}", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=7 if self.opset < 20 else 10)


def difference(got, want, tolerance):
    """Nothing where they are the same: floats to `tolerance` of the largest magnitude, the rest equal."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype} {got.shape}, expected {want.dtype} {want.shape}"
    if want.dtype.kind != "f":
        return "" if np.array_equal(got, want) else f"{np.sum(got != want)} elements differ"
    odd = ~np.isfinite(want)
    if not np.array_equal(got[odd], want[odd], equal_nan=True):
        return "infinities or NaN differ"
    got, want = np.where(odd, 0, got).astype(np.float64), np.where(odd, 0, want).astype(np.float64)
    apart = np.abs(got - want).max(initial=0)
    return "" if apart <= tolerance * np.abs(want).max(initial=0) else f"apart by {apart}"


def run(*command):
    """Nothing, or what a failed command says."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""


def compare(cases, inputs, build, tolerance=1e-5, wanted=None):
    """(passed, failed), one for each output and way; says what differs. `wanted`: outputs that ONNX Runtime does not compute."""
    passed = failed = 0
    onnxruntime.set_default_logger_severity(3)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        onnx.save(cases.model(), work / "model.onnx")
        save_file(inputs, work / "inputs.safetensors")
        names = list(cases.outputs)
        if wanted is None:
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            session = onnxruntime.InferenceSession(work / "model.onnx", options, providers=["CPUExecutionProvider"])
            wanted = dict(zip(names, session.run(names, inputs)))
        refused = run(build / "bin" / "jarana-compile", work / "model.onnx", "-o", work / "model.jarana")
        for way, what in {
            "reference": ["--reference", work / "model.onnx"],
            "compiled": [work / "model.jarana"],
        }.items():
            files = [f"--inputs={work}/inputs.safetensors", f"--outputs={work}/outputs.safetensors"]
            fault = refused or run(build / "bin" / "jarana-run", *what, *files)
            if fault:
                print(f"opset {cases.opset}, {way}: {fault}")
                failed += len(names)
                continue
            got = load_file(work / "outputs.safetensors")
            for name in names:
                apart = difference(got[name], wanted[name], tolerance)
                passed, failed = passed + (not apart), failed + bool(apart)
                if apart:
                    print(f"opset {cases.opset}, {way}, {name}: {apart}")
    return passed, failed
