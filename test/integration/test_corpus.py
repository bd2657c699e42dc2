#!/usr/bin/env python3
"""Real exported models against their goldens (ONNX Runtime and PyTorch), compiled and by the reference evaluator.

`--models DIR` takes another folder of entries, `--only` names entries, `--json FILE` keeps the results.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import goldens

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "models", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--backends", default="reference,cpu")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    entries = [path.parent for path in sorted(options.models.glob("*/meta.json")) if (path.parent / "io").is_dir()]
    entries = [entry for entry in entries if not options.only or entry.name in options.only]
    results = []
    with tempfile.TemporaryDirectory() as work:
        for entry in entries:
            worst = {}
            for result in goldens.check_entry(options.build.resolve(), entry, options.backends.split(","), work):
                results.append(result)
                if not result.ok:
                    shown = "no result" if result.error is None else f"{result.error:.1e} > {result.tolerance:.0e}"
                    first = result.message.splitlines()[0] if result.message else ""
                    print(f"{result.entry} {result.case} {result.backend}: {shown}: {first}", flush=True)
                elif result.error >= worst.get(result.backend, 0.0):
                    worst[result.backend] = result.error
            shown = ", ".join(f"{backend} {error:.1e}" for backend, error in worst.items())
            if shown:
                print(f"{entry.name}: largest relative error: {shown}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([dataclasses.asdict(result) for result in results], indent=1))
    failed = sum(not result.ok for result in results)
    print(f"{len(results) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
