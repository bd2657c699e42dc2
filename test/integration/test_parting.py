#!/usr/bin/env python3
"""Near misses of a scan, one edit of a traced export each: `--report=raise` must name the node that was edited as the one where the
graph and the operator part, with its number in the file, and say what it does.
"""

import argparse
import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import traced_form  # noqa: E402
from make_model import config_of  # noqa: E402

#: One Mamba2 and one attention layer; the chunk is 8.
CONFIG = "odd,layers=2,vocabulary=32"


class Scan:
    """The nodes of a model's first scan. Edits return the name of the node that they make wrong."""

    def __init__(self, model, generation):
        self.model, self.generation = model, generation
        # Along the positions of a chunk, the same over masked decays, and from chunk to chunk.
        self.sums, self.inner, self.outer = [node for node in model.graph.node if node.op_type == "CumSum"][:3]

    def users(self, value):
        return [node for node in self.model.graph.node if value in node.input]

    def after(self, node, op):
        """The first node of this operator that follows a node, on the way that its results take first."""
        while node.op_type != op or node is None:
            node = self.users(node.output[0])[0]
        return node

    def constant(self, node, index, value):
        """Gives a node another constant."""
        name = f"edited_{index}"
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        node.input[index] = name
        return node.name

    def insert(self, before, value, op, *constants, **attributes):
        """A node between a value and one that reads it."""
        name = f"edit_{op}_{len(self.model.graph.node)}"
        for number, constant in enumerate(constants):
            self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(constant), f"{name}_{number}"))
        operands = [f"{name}_{number}" for number in range(len(constants))]
        node = helper.make_node(op, [value, *operands], [name], name=name, **attributes)
        self.model.graph.node.insert(list(self.model.graph.node).index(before), node)
        return node

    def replace(self, reader, value, op, *constants, **attributes):
        node = self.insert(reader, value, op, *constants, **attributes)
        reader.input[list(reader.input).index(value)] = node.output[0]
        return node.name

    @property
    def entering(self):
        """The cut of all states to those before each chunk."""
        return self.after(self.users(self.outer.output[0])[0], "Slice")

    @property
    def joined(self):
        """Zeros, and what each chunk adds to the state."""
        products = ("Einsum", "ReduceSum")
        for node in self.model.graph.node:
            if node.op_type == "Concat" and len(node.input) == 2:
                made = [other for other in self.model.graph.node if node.input[1] in other.output]
                if made and made[0].op_type in products:
                    return node

    # What is edited, and what the report says of it.

    def shorter_decay(self):
        total = next(node for node in self.users(self.sums.output[0]) if node.op_type == "Gather")
        return self.constant(total, 1, np.int64(-2)), "only a part of the running sums of decays in a chunk"

    def later_decay(self):
        self.sums.attribute.append(helper.make_attribute("exclusive", 1))
        return self.sums.name, "only a part of the running sums of decays in a chunk"

    def strict_mask(self):
        where = self.users(self.inner.output[0])[0]
        return self.constant(where, 0, np.triu(np.ones((8, 8), bool))), "with numbers in other places"

    def shifted_mask(self):
        where = self.users(self.inner.output[0])[0]
        return self.constant(where, 0, np.triu(np.ones((8, 8), bool), 2)), ""

    def rolled_heads(self):
        entering = self.entering
        value, reader = entering.output[0], self.users(entering.output[0])[0]
        axis = 2  # [b, c, h, p, n]
        last = self.insert(reader, value, "Slice", np.array([-1]), np.array([2**62]), np.array([axis]))
        rest = self.insert(reader, value, "Slice", np.array([0]), np.array([-1]), np.array([axis]))
        joined = helper.make_node("Concat", [last.output[0], rest.output[0]], ["rolled"], name="rolled", axis=axis)
        self.model.graph.node.insert(list(self.model.graph.node).index(reader), joined)
        reader.input[list(reader.input).index(value)] = "rolled"
        return "rolled", "puts the states that enter the chunks in another order"

    def later_states(self):
        """Those after each chunk are the operator's too (the first one is zero); it is wrong to read them."""
        entering = self.entering
        self.constant(entering, 1, np.array([1]))
        self.constant(entering, 2, np.array([2**62]))
        reads = self.users(entering.output[0])[0]
        reads = reads if self.generation == "einsum" else self.after(reads, "ReduceSum")
        return reads.name, "what it makes of C and the states before and after all chunks is no value"

    def far_limit(self):
        joined = self.joined
        limits = (np.float32(-1e6), np.float32(1e6))
        return self.replace(joined, joined.input[1], "Clip", *limits), "without which they are equal"

    def scaled_decays(self):
        exp = self.after(self.users(self.inner.output[0])[0], "Exp")
        reader = self.users(exp.output[0])[0]
        name = self.replace(reader, exp.output[0], "Mul", np.float32(1 + 2**-20))
        return name, "what it makes of the decays within a chunk is no value of LinearAttention"

    def other_decays(self):
        exp = next(node for node in self.users(self.sums.output[0]) if node.op_type == "Exp")
        exp.op_type = "Sigmoid"
        return exp.name, "what it makes of the running sums of decays in a chunk is no value of LinearAttention"

    def b_reads(self):
        """B in the place of C where the states that enter are read; only in the einsum generation."""
        if self.generation != "einsum":
            return None
        value = self.entering.output[0]
        reads = self.users(value)[0]
        products = next(node for node in self.model.graph.node if node.op_type == "Einsum")
        assert reads.input[0] in products.input
        other = next(name for name in products.input if name != reads.input[0])
        reads.input[0] = other
        return reads.name, "what it makes of B and the states that enter the chunks is no value"

    EDITS = (
        shorter_decay,
        later_decay,
        strict_mask,
        shifted_mask,
        rolled_heads,
        later_states,
        far_limit,
        scaled_decays,
        other_decays,
        b_reads,
    )


