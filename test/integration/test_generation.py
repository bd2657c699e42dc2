#!/usr/bin/env python3
"""States derived from graphs that only see whole sequences: generation equals ONNX Runtime's, which runs the whole
sequence for each token; any split of a prompt gives the same logits; a left-padded batch equals its single sequences.
A graph that no state follows from says so.

`--models DIR` takes another folder of entries, `--only` names entries, `--generate` is the number of tokens.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))

LENGTHS = (1, 2, 15, 16, 17, 53)  # around the models' chunk of 16
PROMPT = 40
VOCABULARY = 200


class Whole:
    """The graph in ONNX Runtime, on whole sequences."""

    def __init__(self, model):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.inputs = [value.name for value in self.session.get_inputs()]

    def logits(self, ids):
        return self.padded(np.array([ids], np.int64), [0])[0]

    def padded(self, ids, padding):
        """The last logits of each of some sequences with padding on the left."""
        mask = (np.arange(ids.shape[1]) >= np.array(padding)[:, None]).astype(np.int64)
        feeds = {
            name: mask if "mask" in name else np.maximum(mask.cumsum(1) - 1, 0) if "position" in name else ids
            for name in self.inputs
        }
        return self.session.run(["logits"], feeds)[0][:, -1]

    def generate(self, prompt, count):
        ids = list(prompt)
        for _ in range(count):
            ids.append(int(self.logits(ids).argmax()))
        return ids[len(prompt) :]

    def tie(self, prompt, expected, found):
        """Where two generations part: the step, and by how much the logits of the two tokens differ, relative to the largest."""
        step = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
        logits = self.logits(list(prompt) + expected[:step]).astype(np.float64)
        return step, float((logits[expected[step]] - logits[found[step]]) / np.abs(logits).max())


def last(session, rows=1):
    """The logits of the last position of each sequence."""
    logits = np.array(session.logits(), np.float32)
    return logits.reshape(rows, -1, logits.shape[-1])[:, -1]


def difference(a, b):
    return float(np.abs(a - b).max() / np.abs(b).max())


def check_generation(tools, bundle, whole, count):
    random = np.random.default_rng(2024)
    for length in LENGTHS:
        prompt = random.integers(1, VOCABULARY, length).tolist()
        ids = ",".join(map(str, prompt))
        run = subprocess.run(
            [tools / "jarana-run", bundle, f"--prompt-ids={ids}", f"--generate={count}", "--json"],
            text=True,
            capture_output=True,
        )
        expected = whole.generate(prompt, count)
        if run.returncode != 0:
            yield False, f"a prompt of {length}: {run.stderr.strip()}"
            continue
        found = json.loads(run.stdout)["tokens"]
        text = f"a prompt of {length}: {found}, expected {expected}"
        if found != expected:
            step, gap = whole.tie(prompt, expected, found)
            text += f": they part at step {step}, where the two logits are {gap:.1e} of the largest apart"
        yield found == expected, text


def check_splits(jarana, bundle, whole, limit):
    prompt = np.random.default_rng(2025).integers(1, VOCABULARY, PROMPT)
    expected = whole.logits(prompt.tolist())

    def pieces(cuts):
        session = jarana.Session(bundle)
        for begin, end in zip([0, *cuts], [*cuts, PROMPT], strict=True):
            session.prefill(prompt[begin:end])
        return last(session)[0]

    for cuts in ([], *([at] for at in range(1, PROMPT)), list(range(1, PROMPT)), [3, 4, 20, 36]):
        error = difference(pieces(cuts), expected)
        yield error <= limit, f"split at {cuts}: {error}"


def check_padding(jarana, bundle, whole, limit):
    """A batch with padding on the left equals its single sequences; where padding reaches the logits in the graph itself, it equals
    the graph's own batch. Nothing for a model without a mask."""
    random = np.random.default_rng(2026)
    rows = [random.integers(1, VOCABULARY, length) for length in (21, 13, 1)]
    padding = [max(map(len, rows)) - len(row) for row in rows]
    batch = jarana.Session(bundle, batch=len(rows))
    try:
        batch.pad(padding)
    except jarana.JaranaError:
        return
    ids = np.stack([np.pad(row, (count, 0)) for row, count in zip(rows, padding, strict=True)])
    batch.prefill(ids)
    alone = np.stack([whole.logits(row) for row in rows])
    leaks = difference(whole.padded(ids, padding), alone) > limit
    for step in range(3):
        found = last(batch, len(rows))
        for number, row in enumerate(rows):
            expected = whole.padded(ids, padding)[number] if leaks else whole.logits(row)
            error = difference(found[number], expected)
            yield error <= limit, f"step {step} of padded sequence {number}: {error}"
        new = [step + number for number in range(len(rows))]
        batch.decode(new)
        ids = np.column_stack([ids, new])
        rows = [np.append(row, token) for row, token in zip(rows, new, strict=True)]


def check_entry(jarana, tools, entry, work, count):
    """(ok, what failed) per check; None where ONNX Runtime does not take the model."""
    model = entry / "model.onnx"
    try:
        whole = Whole(model)
    except Exception:  # ONNX Runtime has no common base of what it raises
        return
    path = Path(work) / f"{entry.name}.jarana"
    subprocess.run([tools / "jarana-compile", model, "-o", path], check=True)
    manifest = json.loads((path / "manifest.json").read_text())
    if "state_refusal" in manifest:
        run = subprocess.run([tools / "jarana-run", path, "--prompt-ids=1"], text=True, capture_output=True)
        yield run.returncode == 1 and manifest["state_refusal"] in run.stderr, f"refused without a reason: {run.stderr}"
        return
    yield from check_generation(tools, path, whole, count)
    bundle = jarana.Bundle(path)
    yield from check_splits(jarana, bundle, whole, goldens.tolerance(model))
    yield from check_padding(jarana, bundle, whole, goldens.tolerance(model))


def is_prefill_only(entry):
    """A graph that takes token ids and no states, and is right at all lengths."""
    expect = json.loads((entry / "meta.json").read_text())["expect"]
    if expect == "reject" or expect.startswith("ok-within"):
        return False
    graph = onnx.load(entry / "model.onnx", load_external_data=False).graph
    inputs = {value.name for value in graph.input} - {tensor.name for tensor in graph.initializer}
    return "input_ids" in inputs and not any("past" in name or "state" in name for name in inputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "models", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--generate", default=12, type=int)
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ.setdefault("JARANA_RUNTIME", str(build / "lib" / "libjarana_runtime.so"))
    import jarana

    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as work:
        for entry in sorted(options.models.iterdir()):
            if not (entry / "meta.json").exists() or (options.only and entry.name not in options.only):
                continue
            if not is_prefill_only(entry):
                continue
            results = list(check_entry(jarana, build / "bin", entry, work, options.generate))
            skipped += not results
            for ok, message in results:
                passed, failed = passed + ok, failed + (not ok)
                if not ok:
                    print(f"{entry.name}: {message}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
