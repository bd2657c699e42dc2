#!/usr/bin/env python3
"""Runs the example of every pass: the description of each pass of every Passes.td says what becomes what, and is held to it.

A description holds a ```mlir block, a line that begins with "becomes", and another ```mlir block. The pass, without options, is run on
the first, which is a module of its own, and what jarana-opt prints must match the second, line by line: there `...` stands
for the rest of a line or a part of it, a line that is only `...` for any number of lines, and the names of values (%x),
blocks (^bb) and aliases (#map) are free, but the same name is the same value. A pass that only fails where something is
wrong says "fails with" instead of "becomes", and the second block (```text) holds the error.

Where the example needs other passes before it, the first block begins with `// after: --canonicalize --cse`.
The last line is `N passed, N failed, N skipped`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLVM = Path("/usr/lib/llvm-22")
EXAMPLE = re.compile(
    r"^```mlir\n(?P<before>.*?)^```\n(?P<verb>becomes|fails with)[^\n]*\n^```(?:mlir|text)\n(?P<after>.*?)^```$",
    re.M | re.S,
)


def dedent(text):
    """The text without the indentation that it has in the .td file."""
    lines = text.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines) + "\n"


def passes(definition):
    """(command line argument, description) of each pass that a .td file defines."""
    run = subprocess.run(
        [LLVM / "bin" / "llvm-tblgen", "--dump-json", "-I", LLVM / "include", "-I", ROOT, definition],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    records = json.loads(run.stdout)
    return [
        (records[name]["argument"], dedent(records[name]["description"])) for name in records["!instanceof"]["PassBase"]
    ]


def pattern(line, names):
    """A line of the printed form as a FileCheck pattern; `names` holds the variables bound so far."""
    result = ""
    for part in re.split(r"(\.\.\.|[%^][A-Za-z_][\w.$-]*|%\d+|#map\d*)", line):
        if part == "...":
            result += "{{.*}}"
        elif re.fullmatch(r"[%^].+|#map\d*", part):
            variable = "V" + re.sub(r"\W", "_", part[1:]) + {"%": "", "^": "_block", "#": "_alias"}[part[0]]
            # A result of several values is used as %r#0: the variable is what comes before the #.
            result += f"[[{variable}]]" if variable in names else f"[[{variable}:[%^#][A-Za-z0-9_.$-]+]]"
            names.add(variable)
        else:
            # What FileCheck would read as its own syntax.
            result += part.replace("[[", "{{\\[\\[}}")
    return result


def checks(after, first="CHECK"):
    """The FileCheck directives that say what `after` says."""
    lines, names, directive = [], set(), first
    for line in after.splitlines():
        line = line.split(" // ")[0].strip()
        if line == "...":
            directive = "CHECK"
        elif line:
            lines.append(f"{directive}: {pattern(line, names)}")
            directive = "CHECK-NEXT"
    return "\n".join(lines) + "\n"


def file_check(text, directives):
    """What FileCheck objects to, or an empty string."""
    # The directives come as a file of their own, the text through standard input.
    read, write = os.pipe()
    os.write(write, directives.encode())
    os.close(write)
    run = subprocess.run(
        [LLVM / "bin" / "FileCheck", f"/dev/fd/{read}"],
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[read],
    )
    os.close(read)
    return run.stdout if run.returncode else ""


def failure(opt, argument, description):
    """Why the example of a pass does not hold, or an empty string."""
    example = EXAMPLE.search(description)
    if not example:
        return "its description has no example (```mlir ... ```, becomes, ```mlir ... ```)"
    before, after = dedent(example["before"]), dedent(example["after"])
    setup = re.match(r"// after: (.*)\n", before)
    command = [opt, "-", *(setup[1].split() if setup else []), f"--{argument}"]
    run = subprocess.run(command, input=before, text=True, capture_output=True)
    if example["verb"] == "fails with":
        missing = [line for line in after.splitlines() if line.strip() not in run.stderr]
        if run.returncode and not missing:
            return ""
        return f"the error is another one:\n{run.stderr or run.stdout}"
    if run.returncode:
        return f"the pass fails on its example:\n{run.stderr}"
    objection = file_check(run.stdout, checks(after))
    if objection:
        return f"{objection}\nThe pass printed:\n{run.stdout}"
    if not file_check(before, checks(after)):
        return "the block after 'becomes' describes the one before it as well"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    parser.add_argument("passes", nargs="*", help="default: all of them")
    options = parser.parse_args()
    opt = options.build.resolve() / "bin" / "jarana-opt"
    definitions = [path for folder in ("passes", "dialects") for path in sorted((ROOT / folder).rglob("*Passes.td"))]
    todo = [entry for path in definitions for entry in passes(path) if not options.passes or entry[0] in options.passes]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objections = list(pool.map(lambda entry: failure(opt, *entry), todo))
    failed = 0
    for (argument, _), objection in zip(todo, objections):
        if objection:
            failed += 1
            print(f"--- {argument}: {objection}")
    print(f"{len(todo) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
