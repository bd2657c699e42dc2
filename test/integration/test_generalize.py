#!/usr/bin/env python3
"""Graphs traced at fixed sizes, compiled with --generalize, equal ONNX Runtime on the same model traced for all sizes; without the
option, other sizes are refused with a message that names the input.

The fixed graphs are the traced form with its free dimensions fixed and its constants folded by ONNX Runtime, as exporters fold them:
shapes, masks and rotary tables become numbers, the scan has one chunk or a fixed number of them. And exports that are fixed because of
the prompt that they were traced with (`--models DIR` takes another folder of entries), against the same model exported for all sizes
with their weights, or, where they have states, against their own results in pieces of the length that they take.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
import onnxruntime
import twins

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
#: Exports of one configuration with chunks of 16: the twin, a size that each takes, and sizes (batch, length) that each does not.
PLAIN, GENERATION = "bamba-hf-prefill-dynamo-external", "bamba-hf-gen-nomask-prefill"
EXPORTS = {
    "bamba-hf-prefill-dynamo-shorttrace": (PLAIN, (2, 9), ((2, 8), (1, 10))),
    "bamba-hf-prefill-dynamo-multipletrace": (PLAIN, (2, 32), ((1, 15), (2, 17))),
    "bamba-hf-prefill-dynamo-static-s21": (PLAIN, (1, 21), ((1, 20), (2, 21))),
    "bamba-hf-prefill-dynamo-static-s32": (PLAIN, (2, 32), ((2, 33), (1, 32))),
    "bamba-hf-gen-shortprompt-prefill": (GENERATION, (2, 16), ((2, 17),)),
    "bamba-hf-gen-static-prefill": (GENERATION, (1, 21), ((1, 22), (2, 21))),
}
EXPORT_SHAPES = ((1, 1), (3, 2), (1, 15), (2, 16), (1, 17), (3, 35), (2, 53))
#: It continues from states by at most a chunk of tokens.
CONTINUED, CHUNK = "bamba-hf-gen-multitoken-decode", 16
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
    def __init__(self, tools, folder, verbose):
        self.tools, self.folder, self.verbose = tools, folder, verbose
        self.passed = self.failed = 0
        self.worst = 0.0

    def count(self, ok, text):
        self.passed, self.failed = self.passed + ok, self.failed + (not ok)
        if not ok:
            print(text)

    def compile(self, model, *options):
        bundle = self.folder / "model.jarana"
        return bundle, *goldens.run([self.tools / "jarana-compile", model, "-o", bundle, *options])

    def run(self, bundle, inputs):
        outputs, _, message = goldens.evaluate([self.tools / "jarana-run", bundle], inputs, self.folder)
        return outputs, message

    def compare(self, name, bundle, inputs, golden):
        actual, message = self.run(bundle, inputs)
        worst = np.inf if actual is None else max(goldens.error(actual[key], golden[key]) for key in golden)
        self.worst = max(self.worst, worst)
        self.count(worst <= TOLERANCE, f"{name}: differs by {worst:.1e} {message}")

    def refuse(self, name, bundle, inputs):
        """The message must name the input and a number, the limit."""
        actual, message = self.run(bundle, inputs)
        named = actual is None and "input_ids" in message and any(word.isdigit() for word in message.split())
        self.count(named, f"{name}: not refused by a message with the input and its limit: {message}")
        if self.verbose:
            print(f"{name}: {message}")

    def trace(self, name, generation, sizes):
        twin, model = self.folder / f"{generation}.onnx", self.folder / "fixed.onnx"
        traced_form.build(config_of(CONFIG), twin, generation=generation)
        fixed(twin, model, sizes)
        session = onnxruntime.InferenceSession(twin, providers=["CPUExecutionProvider"])
        bundle, status, message = self.compile(model, "--generalize=length,batch")
        self.count(status == 0, f"{name}: --generalize=length,batch: {message}")
        random = np.random.default_rng(0)
        for shape in SHAPES if status == 0 else ():
            ids = {"input_ids": random.integers(0, 32, shape)}
            golden = session.run(["logits"], ids)[0]
            self.compare(f"{name}: {shape}", bundle, ids, {"logits": golden})

        bundle, status, message = self.compile(model)
        self.count(status == 0, f"{name}: {message}")
        longer = random.integers(0, 32, (sizes.get("batch", 2), sizes["seq"] + 4))
        self.refuse(f"{name}: a longer prompt", bundle, {"input_ids": longer})

    def export(self, models, name):
        """An entry against its twin, at the size it was traced at and at others."""
        twin_name, traced, refused = EXPORTS[name]
        path = models / name / "model.onnx"
        source = onnx.load(path)
        twin = twins.session(twins.transplant(source, onnx.load(models / twin_name / "model.onnx")))
        names = [i.name for i in source.graph.input]
        twin_names = [i.name for i in twin.get_inputs()]
        random = np.random.default_rng(1)
        ids = random.integers(0, 200, traced)
        own, other = (
            twins.run(twins.session(source), twins.feeds_of(names, ids)),
            twins.run(twin, twins.feeds_of(twin_names, ids)),
        )
        apart = max(goldens.error(own[key], other[key]) for key in own)
        self.count(apart <= TOLERANCE, f"{name}: its twin {twin_name} is another model: differs by {apart:.1e}")
        bundle, status, message = self.compile(path, "--generalize=length,batch")
        self.count(status == 0, f"{name}: --generalize=length,batch: {message}")
        for shape in EXPORT_SHAPES if status == 0 else ():
            ids = random.integers(0, 200, shape)
            golden = twins.run(twin, twins.feeds_of(twin_names, ids))
            golden = {key: golden[key] for key in own}
            self.compare(f"{name}: {shape}", bundle, twins.feeds_of(names, ids), golden)
        bundle, status, message = self.compile(path)
        self.count(status == 0, f"{name}: {message}")
        for shape in refused:
            ids = random.integers(0, 200, shape)
            self.refuse(f"{name}: {shape}", bundle, twins.feeds_of(names, ids))

    def continued(self, models):
        """A graph with states against itself in shorter pieces."""
        path = models / CONTINUED / "model.onnx"
        session = twins.session(onnx.load(path))
        names = [i.name for i in session.get_inputs()]
        random = np.random.default_rng(1)
        bundle, status, message = self.compile(path, "--generalize=length,batch")
        self.count(status == 0, f"{CONTINUED}: --generalize=length,batch: {message}")
        for batch, past, length in ((1, 0, 17), (2, 9, 17), (1, 16, 1), (3, 5, 40), (2, 0, 53)) if status == 0 else ():
            states = twins.empty_states(session, batch)
            if past:
                before = twins.in_pieces(session, random.integers(0, 200, (batch, past)), states, 0, CHUNK)
                states = {name: before[after] for name, after in twins.state_names(session).items()}
            ids = random.integers(0, 200, (batch, length))
            golden = twins.in_pieces(session, ids, states, past, CHUNK)
            inputs = {**twins.feeds_of(names, ids, past), **states}
            self.compare(f"{CONTINUED}: batch {batch}, {length} tokens after {past}", bundle, inputs, golden)
        bundle, status, message = self.compile(path)
        self.count(status == 0, f"{CONTINUED}: {message}")
        ids = random.integers(0, 200, (1, CHUNK + 1))
        inputs = {**twins.feeds_of(names, ids), **twins.empty_states(session, 1)}
        self.refuse(f"{CONTINUED}: {CHUNK + 1} tokens", bundle, inputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "models", type=Path)
    parser.add_argument("--verbose", action="store_true", help="the largest error of each, and the refusals")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(options.build.resolve() / "bin", Path(folder), options.verbose)
        parts = [(trace[0], test.trace, trace) for trace in TRACES]
        for name, (twin, *_) in EXPORTS.items():
            if all((options.models / entry / "model.onnx").exists() for entry in (name, twin)):
                parts.append((name, test.export, (options.models, name)))
        if (options.models / CONTINUED / "model.onnx").exists():
            parts.append((CONTINUED, test.continued, (options.models,)))
        for name, check, arguments in parts:
            test.worst = 0.0
            check(*arguments)
            if options.verbose:
                print(f"{name}: {test.worst:.1e}")
    print(f"{test.passed} passed, {test.failed} failed, 0 skipped")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
