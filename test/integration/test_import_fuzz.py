#!/usr/bin/env python3
"""Damaged models never crash the reader of ONNX, nor hang it: thousands of edits, with a fixed seed, of the onnx package's node
tests and of small models of test/models. Each must give a module or an error message."""

import argparse
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from onnx.backend.test.case.node import collect_testcases
from test_onnx_nodes import operators, taken

ROOT = Path(__file__).resolve().parent.parent.parent
LARGEST = 1 << 14


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--runs", default=20000, type=int)
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    program = options.build.resolve() / "bin" / "fuzz-import"
    with tempfile.TemporaryDirectory() as work:
        seeds = [path for path in sorted((ROOT / "test" / "models" / "bad").rglob("*.onnx"))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cases = [case for case in collect_testcases(None) if taken(case, operators())]
        for case in sorted(cases, key=lambda case: case.name):
            path = Path(work) / f"{case.name}.onnx"
            path.write_bytes(case.model.SerializeToString())
            seeds.append(path)
        seeds = [path for path in seeds if path.stat().st_size <= LARGEST]
        run = subprocess.run(
            [program, str(options.seed), str(options.runs), work, *seeds],
            text=True,
            errors="replace",
            capture_output=True,
        )
        print(run.stdout.strip())
        if run.returncode:
            kept = options.build.resolve() / "mutant.onnx"
            kept.write_bytes((Path(work) / "mutant.onnx").read_bytes())
            print(f"{run.stderr[-4000:]}\nexit status {run.returncode} on {kept}")
    print("0 passed, 1 failed, 0 skipped" if run.returncode else "1 passed, 0 failed, 0 skipped")
    return 1 if run.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
