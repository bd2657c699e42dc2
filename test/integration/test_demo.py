#!/usr/bin/env python3
"""The demo model end to end: greedy tokens equal the recorded ones, and held-out perplexity within 1e-3 relative."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "models" / "demo"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        bundle = Path(work) / "demo.jarana"
        subprocess.run([tools / "jarana-compile", DEMO / "model.onnx", "-o", bundle], check=True)
        for number, case in enumerate(json.loads((DEMO / "generate.json").read_text())["prompts"]):
            ids = ",".join(map(str, case["prompt_ids"]))
            expected = case["tokens"]
            run = subprocess.run(
                [tools / "jarana-run", bundle, f"--prompt-ids={ids}", f"--generate={len(expected)}", "--json"],
                text=True,
                capture_output=True,
            )
            tokens = json.loads(run.stdout)["tokens"] if run.returncode == 0 else None
            ok = tokens == expected
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print(f"prompt {number}: {run.stderr.strip() or tokens}")
        report = Path(work) / "bench.json"
        run = subprocess.run(
            [
                tools / "jarana-bench",
                bundle,
                f"--perplexity={DEMO / 'heldout.txt'}",
                f"--tokenizer={DEMO / 'tokenizer.json'}",
                f"--json={report}",
            ],
            text=True,
            capture_output=True,
        )
        golden = json.loads((DEMO / "perplexity.json").read_text())["perplexity"]
        found = json.loads(report.read_text())["perplexity"] if run.returncode == 0 else float("nan")
        ok = abs(found / golden - 1) <= 1e-3
        passed, failed = passed + ok, failed + (not ok)
        print(f"perplexity {found}, recorded {golden} {run.stderr.strip()}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
