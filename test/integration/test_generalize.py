#!/usr/bin/env python3
"""Graphs traced at fixed sizes, compiled with --generalize, equal ONNX Runtime on the same model traced for all sizes; without the
option, other sizes are refused with a message that names the input.

The fixed graphs are the traced form with its free dimensions fixed and its constants folded by ONNX Runtime, as exporters fold them:
shapes, masks and rotary tables become numbers, the scan has one chunk or a fixed number of them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import traced_form  # noqa: E402
from make_model import config_of  # noqa: E402

CONFIG = "odd,vocabulary=32"  # chunks of 8
#: (name, generation, the sizes it is traced at)
TRACES = (
    ("static, three chunks", "einsum", {"batch": 1, "seq": 21}),
    ("static, three chunks, reduce", "reduce", {"batch": 1, "seq": 21}),
    ("static, two whole chunks", "einsum", {"batch": 2, "seq": 16}),
    ("short: one chunk, any batch", "einsum", {"seq": 5}),
)
SHAPES = ((1, 1), (3, 2), (2, 8), (1, 21), (2, 35))
TOLERANCE = 1e-4


def fixed(model, path, sizes):
    """The model with its dimensions fixed and its constants folded."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    for name, size in sizes.items():
        options.add_free_dimension_override_by_name(name, size)
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Test:
    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder
        self.passed = self.failed = 0

    def count(self, ok, text):
        self.passed, self.failed = self.passed + ok, self.failed + (not ok)
        if not ok:
            print(text)

    def compile(self, model, *options):
        bundle = model.with_suffix(".jarana")
        return bundle, *goldens.run([self.tools / "jarana-compile", model, "-o", bundle, *options])

    def run(self, bundle, ids):
        outputs, _, message = goldens.evaluate([self.tools / "jarana-run", bundle], {"input_ids": ids}, self.folder)
        return outputs and outputs["logits"], message

    def trace(self, name, generation, sizes):
        twin, model = self.folder / f"{generation}.onnx", self.folder / "fixed.onnx"
        traced_form.build(config_of(CONFIG), twin, generation=generation)
        fixed(twin, model, sizes)
        session = onnxruntime.InferenceSession(twin, providers=["CPUExecutionProvider"])
        bundle, status, message = self.compile(model, "--generalize=length,batch")
        self.count(status == 0, f"{name}: --generalize=length,batch: {message}")
        random = np.random.default_rng(0)
        for shape in SHAPES if status == 0 else ():
            ids = random.integers(0, 32, shape)
            golden = session.run(["logits"], {"input_ids": ids})[0]
            actual, message = self.run(bundle, ids)
            worst = np.inf if actual is None else goldens.error(actual, golden)
            self.count(worst <= TOLERANCE, f"{name}: {shape}: differs by {worst:.1e} {message}")

        bundle, status, message = self.compile(model)
        self.count(status == 0, f"{name}: {message}")
        actual, message = self.run(bundle, random.integers(0, 32, (sizes.get("batch", 2), sizes["seq"] + 4)))
        self.count(actual is None and "input_ids" in message, f"{name}: a longer prompt was not refused: {message}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    tools = parser.parse_args().build.resolve() / "bin"
    with tempfile.TemporaryDirectory() as folder:
        test = Test(tools, Path(folder))
        for trace in TRACES:
            test.trace(*trace)
    print(f"{test.passed} passed, {test.failed} failed, 0 skipped")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
