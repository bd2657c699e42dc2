#!/usr/bin/env python3
"""Small models made after public bug reports (test/reports, each with what is expected in its meta.json), compiled and by the reference.

Numbers must be the goldens', dtypes and shapes too; inputs of `extra/` must end with outputs or with an error that says something,
never with a dead process; `generate` must give its greedy tokens. `--models DIR` takes another folder, `--only` names entries.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import goldens

ROOT = Path(__file__).resolve().parent.parent.parent
TOLERANCE = 1e-4


def differs(actual, golden, tolerance, mask):
    """What is wrong with the outputs; empty: nothing."""
    for name, value in golden.items():
        if name not in actual:
            return f"no output '{name}'"
        if (actual[name].dtype, actual[name].shape) != (value.dtype, value.shape):
            return f"'{name}' is {actual[name].dtype} {actual[name].shape}, expected {value.dtype} {value.shape}"
        # Rows of logits at padded positions mean nothing.
        rows = mask if mask is not None and value.ndim == 3 and value.shape[:2] == mask.shape else None
        worst = goldens.error(actual[name], value, rows)
        if not worst <= tolerance:
            return f"'{name}' differs by {worst:.1e} of the largest magnitude"
    return ""


def checks(build, entry, work):
    """(name, complaint) of each check of an entry; an empty complaint is a pass."""
    meta = json.loads((entry / "meta.json").read_text())
    model, bundle = entry / "model.onnx", Path(work) / f"{entry.name}.jarana"
    status, message = goldens.run([build / "bin" / "jarana-compile", model, "-o", bundle])
    yield "compile", message if status else ""
    run = build / "bin" / "jarana-run"
    backends = {"reference": [run, "--reference", model]} | ({} if status else {"cpu": [run, bundle]})
    outputs = Path(work) / "outputs.safetensors"
    for backend, command in backends.items():
        for case in sorted(entry.glob("io/*")):
            inputs = goldens.load(case / "inputs.safetensors")
            mask = next((value != 0 for name, value in inputs.items() if "mask" in name and value.ndim == 2), None)
            status, message = goldens.run([*command, f"--inputs={case / 'inputs.safetensors'}", f"--outputs={outputs}"])
            golden = goldens.load(case / "outputs.safetensors")
            yield (
                f"{backend} {case.name}",
                message if status else differs(goldens.load(outputs), golden, meta.get("tol", TOLERANCE), mask),
            )
        for extra in sorted(entry.glob("extra/*.safetensors")):
            status, message = goldens.run([*command, f"--inputs={extra}", f"--outputs={outputs}"])
            ended = status == 0 or (status == 1 and "error" in message)
            yield f"{backend} {extra.stem}", "" if ended else f"exit status {status}: {message}"
    if "generate" in meta and "cpu" in backends:
        wanted = meta["generate"]
        prompt = ",".join(map(str, wanted["prompt"]))
        status, message = goldens.run([run, bundle, f"--prompt-ids={prompt}", f"--generate={len(wanted['greedy'])}"])
        greedy = ",".join(map(str, wanted["greedy"]))
        yield "generate", "" if status == 0 and message == greedy else f"{message}, expected {greedy}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "reports", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for path in sorted(options.models.glob("*/meta.json")):
            entry = path.parent
            if options.only and entry.name not in options.only:
                continue
            for name, complaint in checks(options.build.resolve(), entry, work):
                passed, failed = passed + (not complaint), failed + bool(complaint)
                if complaint:
                    print(f"{entry.name}, {name}: {complaint.splitlines()[0]}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
