#!/usr/bin/env python3
"""Mutants whose change no comparison of floats on ordinary inputs sees (invisible.py): the compiler must not raise what they touch, or
raise it with the changed meaning.

How each is judged. The hybrid form of the mutant and of its base are compared. Where fewer mixers are raised and the edit's number is
in the form, the mutant counts as refused. Where as many are, it counts as raised and is compiled and run: against the reference
evaluator, which raises nothing, with weights that bring values to where the edit acts, if any are found. Where the edit's number is
gone from the form, it is wrong unless shown to be there in effect: by such weights, or, for a change near the last bit, by how much of
the effect of the same change made stronger (the derivative) is in the outputs, against the noise of rounding.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import goldens
import invisible
import numpy as np
import onnx
import probe
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import traced_form  # noqa: E402
from make_model import config_of  # noqa: E402

CONFIG = "odd,layers=2,vocabulary=32"
#: Exports of test/models, each with the batch and length that it is run on, or with the case.
EXPORTS = {
    "bamba-hf-prefill-dynamo-g2": (3, 40),
    "bamba-hf-prefill-dynamo-tf517": (2, 53),
    "bamba-hf-prefill-dynamo-nomask": (3, 40),
    "bamba-hf-prefill-torchscript-permfix": (3, 40),
    "bamba-hf-prefill-dynamo-opset23": (1, 53),  # ONNX Runtime takes batches of one
    "falcon-h1-norm-hf-prefill-dynamo": (3, 40),
    "nemotron-h-hf-prefill-dynamo": (3, 40),
    "bamba-hf-gen-decode": "b2-past23-leftpad",
}
TOLERANCE = 1e-4
#: Code for any processor of the kind is made faster than code for this one.
TARGET = ["--mcpu=x86-64"] if platform.machine() == "x86_64" else []
NUMBER = re.compile(r"(?<![\w.@%#])-?\d+\.\d+(?:[eE][+-]?\d+)?|(?<![\w\"])0x[0-9A-Fa-f]{8}\b")


def numbers(text):
    """How often each magnitude is written in a form, as f32."""
    counted = Counter()
    with np.errstate(over="ignore"):
        for word in NUMBER.findall(text):
            value = np.uint32(int(word, 16)).view(np.float32) if word.startswith("0x") else np.float32(float(word))
            counted[float(abs(value))] += 1
    return counted


def forms(tools, path):
    """(exit status, message, hybrid form, report of the raising)."""
    out = path.with_suffix(".mlir")
    status, message = goldens.run(
        [tools / "jarana-compile", path, "--emit=hybrid", "-o", out, "--report=raise,json"], timeout=120
    )
    if status:
        return status, message, "", []
    text = out.read_text()
    out.unlink()
    return status, "", text, json.loads(message[message.index("{") :])["raise"]


@dataclass
class Mixer:
    kind: str
    nodes: list


class Base:
    """A graph that is raised whole, and what it makes of some inputs."""

    def __init__(self, tools, folder, name, model, inputs):
        self.name, self.model, self.inputs, self.plain = name, model, inputs, None
        self.path = folder / f"{name}.onnx"
        onnx.save(model, self.path)
        status, message, self.text, report = forms(tools, self.path)
        if status:
            raise RuntimeError(f"{name}: {message}")
        self.numbers, self.raised = numbers(self.text), raised(report)
        at = {node.name: i for i, node in enumerate(model.graph.node)}
        self.makers = {output: node for node in model.graph.node for output in node.output}
        self.mixers = [
            Mixer(entry["op"], self.nodes_behind(at[entry["last"]], at[entry["first"]], int(entry["nodes"])))
            for entry in report
            if entry.get("result") and entry.get("first") in at and entry.get("last") in at
        ]
        # A softplus and its threshold are no entry of the report.
        self.mixers += [
            Mixer("Softplus", list(model.graph.node[i : i + 3]))
            for i, node in enumerate(model.graph.node)
            if node.op_type == "Softplus"
        ]
        self.outputs = [output.name for output in model.graph.output]
        self.values, conditions = probe.observe(model, [inputs])
        self.live = probe.reaching_outputs(model)
        real = probe.from_weights(model) & self.live
        self.values = {name: value for name, value in self.values.items() if name in real}
        self.conditions = {name: taken for name, taken in conditions.items() if self.condition_value(name)}

    def nodes_behind(self, last, first, count):
        """The `count` nodes nearest behind a mixer's last one, that first."""
        nodes = self.model.graph.node
        at = {output: i for i, node in enumerate(nodes) for output in node.output}
        found = [last]
        for i in found:
            behind = (at[name] for name in nodes[i].input if name in at)
            found += [j for j in dict.fromkeys(behind) if j >= first and j not in found]
        return [nodes[i] for i in found[:count] if nodes[i].op_type != "Constant"]

    def effect(self, edit):
        """Of a small edit on the outputs: the root of the mean square, relative to the largest."""
        if self.plain is None:
            self.plain = probe.run(probe.session(self.model), self.inputs)
        change = self.derivative(self.plain, probe.run(probe.session(edit.stronger), self.inputs), edit.times)
        return float(np.sqrt(np.mean(change**2)))

    def derivative(self, plain, strong, times=1.0):
        """The difference of the outputs, each relative to its largest, in one vector."""
        return np.concatenate(
            [
                (
                    (strong[name].astype(np.float64) - plain[name]) / np.abs(plain[name]).max(initial=1e-30) / times
                ).reshape(-1)
                for name in self.outputs
            ]
        )

    def condition_value(self, name):
        """The value that a condition compares with a number; "" where it has another origin."""
        node = self.makers.get(name)
        if node is None or node.op_type not in ("Greater", "Less", "GreaterOrEqual", "LessOrEqual"):
            return ""
        return next((value for value in node.input if value in self.values), "")


