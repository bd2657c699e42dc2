#!/usr/bin/env python3
"""Times a compiled Bamba with random weights and prints each figure as a share of what this machine reaches in the same run.

  make bench                        bamba-mini: prefill of 512 tokens, decode at context 128
  bench/bench.py --config tiny      the small, overhead-bound one

The model, once made, and its bundle stay in BUILD/bench.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import mobius_form
from bamba import CONFIGS


def compiled(tools, folder, config):
    """Makes and compiles the model; returns (bundle, seconds of compiling, peak MiB of compiling)."""
    model = folder / f"{config}.onnx"
    if not model.exists():
        mobius_form.build(CONFIGS[config], model)
    bundle = folder / f"{config}.jarana"
    started = time.monotonic()
    subprocess.run([tools / "jarana-compile", model, "-o", bundle], check=True)
    seconds = time.monotonic() - started
    return bundle, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--config", default="mini", choices=CONFIGS)
    parser.add_argument("--prompt", default=512, type=int)
    parser.add_argument("--generate", default=64, type=int)
    parser.add_argument("--context", default=128, type=int)
    parser.add_argument("--json", type=Path, help="keep jarana-bench's figures, with compile time and bundle size")
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    folder = options.build.resolve() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    bundle, seconds, compile_peak = compiled(tools, folder, options.config)
    report = folder / f"{options.config}.json"
    subprocess.run(
        [
            tools / "jarana-bench",
            bundle,
            f"--prompt={options.prompt}",
            f"--generate={options.generate}",
            f"--context={options.context}",
            f"--json={report}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    figures = json.loads(report.read_text())
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    figures["compile_s"], figures["compile_peak_mib"], figures["bundle_bytes"] = seconds, compile_peak, size
    prefill, decode = figures["prefill"], figures["decode"]
    print(f"bamba-{options.config}")
    print(
        f"  prefill of {prefill['tokens']} tokens: {prefill['fma_share']:.2f} of the FMA probe "
        f"({prefill['tokens_per_s']:.0f} tokens/s)"
    )
    print(
        f"  decode at context {decode['context']}: {decode['bandwidth_share']:.2f} of the read-bandwidth probe "
        f"({decode['ms_per_token']:.2f} ms/token)"
    )
    print(
        f"  bundle {size / 2**20:.0f} MiB, load {figures['load_ms']:.1f} ms, peak {figures['peak_mib']:.0f} MiB, "
        f"compile {seconds:.1f} s at {compile_peak:.0f} MiB"
    )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {Path(error.cmd[0]).name} failed with exit status {error.returncode}")
