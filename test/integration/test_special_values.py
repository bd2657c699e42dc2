#!/usr/bin/env python3
"""NaN, infinities and subnormal numbers in the states of a model: the compiled model gives what the reference gives."""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
ENTRY = ROOT / "test" / "models" / "bamba-mobius"
STATES = ("0.ssm_state", "0.conv_state", "2.key", "2.value")


def variants(inputs):
    """(name, inputs with one state changed)."""
    for state in STATES:
        key = f"past_key_values.{state}"
        for value in (np.nan, np.inf, -np.inf):
            changed = {name: array.copy() for name, array in inputs.items()}
            changed[key][0].flat[5] = value
            yield f"{value} in {state}", changed
        changed = dict(inputs)
        changed[key] = np.linspace(-1e-39, 1e-39, inputs[key].size, dtype=np.float32).reshape(inputs[key].shape)
        yield f"subnormal {state}", changed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    tools = parser.parse_args().build.resolve() / "bin"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        bundle = Path(work) / "model.jarana"
        status, message = goldens.run([tools / "jarana-compile", ENTRY / "model.onnx", "-o", bundle])
        if status:
            sys.exit(message)
        runs = {
            "compiled": [tools / "jarana-run", bundle],
            "reference": [tools / "jarana-run", "--reference", ENTRY / "model.onnx"],
        }
        for name, inputs in variants(goldens.load(ENTRY / "io" / "b2-s1-past17" / "inputs.safetensors")):
            outputs = {}
            for kind, command in runs.items():
                outputs[kind], status, message = goldens.evaluate(command, inputs, work)
                if status:
                    sys.exit(f"{name}: {kind}: {message}")
            errors = {
                key: goldens.error(outputs["compiled"][key], value) for key, value in outputs["reference"].items()
            }
            worst = max(errors, key=errors.get)
            ok = errors[worst] <= 1e-4
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print(f"{name}: {worst} differs by {errors[worst]:.1e}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
