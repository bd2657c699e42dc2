#!/usr/bin/env python3
"""Runs every test suite and counts them together; the last line is `N passed, N failed, N skipped`.

A suite is a function that returns (passed, failed, skipped). Name suites on the command line to run only those. With
--cpu=Haswell every program of the build runs under qemu-user as on that processor, some ten times as slowly.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run_test_program(program, environment=None):
    """(passed, failed, skipped) of a GoogleTest program, with its output printed where something failed."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        run = subprocess.run(
            [program, f"--gtest_output=json:{report.name}", "--gtest_brief=1"],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            suites = json.loads(Path(report.name).read_text())["testsuites"]
        except (json.JSONDecodeError, KeyError):
            suites = []
    cases = [case for suite in suites for case in suite["testsuite"]]
    failed = sum(bool(case.get("failures")) for case in cases)
    skipped = sum(case.get("result") == "SKIPPED" for case in cases)
    passed = len(cases) - failed - skipped
    if run.returncode != 0:
        # A crash leaves no report of the case it happened in.
        failed = max(failed, 1)
        print(f"--- {program.name} exited with {run.returncode}\n{run.stdout}")
    return passed, failed, skipped


def unit(build):
    """Every GoogleTest program of test/unit."""
    counts = [run_test_program(program) for program in sorted((build / "bin").glob("*_test"))]
    return tuple(map(sum, zip(*counts))) if counts else (0, 1, 0)


def run_lit(build, *params):
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        run = subprocess.run(
            [
                Path(sys.executable).with_name("lit"),
                "-q",
                "--output",
                report.name,
                "--param",
                f"build={build}",
                *[word for param in params for word in ("--param", param)],
                str(ROOT / "test" / "lit"),
            ],
            cwd=ROOT,
        )
        try:
            tests = json.loads(Path(report.name).read_text())["tests"]
        except (json.JSONDecodeError, KeyError):
            return 0, 1, 0
    codes = [test["code"] for test in tests]
    passed = codes.count("PASS")
    skipped = sum(code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for code in codes)
    failed = len(codes) - passed - skipped
    return passed, max(failed, int(run.returncode != 0)), skipped


def lit(build):
    """The lit suite: one test per op, pass, form and tool."""
    return run_lit(build)


def lit_roundtrip(build):
    """The lit suite again with --verify-roundtrip (text and bytecode)."""
    return run_lit(build, "roundtrip=1")


def pass_examples(build):
    """The example in the description of every pass."""
    return script(build, "scripts/check_pass_examples.py")


def import_table(build):
    """docs/importing.md lists what the importer takes."""
    return script(build, "scripts/import_table.py", "--check")


def sanitized(build):
    """What needs no MLIR, with sanitizers: its unit tests, and fuzzers of the readers."""
    return script(build, "scripts/check_sanitized.py")


def script(build, *command):
    """Runs a script that ends with a `N passed, N failed, N skipped` line of its own."""
    run = subprocess.Popen(
        [sys.executable, *command, "--build", str(build)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    last = ""
    for line in run.stdout:
        print("  " + line, end="", flush=True)
        last = line.strip() or last
    run.wait()
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    if not counts:
        return 0, 1, 0
    passed, failed, skipped = map(int, counts.groups())
    return passed, max(failed, int(run.returncode != 0)), skipped


def integration_suites():
    return {path.stem: path for path in sorted((ROOT / "test" / "integration").glob("test_*.py"))}


def python(build):
    """unittest of the Python package."""
    if not (ROOT / "test" / "python").is_dir():
        return 0, 0, 0
    environment = dict(
        os.environ,
        PYTHONPATH=str(ROOT / "python"),
        JARANA_BUILD=str(build),
        JARANA_RUNTIME=str(build / "lib" / "libjarana_runtime.so"),
    )
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-s", "test/python"],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    ran = re.search(r"^Ran (\d+) test", run.stdout, re.M)
    total = int(ran.group(1)) if ran else 0
    bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", run.stdout))
    skips = sum(int(n) for n in re.findall(r"skipped=(\d+)", run.stdout))
    if run.returncode != 0:
        print(run.stdout)
        bad = max(bad, 1)
    return total - bad - skips, bad, skips


# What qemu-user cannot do is left out of a model's features, or it warns in every test.
WITHOUT = ("pcid", "x2apic", "tsc-deadline", "hle", "rtm", "invpcid")


def emulated(build, cpu, folder):
    """A build folder whose programs run as on the processor `cpu` (qemu's name of it)."""
    for path in build.iterdir():
        if path.name != "bin":
            (folder / path.name).symlink_to(path)
    (folder / "bin").mkdir()
    model = ",".join([cpu, *(f"-{feature}" for feature in WITHOUT)])
    for program in (build / "bin").iterdir():
        wrapper = folder / "bin" / program.name
        wrapper.write_text(f'#!/bin/sh\nexec qemu-x86_64 -cpu {model} {program} "$@"\n')
        wrapper.chmod(0o755)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--cpu", help="run the programs under qemu-user as on this processor, such as Haswell")
    parser.add_argument("suites", nargs="*", help="default: all of them")
    options = parser.parse_args()
    build = options.build.resolve()
    suites = {
        "unit": unit,
        "lit": lit,
        "lit_roundtrip": lit_roundtrip,
        "pass_examples": pass_examples,
        "import_table": import_table,
        "sanitized": sanitized,
        "python": python,
    }
    for name, path in integration_suites().items():
        suites[name.removeprefix("test_")] = lambda build, path=path: script(build, str(path))
    unknown = set(options.suites) - set(suites)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(suites)}")

    with tempfile.TemporaryDirectory() as folder:
        if options.cpu:
            build = emulated(build, options.cpu, Path(folder))
        return run_suites(suites, options.suites, build)


def run_suites(suites, wanted, build):
    total = [0, 0, 0]
    for name, run in suites.items():
        if wanted and name not in wanted:
            continue
        print(f"{name}:", flush=True)
        started = time.monotonic()
        counts = run(build)
        total = [a + b for a, b in zip(total, counts)]
        print(
            f"  {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped in {time.monotonic() - started:.0f} s",
            flush=True,
        )
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
