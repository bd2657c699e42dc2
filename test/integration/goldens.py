"""Compares a model's outputs with its goldens: shared by the integration tests and the status table."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from safetensors import safe_open
from safetensors.numpy import save_file

FLOATS = {"F32": np.float32, "F16": np.float16, "F64": np.float64}


def load(path):
    """The tensors of a safetensors file as numpy arrays; bfloat16 becomes float32."""
    tensors = {}
    raw = Path(path).read_bytes()
    header_bytes = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + header_bytes])
    with safe_open(path, "np") as file:
        for name in file.keys():
            if header[name]["dtype"] == "BF16":
                begin, end = header[name]["data_offsets"]
                bits = np.frombuffer(raw[8 + header_bytes + begin : 8 + header_bytes + end], np.uint16)
                tensors[name] = (bits.astype(np.uint32) << 16).view(np.float32).reshape(header[name]["shape"])
            else:
                tensors[name] = file.get_tensor(name)
    return tensors


def tolerance(model):
    """Relative to the largest magnitude: 1e-4 for f32, 2e-2 for 16-bit weights or rounded activations, 1e-3 for
    weights of 8 and 4 bits."""
    proto = onnx.load(model, load_external_data=False)
    ops = {node.op_type for node in proto.graph.node}
    types = {tensor.data_type for tensor in proto.graph.initializer}
    if types & {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16} or ops & {
        "DynamicQuantizeLinear",
        "QuantizeLinear",
    }:
        return 2e-2
    return 1e-3 if ops & {"MatMulNBits", "DequantizeLinear"} else 1e-4


def error(actual, golden, mask=None):
    """The largest difference relative to the golden's largest magnitude; inf where shapes, kinds or NaNs differ."""
    if actual.shape != golden.shape:
        return np.inf
    if golden.size == 0:
        return 0.0
    if mask is not None and golden.shape[: mask.ndim] == mask.shape:
        actual, golden = actual[mask], golden[mask]
    if not np.issubdtype(golden.dtype, np.floating):
        return 0.0 if np.array_equal(actual, golden) else np.inf
    actual, golden = actual.astype(np.float64), golden.astype(np.float64)
    if not np.array_equal(np.isnan(actual), np.isnan(golden)):
        return np.inf
    same = (actual == golden) | np.isnan(golden)
    scale = np.nanmax(np.abs(golden[np.isfinite(golden)]), initial=0.0)
    worst = np.max(np.abs(actual[~same] - golden[~same]), initial=0.0)
    return float(worst / scale) if scale else float(worst)


@dataclass
class Result:
    entry: str
    case: str
    backend: str
    error: float | None
    tolerance: float
    message: str = ""

    @property
    def ok(self):
        return self.error is not None and self.error <= self.tolerance


def run(command, timeout=600):
    """(exit status, message); a crash or a time-out is a failure with a message."""
    try:
        done = subprocess.run([str(word) for word in command], text=True, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return -1, "timed out"
    return done.returncode, (done.stderr.strip() or done.stdout.strip())


def evaluate(command, inputs, folder, timeout=600):
    """Runs `command` on the inputs: (outputs, exit status, message); the outputs are None where the status is not 0."""
    with (
        tempfile.NamedTemporaryFile(suffix=".safetensors", dir=folder) as data,
        tempfile.NamedTemporaryFile(suffix=".safetensors", dir=folder) as result,
    ):
        save_file(inputs, data.name)
        status, message = run([*command, f"--inputs={data.name}", f"--outputs={result.name}"], timeout)
        return (load(result.name) if status == 0 else None), status, message


def smallest_case(entry):
    """The folder of the case of an entry with the smallest inputs."""
    return min((entry / "io").iterdir(), key=lambda case: ((case / "inputs.safetensors").stat().st_size, case.name))


def check_entry(build, entry, backends, work, compile_options=(), emulator=(), cases=None):
    """One Result per case and backend of an entry (a folder with model.onnx and io/).

    The compiled model runs under the command `emulator`; `cases` are folders, all of io/ where absent.
    """
    model = entry / "model.onnx"
    limit = tolerance(model)
    runs = {}
    for backend in backends:
        if backend == "reference":
            runs[backend] = [build / "bin" / "jarana-run", "--reference", model]
            continue
        bundle = Path(work) / f"{entry.name}.jarana"
        status, message = run([build / "bin" / "jarana-compile", model, "-o", bundle, *compile_options])
        if status:
            yield Result(entry.name, "compile", backend, None, limit, message)
        else:
            runs[backend] = [*emulator, build / "bin" / "jarana-run", bundle]
    for case in cases or sorted((entry / "io").iterdir()):
        golden = load(case / "outputs.safetensors")
        inputs = load(case / "inputs.safetensors")
        mask = inputs.get("attention_mask") if case.name.endswith("leftpad") else None
        for backend, command in runs.items():
            with tempfile.NamedTemporaryFile(suffix=".safetensors", dir=work) as file:
                status, message = run([*command, f"--inputs={case / 'inputs.safetensors'}", f"--outputs={file.name}"])
                if status:
                    yield Result(entry.name, case.name, backend, None, limit, message)
                    continue
                actual = load(file.name)
            missing = golden.keys() - actual.keys()
            if missing:
                yield Result(entry.name, case.name, backend, None, limit, f"no output {', '.join(sorted(missing))}")
                continue
            worst = 0.0
            for name, value in golden.items():
                # Logits at padded positions mean nothing; states are compared whole.
                rows = mask[:, -value.shape[1] :] == 1 if mask is not None and name == "logits" else None
                worst = max(worst, error(actual[name], value, rows))
            yield Result(entry.name, case.name, backend, worst, limit, "" if worst <= limit else "differs")
