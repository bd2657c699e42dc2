#!/usr/bin/env python3
"""Mutants whose change no comparison of floats on ordinary inputs sees (invisible.py): the compiler must not raise what they touch, or
raise it with the changed meaning.

How each is judged. `jarana-compile --verify-passes` holds the hybrid form against the mutant's own graph, exactly, with drawn inputs
and weights, which fall on either side of every limit: they must be equal, and each op that decides must have decided 40 elements.
Where fewer mixers are raised than of the base, the mutant counts as refused, else as raised. That a lost edit would be seen is shown
by the base's graph, which must not be equal to the mutant's in the same evaluation.
"""

import argparse
import json
import os
import re
import subprocess
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
from verified import left_alone

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


def verified(tools, path):
    """(report of the raising, "") of a model, or what the verification of the passes up to the hybrid form found."""
    done = subprocess.run(
        [tools / "jarana-compile", path, "--emit=hybrid", "--verify-passes", "-o", os.devnull, "--report=raise,json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        return [], f"exit status {done.returncode}: {done.stderr[-600:]}"
    left = left_alone(done.stderr)
    return ([], "; ".join(left)) if left else (json.loads(done.stdout)["raise"], "")


class Graph:
    """The onnx form of a model, as text."""

    def __init__(self, text):
        lines = text.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.startswith("  func.func @main("))
        self.before, self.function = lines[:at], lines[at:-1]

    def joined(self, other):
        """With the other's function as @base. Weights of the same name are the same."""
        weight = re.compile(r"  hybrid\.weight @(\S+) ")
        own = {match[1] for match in map(weight.match, self.before) if match}
        more = [line for line in other.before if (match := weight.match(line)) and match[1] not in own]
        renamed = ["  func.func @base(" + other.function[0].split("(", 1)[1], *other.function[1:]]
        return "".join([*self.before, *more, *self.function, *renamed, "}\n"])


def graph(tools, path):
    out = path.with_suffix(".form")
    status, message = goldens.run([tools / "jarana-compile", path, "--emit=onnx", "-o", out], timeout=120)
    if status:
        raise RuntimeError(f"jarana-compile --emit=onnx: {message[-300:]}")
    text = out.read_text()
    out.unlink()
    return Graph(text)


@dataclass
class Mixer:
    kind: str
    nodes: list


class Base:
    """A graph that is raised whole, and what it makes of some inputs."""

    def __init__(self, tools, folder, name, model, inputs):
        self.name, self.model, self.inputs = name, model, inputs
        self.path = folder / f"{name}.onnx"
        onnx.save(model, self.path)
        report, problem = verified(tools, self.path)
        if problem:
            raise RuntimeError(f"{name}: {problem}")
        self.raised = raised(report)
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
        self.values, conditions = probe.observe(model, [inputs])
        self.live = probe.reaching_outputs(model)
        real = probe.from_weights(model) & self.live
        self.values = {name: value for name, value in self.values.items() if name in real}
        self.graph = graph(tools, self.path)
        self.sizes = ",".join(
            f"{dim.dim_param}={size}"
            for i in model.graph.input
            for dim, size in zip(i.type.tensor_type.shape.dim, inputs[i.name].shape, strict=True)
            if dim.dim_param
        )
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
        self.tools, self.number, self.base, self.edit = tools, number, base, edit
        self.path = folder / f"invisible-{number}.onnx"

    def run(self):
        onnx.save(self.edit.model, self.path)
        try:
            self.outcome, self.how = self.judge()
        except RuntimeError as error:
            self.outcome, self.how = "wrong", str(error)
        self.path.unlink()
        return self

    def judge(self):
        report, problem = verified(self.tools, self.path)
        if problem:
            raise RuntimeError(problem)
        if self.equals_base():
            raise RuntimeError("the evaluation takes it for its base: that it was kept is not shown")
        refused = self.base.raised - raised(report)
        return ("refused", ", ".join(sorted(refused))) if refused else ("raised", "equal to its own graph")

    def equals_base(self):
        """Both graphs, in one module, on the same inputs and weights: few may be decided at once."""
        both = self.path.with_suffix(".mlir")
        both.write_text(graph(self.tools, self.path).joined(self.base.graph))
        for seed in range(1, 21):
            status, message = goldens.run(
                [
                    self.tools / "jarana-opt",
                    both,
                    f"--evaluate=equals=base weights={seed} seed={seed} sizes={self.base.sizes}",
                    "-o",
                    os.devnull,
                ],
                timeout=120,
            )
            if status:
                break
        both.unlink()
        if status and " differs from @main" not in message:
            raise RuntimeError(f"jarana-opt --evaluate: {message[-300:]}")
        return status == 0


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