def raised(report):
    return Counter(entry["op"] for entry in report if entry.get("result"))


def bases(tools, folder):
    random = np.random.default_rng(7)
    for generation in ("einsum", "reduce"):
        path = folder / f"traced-{generation}-plain.onnx"
        traced_form.build(config_of(CONFIG), path, seed=1, generation=generation)
        yield Base(
            tools, folder, f"traced-{generation}", onnx.load(path), {"input_ids": random.integers(0, 32, (2, 29))}
        )
    for name, case in EXPORTS.items():
        entry = ROOT / "test" / "models" / name
        model = onnx.load(entry / "model.onnx")
        if isinstance(case, str):
            inputs = goldens.load(entry / "io" / case / "inputs.safetensors")
        else:
            inputs = {
                i.name: np.ones(case, np.int64) if "mask" in i.name else random.integers(1, 200, case)
                for i in model.graph.input
            }
        yield Base(tools, folder, name, model, inputs)


class Trial:
    """One mutant: `outcome` is raised, refused or wrong."""

    def __init__(self, tools, folder, number, base, edit):
        self.tools, self.folder, self.number, self.base, self.edit = tools, folder, number, base, edit
        self.path = folder / f"invisible-{number}.onnx"
        self.how = ""

    def run(self):
        try:
            self.outcome, self.how = self.judge()
        except RuntimeError as error:
            self.outcome, self.how = "wrong", str(error)
        for path in self.folder.glob(f"{self.path.stem}.*onnx"):
            path.unlink()
        return self

    def judge(self):
        onnx.save(self.edit.model, self.path)
        status, message, text, report = forms(self.tools, self.path)
        if status:
            raise RuntimeError(f"jarana-compile: exit status {status}: {message[-300:]}")
        kept = self.is_kept(text)
        refused = self.base.raised - raised(report)
        if kept and refused:
            return "refused", ", ".join(sorted(refused))
        weights = self.edit.value and probe.reveal(
            self.base.model, (self.edit.model, self.base.inputs), self.edit.value, self.edit.reach, self.edit.sign
        )
        how = weights and self.compare_where_visible(weights)
        if how:
            return "refused" if refused else "raised", how
        if kept:
            worst = self.error(self.compiled(self.path, self.base.inputs), self.reference(self.path, self.base.inputs))
            if worst > TOLERANCE:
                raise RuntimeError(f"differs by {worst:.1e}")
            return "raised", f"the edit stays apart; equal to {worst:.1e}"
        if self.edit.stronger is not None:
            return "refused" if refused else "raised", self.compare_by_derivative()
        raise RuntimeError("lost: its number is gone, and no weights were found that show it")

    def is_kept(self, text):
        if self.edit.operator:
            return text.count(self.edit.operator) > self.base.text.count(self.edit.operator)
        mark = float(abs(np.float32(self.edit.mark)))
        return numbers(text)[mark] > self.base.numbers[mark]

    def compare_where_visible(self, weights):
        """Text; None where the unedited graph, too, is too sensitive with these weights to be compared."""
        model, inputs = onnx.ModelProto(), dict(self.base.inputs)
        model.CopyFrom(self.edit.model)
        plain = onnx.ModelProto()
        plain.CopyFrom(self.base.model)
        for name, factor in weights.items():
            if name in inputs:
                inputs[name] = (inputs[name] * np.float32(factor)).astype(np.float32)
            for changed in (model, plain):
                for tensor in changed.graph.initializer:
                    if tensor.name == name:
                        array = numpy_helper.to_array(tensor) * np.float32(factor)
                        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float32), name))
        edited_path, plain_path = self.path.with_suffix(".edited.onnx"), self.path.with_suffix(".plain.onnx")
        onnx.save(model, edited_path)
        onnx.save(plain, plain_path)
        found, golden = self.compiled(edited_path, inputs), self.reference(edited_path, inputs)
        unedited = self.reference(plain_path, inputs)
        worst, shown = self.error(found, golden), self.error(unedited, golden)
        where = ", ".join(f"{name} times {factor:.3g}" for name, factor in weights.items())
        if worst > max(TOLERANCE, 0.02 * shown):
            if self.error(self.compiled(plain_path, inputs), unedited) > 0.01 * shown:
                return None
            raise RuntimeError(
                f"lost: with {where} the edit changes the outputs by {shown:.1e}, and they differ by {worst:.1e}"
            )
        return f"equal to {worst:.1e} where the edit makes {shown:.1e} ({where})"

    def compare_by_derivative(self):
        inputs = self.base.inputs
        found, plain = self.compiled(self.path, inputs), self.reference(self.base.path, inputs)
        onnx.save(self.edit.stronger, self.path)
        strong = self.reference(self.path, inputs)
        change = self.base.derivative(plain, found)
        effect = self.base.derivative(plain, strong, self.edit.times)
        power = float(effect @ effect)
        share = float(change @ effect) / power
        noise = float(np.sqrt(np.mean((change - share * effect) ** 2) / power))
        text = f"{share:.2f} +- {noise:.2f} of its effect is in the outputs"
        if abs(share - 1) > 0.4 or noise > 0.15:
            raise RuntimeError(f"lost: {text}")
        return text

    def compiled(self, path, inputs):
        bundle = path.with_suffix(".jarana")
        status, message = goldens.run([self.tools / "jarana-compile", path, "-o", bundle, *TARGET], timeout=120)
        if status:
            raise RuntimeError(f"jarana-compile: exit status {status}: {message[-300:]}")
        outputs = self.evaluate([self.tools / "jarana-run", bundle], inputs)
        for file in bundle.iterdir():
            file.unlink()
        bundle.rmdir()
        return outputs

    def reference(self, path, inputs):
        return self.evaluate([self.tools / "jarana-run", "--reference", path], inputs)

    def evaluate(self, command, inputs):
        outputs, status, message = goldens.evaluate(command, inputs, self.folder, timeout=120)
        if outputs is None:
            raise RuntimeError(f"{Path(command[0]).name}: exit status {status}: {message[-300:]}")
        return outputs

    def error(self, actual, golden):
        return probe.worst(actual, golden, self.base.outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--count", default=200, type=int)
    parser.add_argument("--seed", default=40, type=int)
    parser.add_argument("--only", type=int, help="the number of one mutant")
    parser.add_argument("--verbose", action="store_true", help="say of each mutant what became of it")
    parser.add_argument("--keep", type=Path, help="a folder to write the mutants that are wrong to")
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ["JARANA_RUNTIME"] = str(build / "lib" / "libjarana_runtime.so")
    outcomes, families = Counter(), Counter()
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(os.cpu_count()) as pool:
        all_bases = list(bases(build / "bin", Path(work)))

        def trial(number):
            base = all_bases[number % len(all_bases)]
            edit = invisible.edit(base, np.random.default_rng([options.seed, number]))
            return Trial(build / "bin", Path(work), number, base, edit).run()

        for done in pool.map(trial, [options.only] if options.only is not None else range(options.count)):
            outcomes[done.outcome] += 1
            families[done.edit.family, done.outcome] += 1
            if done.outcome == "wrong" or options.verbose or options.only is not None:
                print(
                    f"mutant {done.number}: {done.base.name}: {done.edit.family}: {done.edit.text}: "
                    f"{done.outcome}: {done.how}",
                    flush=True,
                )
            if done.outcome == "wrong" and options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                onnx.save(done.edit.model, options.keep / f"{done.number}.onnx")
    for family in sorted({name for name, _ in families}):
        counts = ", ".join(f"{families[family, o]} {o}" for o in ("raised", "refused", "wrong") if families[family, o])
        print(f"{family}: {counts}")
    print(
        f"{sum(outcomes.values())} tried, {outcomes['raised']} raised, {outcomes['refused']} refused, "
        f"{outcomes['wrong']} wrong"
    )
    print(f"{outcomes['raised'] + outcomes['refused']} passed, {outcomes['wrong']} failed, 0 skipped")
    return 1 if outcomes["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
