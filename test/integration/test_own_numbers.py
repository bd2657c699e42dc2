#!/usr/bin/env python3
"""Layers that differ in numbers of their own, which the exporter folded into constants, in a graph that decodes one token: each must be
raised whatever the numbers are, and one in which they are not what an operator could hold must not, though its neighbours are.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "test" / "models" / "bamba-hf-gen-decode" / "model.onnx"


def decays(model):
    """The initializers of A that were broadcast to a state: [heads, width, state], one per layer."""
    return [t for t in model.graph.initializer if len(t.dims) == 3 and t.dims[0] == 8 and t.dims[1] == t.dims[2] == 16]


def change(tensor, edit):
    array = numpy_helper.to_array(tensor).copy()
    edit(array)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def raised_scans(build, model):
    """How many scans were raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, path)
        run = subprocess.run(
            [
                build / "bin" / "jarana-compile",
                path,
                "--emit=hybrid",
                "-o",
                Path(folder) / "out.mlir",
                "--report=raise,json",
            ],
            text=True,
            capture_output=True,
        )
    if run.returncode != 0:
        return f"exited with {run.returncode}: {run.stderr}"
    return sum(entry.get("result") == "hybrid.ssd_scan" for entry in json.loads(run.stdout)["raise"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    options = parser.parse_args()
    base = onnx.load(MODEL)
    layers = len(decays(base))
    rng = np.random.default_rng(0)

    def draw(a):
        a[:] = -np.exp(rng.uniform(-2, 2, (a.shape[0], 1, 1))).astype(a.dtype)

    def last_bit(a):
        a[3, 5, 7] = np.nextafter(a[3, 5, 7], np.float32(0))

    def one(a):
        a[:] = -1

    cases = {
        "each layer's own": ([draw] * layers, layers),
        "the same in a layer": ([draw, one, draw][:layers], layers),
        "an element that differs in its last bit": ([draw, last_bit, draw][:layers], layers - 1),
        "the same, in the last layer": ([draw, draw, last_bit][:layers], layers - 1),
    }
    failed = 0
    for name, (edits, expected) in cases.items():
        model = copy.deepcopy(base)
        for tensor, edit in zip(decays(model), edits, strict=True):
            change(tensor, edit)
        found = raised_scans(options.build, model)
        if found != expected:
            failed += 1
            print(f"{name}: of {layers} scans {found} were raised, not {expected}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
