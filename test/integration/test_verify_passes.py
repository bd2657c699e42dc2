#!/usr/bin/env python3
"""Every model of the tests through jarana-compile --verify-passes: each pass on tensors keeps what the model computes, exactly, and none
is left unchecked. `--only` names entries.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from verified import left_alone

ROOT = Path(__file__).resolve().parent.parent.parent


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
        problem = result.stderr.strip() if result.returncode else "\n".join(left_alone(result.stderr))
        passed += not problem
        failed += bool(problem)
        if problem:
            print(f"{name}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
