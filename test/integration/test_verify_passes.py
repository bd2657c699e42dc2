#!/usr/bin/env python3
"""Every model of the tests through jarana-compile --verify-passes: each pass on tensors keeps what the model computes, exactly.

`FALSELY_BLAMED` names the models in which a pass is blamed that is right, and why; one that is blamed no longer fails here, so that it
leaves the list. `--only` names entries.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

FALSELY_BLAMED = {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    compiler = options.build.resolve() / "bin" / "jarana-compile"
    models = [ROOT / "models" / "demo" / "model.onnx", *sorted((ROOT / "test" / "models").glob("*/model.onnx"))]
    passed = failed = 0
    for model in models:
        name = model.parent.name
        if options.only and name not in options.only:
            continue
        result = subprocess.run(
            [compiler, model, "--emit=kernels", "--verify-passes", "-o", "/dev/null"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        agrees = result.returncode == 0
        expected = name not in FALSELY_BLAMED
        if agrees == expected and (agrees or "--verify-passes: pass 'raise-onnx'" in result.stderr):
            passed += 1
            continue
        failed += 1
        print(f"{name}: {result.stderr.strip() or 'is not blamed any more: take it off FALSELY_BLAMED'}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
