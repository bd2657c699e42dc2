#!/usr/bin/env python3
"""Formatting, a short list of clang-tidy checks, ruff, and the size of files.

`--fix` formats instead of complaining. clang-tidy runs on the files changed since the last commit that passed (a stamp in
the build folder), on all with `--all`.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 600


def tracked(*suffixes):
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    return [ROOT / line for line in listing.splitlines() if line.endswith(suffixes) and (ROOT / line).exists()]


def formatting(fix):
    files = tracked(".cpp", ".h", ".hpp", ".c")
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    run = subprocess.run(["clang-format-22", *mode, *files], cwd=ROOT)
    return run.returncode == 0


def ruff(fix):
    ok = True
    for command in (["check"] + (["--fix"] if fix else []), ["format"] if fix else ["format", "--check"]):
        if command:
            ok &= subprocess.run([sys.executable, "-m", "ruff", *command, "-q", "."], cwd=ROOT).returncode == 0
    return ok


def sizes():
    ok = True
    for path in tracked(".cpp", ".h", ".hpp", ".c", ".td", ".py"):
        lines = len(path.read_text().splitlines())
        if lines > MAX_LINES:
            ok = False
            print(f"{path.relative_to(ROOT)}: {lines} lines; split files that exceed {MAX_LINES}")
    return ok


def digest(path, commands):
    text = path.read_bytes() + json.dumps(commands).encode() + (ROOT / ".clang-tidy").read_bytes()
    return hashlib.sha256(text).hexdigest()


def tidy(build, everything):
    commands = {entry["file"]: entry["command"] for entry in json.loads((build / "compile_commands.json").read_text())}
    stamp = build / "clang-tidy.json"
    clean = {} if everything or not stamp.exists() else json.loads(stamp.read_text())
    work = []
    for path in tracked(".cpp"):
        if str(path) in commands:
            key = digest(path, commands[str(path)])
            if clean.get(str(path)) != key:
                work.append((path, key))

    def one(item):
        run = subprocess.run(
            ["clang-tidy-22", "-p", build, "--quiet", "--warnings-as-errors=*", item[0]], text=True, capture_output=True
        )
        return item, run

    ok = True
    with ThreadPoolExecutor(2) as pool:
        for (path, key), run in pool.map(one, work):
            if run.returncode == 0:
                clean[str(path)] = key
            else:
                ok = False
                print(run.stdout)
    stamp.write_text(json.dumps(clean))
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--all", action="store_true", help="clang-tidy on every file")
    options = parser.parse_args()
    checks = {
        "clang-format": lambda: formatting(options.fix),
        "ruff": lambda: ruff(options.fix),
        f"files of at most {MAX_LINES} lines": sizes,
        "clang-tidy": lambda: tidy(options.build.resolve(), options.all),
    }
    failed = [name for name, check in checks.items() if not check()]
    print("lint: " + (f"not clean: {', '.join(failed)}" if failed else "clean"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
