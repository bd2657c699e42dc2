#!/usr/bin/env python3
"""Writes the table of docs/status.md: models × backends, largest error and tolerance, and the speed ratios of bench/.

  .venv/bin/python scripts/status.py [--models DIR ...] [--bench FILE ...] [--levels LEVEL ...]

The text below the table is kept as it is.
"""

import argparse
import collections
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "status.md"
END = "<!-- end of the generated part -->"


def corpus(build, models):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run(
            [
                sys.executable,
                ROOT / "test" / "integration" / "test_corpus.py",
                "--build",
                build,
                "--models",
                models,
                "--json",
                file.name,
            ],
            stdout=subprocess.DEVNULL,
        )
        return json.loads(Path(file.name).read_text())


def compiled(build, models):
    """What became of each model: {entry: (operators raised, of how many, the decode step, the exact checks)}."""
    found = {}
    for entry in sorted(path.parent for path in models.glob("*/model.onnx")):
        run = subprocess.run(
            [build / "bin" / "jarana-compile", entry / "model.onnx", "--emit=stateful", "-o", "/dev/null"]
            + ["--report=all,json"],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        reports = json.loads(run.stdout) if run.returncode == 0 else {}
        operators, state = reports.get("raise", []), reports.get("state", {})
        if state.get("derived"):
            decode = "derived"
        elif state.get("tensors"):
            decode = "its own states"
        else:
            decode = state.get("refusal", "none")
        found[entry.name] = (sum(bool(o.get("result")) for o in operators), len(operators), decode, checked(operators))
    return found


def checked(operators):
    """What the exact checks of a model's operators claim: trials, the largest bound, and what they take for granted."""
    exact = [o for o in operators if "trials" in o]
    if not exact:
        return "-"
    bound = max((o["bound"] for o in exact), key=lambda text: int(text.removeprefix("2^")))
    taken = {part.split(" ('")[0] for o in exact for part in o["assumptions"].split("; ") if part != "none"}
    return f"{sum(int(o['trials']) for o in exact)} trials, {bound}" + "".join(f"; {text}" for text in sorted(taken))


def table(results, compiled):
    cells = collections.defaultdict(dict)
    for result in results:
        cell = cells[result["entry"]].setdefault(result["backend"], {"cases": 0, "match": 0, "worst": 0.0})
        cell["tolerance"] = result["tolerance"]
        cell["cases"] += 1
        good = result["error"] is not None and result["error"] <= result["tolerance"]
        cell["match"] += good
        cell["worst"] = max(cell["worst"], result["error"] if result["error"] is not None else float("inf"))
    backends = sorted({result["backend"] for result in results})
    yield (
        "| model | raised | exact checks: trials, largest bound, assumptions | decode step | tolerance | "
        + " | ".join(f"{b}: cases that match, largest error" for b in backends)
        + " |"
    )
    yield "|---|---|---|---|---|" + "---|" * len(backends)
    for entry in sorted(cells):
        shown = []
        for backend in backends:
            cell = cells[entry].get(backend)
            shown.append(f"{cell['match']}/{cell['cases']}, {cell['worst']:.1e}" if cell else "-")
        limit = next(iter(cells[entry].values()))["tolerance"]
        raised, operators, decode, exact = compiled.get(entry, (0, 0, "-", "-"))
        yield f"| {entry} | {raised}/{operators} | {exact} | {decode} | {limit:.0e} | " + " | ".join(shown) + " |"
    for backend in backends:
        complete = sum(c.get(backend, {}).get("match") == c.get(backend, {}).get("cases") for c in cells.values())
        yield f"\n{backend}: {complete} of {len(cells)} models match in every case."


def speeds(paths):
    yield "| benchmark | prefill: share of the FMA probe | decode: share of read bandwidth | bundle MiB | load ms | peak MiB | compile s |"
    yield "|---|---|---|---|---|---|---|"
    for path in paths:
        f = json.loads(path.read_text())
        yield (
            f"| bamba-{path.stem}, f32, {f['prefill']['tokens']} tokens, context {f['decode']['context']} | "
            f"{f['prefill']['fma_share']:.2f} | {f['decode']['bandwidth_share']:.2f} | {f['bundle_bytes'] / 2**20:.0f} | "
            f"{f['load_ms']:.0f} | {f['peak_mib']:.0f} | {f['compile_s']:.1f} |"
        )


def processor():
    names = (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    return next(names, "unknown")


def compile_times(build, models, levels):
    """Whole runs of jarana-compile, one at a time: the slowest entry of each level."""
    yield f"| compiled for, on {processor()} | entries | median s | largest s | the largest |"
    yield "|---|---|---|---|---|"
    entries = [path.parent for folder in models for path in sorted(folder.glob("*/model.onnx"))]
    for level in levels:
        times = []
        for entry in entries:
            with tempfile.TemporaryDirectory() as work:
                started = time.monotonic()
                run = subprocess.run(
                    [build / "bin" / "jarana-compile", entry / "model.onnx", f"--mcpu={level}"]
                    + ["-o", f"{work}/model.jarana"],
                    capture_output=True,
                )
                if run.returncode == 0:
                    times.append((time.monotonic() - started, entry.name))
        seconds, slowest = max(times)
        yield f"| {level} | {len(times)} | {statistics.median(t for t, _ in times):.1f} | {seconds:.1f} | {slowest} |"


def kept_table(start):
    """The rows of the table that the page has now, found by how its first row begins."""
    lines = PAGE.read_text().splitlines() if PAGE.exists() else []
    begin = next((i for i, line in enumerate(lines) if line.startswith(start)), len(lines))
    end = next((i for i in range(begin, len(lines)) if not lines[i]), begin)
    return lines[begin:end]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", nargs="*", default=[ROOT / "test" / "models"], type=Path)
    parser.add_argument(
        "--bench", nargs="*", default=[], type=Path, help="files that bench.py --json wrote; without: as it is"
    )
    parser.add_argument(
        "--levels", nargs="*", default=[], help="measure the time of compiling for these processors; without: as it is"
    )
    options = parser.parse_args()
    results = [result for models in options.models for result in corpus(options.build.resolve(), models)]
    became = {}
    for models in options.models:
        became |= compiled(options.build.resolve(), models)
    kept = PAGE.read_text().split(END, 1)[1] if PAGE.exists() and END in PAGE.read_text() else "\n"
    lines = ["# Status", "", "Made by `scripts/status.py`: errors are relative to the golden's largest magnitude.", ""]
    lines += [*(speeds(options.bench) if options.bench else kept_table("| benchmark |")), ""]
    if options.levels:
        lines += [*compile_times(options.build.resolve(), options.models, options.levels), ""]
    else:
        lines += [*kept_table("| compiled for"), ""]
    lines += [*table(results, became), "", END]
    PAGE.write_text("\n".join(lines) + kept)


if __name__ == "__main__":
    sys.exit(main())
