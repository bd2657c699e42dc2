#!/usr/bin/env python3
"""Builds what needs no MLIR with AddressSanitizer and UBSan (in BUILD/sanitize), runs its unit tests, and fuzzes every reader
of untrusted bytes: libFuzzer, a fixed seed and a fixed number of runs, from the files of test/models and a toy bundle.

The last line is `N passed, N failed, N skipped`: test cases, and one for each fuzzer.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check import run_test_program

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "test" / "models"
LARGEST_SEED = 1 << 16
SEED = 20240531
ENVIRONMENT = dict(
    os.environ,
    # The tests link parts of the runtime beside the shared library that has them too.
    ASAN_OPTIONS="detect_odr_violation=0:allocator_may_return_null=1",
    UBSAN_OPTIONS="print_stacktrace=1",
)


def build(folder):
    """Configures once, and builds; false, with the errors printed, where that fails."""
    steps = [["cmake", "--build", folder, "--target", "sanitized"]]
    if not (folder / "build.ninja").exists():
        steps.insert(0, ["cmake", "--preset", "sanitize", "-B", folder, f"-DJARANA_PYTHON={sys.executable}"])
    for step in steps:
        run = subprocess.run(step, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            print(run.stdout)
            return False
    return True


def seeds(name, binaries, folder):
    """Puts the files that fuzzer `name` starts from into the folder."""

    def add(files, prefix=b""):
        for path in files:
            if path.stat().st_size <= LARGEST_SEED:
                (folder / "-".join(path.parts[-3:])).write_bytes(prefix + path.read_bytes())

    if name == "model_file":
        add(sorted(MODELS.rglob("*.onnx")))
    elif name == "safetensors":
        add(sorted(MODELS.glob("bamba-mobius*/io/*/*.safetensors")))
    elif name == "tokenizer":
        text = (ROOT / "models" / "demo" / "tokenizer.json").read_text()
        (folder / "demo").write_text(json.dumps(json.loads(text)) + "\nIn the beginning, 1 + 1 = 2 \u00e9\u4e2d")
    else:
        bundle = folder / "toy.jarana"
        subprocess.run([binaries / "make_toy_bundle", bundle], check=True, env=ENVIRONMENT)
        if name == "manifest":
            add([bundle / "manifest.json"])
        else:
            add([bundle / "manifest.json"], b"m")
            add([bundle / "weights.safetensors"], b"w")
            (folder / "state").write_bytes(b"s\x00\x00\x00\x01")
        shutil.rmtree(bundle)


def fuzz(binaries, name, runs):
    with tempfile.TemporaryDirectory() as work:
        start, found = Path(work) / "seeds", Path(work) / "found"
        start.mkdir()
        found.mkdir()
        seeds(name, binaries, start)
        run = subprocess.run(
            [
                binaries / f"fuzz_{name}",
                f"-runs={runs}",
                f"-seed={SEED}",
                f"-max_len={2 * LARGEST_SEED}",
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-print_final_stats=0",
                f"-artifact_prefix={binaries.parent}/fuzz-{name}-",
                found,
                start,
            ],
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
        )
    if run.returncode:
        print(f"--- fuzz_{name} exited with {run.returncode}\n{run.stdout[-6000:]}")
        return 0, 1, 0
    return 1, 0, 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    parser.add_argument("--runs", default=1, type=int, help="as many times the number of runs of `make check`")
    options = parser.parse_args()
    folder = options.build.resolve() / "sanitize"
    if not build(folder):
        print("0 passed, 1 failed, 0 skipped")
        return 1
    binaries = folder / "bin"
    runs = {"model_file": 20000, "safetensors": 20000, "manifest": 20000, "tokenizer": 1000, "bundle": 2000}
    work = [lambda path=path: run_test_program(path, ENVIRONMENT) for path in sorted(binaries.glob("*_test"))]
    work += [lambda name=name, count=count: fuzz(binaries, name, count * options.runs) for name, count in runs.items()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda task: task(), work))
    passed, failed, skipped = (sum(result[i] for result in results) for i in range(3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
