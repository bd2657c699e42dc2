#!/usr/bin/env python3
"""Mutants of a traced export: one node or constant is changed at random, and the compiled result must still be what the reference
evaluator, which raises nothing, makes of the changed graph. Where a decode step is derived from it, a prompt fed in pieces must
give what the whole prompt gives.

Prints how many mutants were tried, in how many all mixers were still raised, and how many were refused as invalid.
"""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import goldens
import numpy as np
import onnx
from mutate import mutate

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
sys.path.insert(0, str(ROOT / "python"))
import jarana  # noqa: E402
import traced_form  # noqa: E402
from make_model import config_of  # noqa: E402

#: One Mamba2 and one attention layer; the chunk is 8, so that three chunks are 24 positions.
CONFIG = "odd,layers=2,vocabulary=32"
SHAPES = ((1, 1), (2, 7), (1, 29))
SPLIT = 11
#: Sizes with different names that meet in one operation are taken to be equal, and that is checked; a graph in which one of them
#: broadcasts because it happens to be 1 is refused by this check. Few mutants are such graphs: more than 1 in 50 is a failure.
RUN_TIME_BROADCAST = "by dimension"
TOLERANCE = 1e-4


def bases(folder):
    """The two generations, each in one file."""
    models = []
    for generation in ("einsum", "reduce"):
        path = folder / f"{generation}.onnx"
        traced_form.build(config_of(CONFIG), path, seed=1, generation=generation)
        models.append(onnx.load(path))
    return models


class Trial:
    """One mutant: `outcome` is raised, generic, invalid or wrong."""

    def __init__(self, tools, folder, number, model, text):
        self.tools, self.number, self.text = tools, number, text
        self.path = Path(folder) / f"mutant-{number}.onnx"
        self.bundle = self.path.with_suffix(".jarana")
        self.model, self.outcome, self.message = model, None, ""
        self.derived = False

    def evaluate(self, command, inputs):
        """The outputs, or None and the message of a refusal."""
        outputs, status, message = goldens.evaluate(command, inputs, self.path.parent, timeout=120)
        if status not in (0, 1):
            raise RuntimeError(f"exit status {status}: {message[-300:]}")
        return outputs, message

    def run(self):
        try:
            self.outcome = self.compare()
        except RuntimeError as error:
            self.outcome, self.message = "wrong", str(error)
        for path in self.path.parent.glob(f"{self.path.stem}.*"):
            if path.is_dir():
                for inner in path.iterdir():
                    inner.unlink()
                path.rmdir()
            else:
                path.unlink()
        return self

    def compare(self):
        onnx.save(self.model, self.path)
        report = goldens.run(
            [self.tools / "jarana-compile", self.path, "-o", self.bundle, "--report=raise,json"], timeout=120
        )
        compiled = report[0] == 0
        if not compiled and report[0] != 1:
            raise RuntimeError(f"jarana-compile: exit status {report[0]}: {report[1][-300:]}")
        agreed, limited = 0, False
        random = np.random.default_rng(self.number)
        for shape in SHAPES:
            ids = random.integers(0, 32, shape)
            golden, refusal = self.evaluate([self.tools / "jarana-run", "--reference", self.path], {"input_ids": ids})
            if golden is None:
                continue  # invalid at this length, or at all: nothing to compare with
            if not compiled:
                raise RuntimeError(f"the reference evaluates it and the compiler refuses it: {report[1]}")
            actual, refusal = self.evaluate([self.tools / "jarana-run", self.bundle], {"input_ids": ids})
            if actual is None and RUN_TIME_BROADCAST in refusal:
                limited = True
                continue
            if actual is None:
                raise RuntimeError(f"length {shape}: refused: {refusal}")
            worst = goldens.error(actual["logits"], golden["logits"])
            if worst > TOLERANCE:
                raise RuntimeError(f"batch {shape[0]}, length {shape[1]}: differs by {worst:.1e}")
            agreed += 1
            if shape[0] == 1 and shape[1] > SPLIT:
                self.feed(ids, golden["logits"][:, -1])
        if limited:
            return "limited"
        if not agreed:
            return "invalid"
        return "raised" if self.all_raised(report[1]) else "generic"

    def feed(self, ids, golden):
        """The prompt in pieces, the last ones of one token."""
        try:
            session = jarana.Session(jarana.Bundle(self.bundle))
            session.prefill(ids[:, :SPLIT])
            session.prefill(ids[:, SPLIT : 2 * SPLIT])
            for position in range(2 * SPLIT, ids.shape[1]):
                session.decode(ids[:, position])
            logits = np.array(session.logits(), np.float32).reshape(golden.shape)
        except jarana.JaranaError:
            return  # no state follows from this graph, or not for these lengths
        worst = goldens.error(logits, golden)
        if worst > TOLERANCE:
            raise RuntimeError(f"in pieces of {SPLIT} tokens and less: differs by {worst:.1e}")
        self.derived = True

    @staticmethod
    def all_raised(text):
        entries = json.loads(text[text.index("{") :])["raise"]
        return all(entry.get("result") for entry in entries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--count", default=200, type=int, help="valid mutants to try")
    parser.add_argument("--seed", default=20, type=int)
    parser.add_argument("--only", type=int, help="the number of one mutant")
    options = parser.parse_args()
    build = options.build.resolve()
    tools = build / "bin"
    os.environ["JARANA_RUNTIME"] = str(build / "lib" / "libjarana_runtime.so")
    counts = dict.fromkeys(("raised", "generic", "invalid", "limited", "wrong", "derived"), 0)
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(os.cpu_count()) as pool:
        models = bases(Path(work))

        def trial(number):
            random = np.random.default_rng([options.seed, number])
            return Trial(tools, work, number, *mutate(models[number % 2], random)).run()

        number = options.only or 0
        while options.only is not None or counts["raised"] + counts["generic"] + counts["wrong"] < options.count:
            block = range(number, number + (1 if options.only is not None else 20))
            for done in pool.map(trial, block):
                counts[done.outcome] += 1
                counts["derived"] += done.derived
                if done.outcome == "wrong" or options.only is not None:
                    print(f"mutant {done.number}: {done.text}: {done.outcome} {done.message}")
            number = block.stop
            if options.only is not None:
                break
    valid = counts["raised"] + counts["generic"]
    print(
        f"{number} mutants: {counts['raised']} raised, {counts['generic']} left generic in part, "
        f"{counts['invalid']} invalid, {counts['limited']} refused for broadcasting at run time, "
        f"{counts['wrong']} wrong; a decode step was derived from {counts['derived']}"
    )
    too_many = counts["limited"] * 50 > valid
    if too_many:
        print("too many are refused for broadcasting at run time")
    print(f"{valid} passed, {counts['wrong'] + too_many} failed, 0 skipped")
    return 1 if too_many or counts["wrong"] or not counts["raised"] or not counts["generic"] else 0


if __name__ == "__main__":
    sys.exit(main())
