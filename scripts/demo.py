#!/usr/bin/env python3
"""Compiles the demo model and lets it continue a prompt, saying what each step took."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--prompt", default="In the beginning")
    parser.add_argument("--tokens", default=120, type=int)
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    build = options.build.resolve()
    bundle = build / "demo.jarana"
    model = ROOT / "models" / "demo" / "model.onnx"

    print(f"compile: {model.relative_to(ROOT)} -> {os.path.relpath(bundle, ROOT)}", flush=True)
    started = time.monotonic()
    subprocess.run([build / "bin" / "jarana-compile", model, "-o", bundle], check=True)
    print(f"compile: {time.monotonic() - started:.1f} s", flush=True)

    print(f"generate: {options.tokens} tokens after {options.prompt!r}\n", flush=True)
    started = time.monotonic()
    environment = dict(
        os.environ, PYTHONPATH=str(ROOT / "python"), JARANA_RUNTIME=str(build / "lib" / "libjarana_runtime.so")
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "jarana",
            "generate",
            bundle,
            "--prompt",
            options.prompt,
            "--tokenizer",
            model.with_name("tokenizer.json"),
            "--max-tokens",
            str(options.tokens),
            # The most probable token again and again, a small model repeats itself; a fixed seed gives the same text each time.
            "--temperature=0.7",
            "--top-p=0.9",
            f"--seed={options.seed}",
        ],
        check=True,
        env=environment,
    )
    print(f"\ngenerate: {time.monotonic() - started:.1f} s, start-up included")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: {Path(error.cmd[0]).name} failed with exit status {error.returncode}")