def complaint(tool, path, model, name, text):
    """What is wrong with the report; empty: nothing."""
    onnx.save(model, path)
    command = [tool, path, "--report=raise,json", "--emit=hybrid", "-o", path.with_suffix(".mlir")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if run.returncode:
        return f"jarana-compile: {run.stderr.strip()}"
    entries = json.loads(run.stdout[run.stdout.index("{") :])["raise"]
    scans = [entry for entry in entries if entry["op"] == "LinearAttention"]
    if len(scans) != 1 or "parts_at" not in scans[0]:
        return f"not one scan that is refused with the place where the sides part: {scans}"
    number = [node.name for node in model.graph.node].index(name)
    found = re.fullmatch(r"\w+ '(.*)' \((.*)\)", scans[0]["parts_at"])
    if not found or found.groups() != (name, f"{path.name}: node {number}"):
        return f"{name} (node {number}) was edited, and they part at {scans[0]['parts_at']}: {scans[0]['reason']}"
    if text not in scans[0]["reason"]:
        return f"'{text}' is not in '{scans[0]['reason']}'"
    command[2] = "--report=raise"
    told = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    # The table for people breaks lines between words.
    row = f"{scans[0]['node']} LinearAttention not raised {scans[0]['position']}: {scans[0]['reason']}"
    if row not in " ".join(told.split()):
        return f"the report for people does not have '{row}'"
    return next((f"a line of the report is too long: {line}" for line in told.splitlines() if len(line) > 120), "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    tool = parser.parse_args().build.resolve() / "bin" / "jarana-compile"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for generation in ("einsum", "reduce"):
            path = Path(work) / f"{generation}.onnx"
            traced_form.build(config_of(CONFIG), path, seed=1, generation=generation)
            base = onnx.load(path)
            for edit in Scan.EDITS:
                model = copy.deepcopy(base)
                expected = edit(Scan(model, generation))
                if not expected:
                    continue
                wrong = complaint(tool, path, model, *expected)
                passed, failed = passed + (not wrong), failed + bool(wrong)
                if wrong:
                    print(f"{generation}, {edit.__name__}: {wrong}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
