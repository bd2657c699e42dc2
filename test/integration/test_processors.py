#!/usr/bin/env python3
"""The code for other x86-64 processors than this one, run under qemu-user: models against their goldens, and kernels.

Each level of x86-64 runs on a model of a processor that has no more: x86-64 on qemu's qemu64, x86-64-v2 on Nehalem,
x86-64-v3 on Haswell; x86-64-v4 runs on this machine where it has it. Every model at one length for x86-64 and
x86-64-v3; one model of each kind of weights for the rest, and for znver5 and sapphirerapids, which are compiled alone.
"""

import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import goldens
import onnx

ROOT = Path(__file__).resolve().parent.parent.parent
EMULATED = {"x86-64": "qemu64", "x86-64-v2": "Nehalem", "x86-64-v3": "Haswell"}
COMPILED = ("znver5", "sapphirerapids")
V4 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


def weights_kind(model):
    """What distinguishes the code for weights: their types, and how they are quantised."""
    graph = onnx.load(model, load_external_data=False).graph
    quantised = {"MatMulNBits", "DequantizeLinear", "DynamicQuantizeLinear"}
    return (
        frozenset(tensor.data_type for tensor in graph.initializer if len(tensor.dims) == 2),
        frozenset(node.op_type for node in graph.node if node.op_type in quantised),
    )


def one_of_each_kind(entries):
    kinds = {}
    for entry in entries:
        kinds.setdefault(weights_kind(entry / "model.onnx"), entry)
    return list(kinds.values())


def machine_has_v4():
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return bool(flags) and V4 <= set(flags.group(1).split())


def run_model(build, entry, level, emulator, work):
    """(passed, failed) of an entry's smallest case."""
    folder = tempfile.mkdtemp(dir=work)
    passed = failed = 0
    for result in goldens.check_entry(
        build, entry, ["cpu"], folder, [f"--mcpu={level}"], emulator, [goldens.smallest_case(entry)]
    ):
        passed, failed = passed + result.ok, failed + (not result.ok)
        if not result.ok:
            print(f"{level}: {result.entry} {result.case}: {result.error}: {result.message}", flush=True)
    shutil.rmtree(folder)
    return passed, failed, 0


def compile_model(build, entry, cpu, work):
    folder = tempfile.mkdtemp(dir=work)
    command = [build / "bin" / "jarana-compile", entry / "model.onnx", "-o", f"{folder}/out.jarana", f"--mcpu={cpu}"]
    status, message = goldens.run(command)
    shutil.rmtree(folder)
    if status:
        print(f"{cpu}: {entry.name}: {message}", flush=True)
    return int(status == 0), int(status != 0), 0


def run_kernels(build, level, emulator):
    """The unit tests of kernels, whose code is made for the processor that runs them."""
    run = subprocess.run(
        [*emulator, build / "bin" / "kernels_test", "--gtest_brief=1"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def count(word):
        found = re.search(rf"^\[ *{word} *\] (\d+) test", run.stdout, re.M)
        return int(found.group(1)) if found else 0

    failed = max(count("FAILED"), int(run.returncode != 0))
    if failed:
        print(f"{level}: kernels_test exited with {run.returncode}\n{run.stdout}", flush=True)
    for line in re.findall(r"^this machine has no .*$", run.stdout, re.M):
        print(f"{level}: kernels_test: {line}", flush=True)
    return count("PASSED"), failed, count("SKIPPED")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "models", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-kernels", action="store_true", help="models alone")
    options = parser.parse_args()
    build = options.build.resolve()
    if platform.machine() != "x86_64":
        print("this machine is not x86-64, and qemu-user runs programs of the build\n0 passed, 0 failed, 1 skipped")
        return 0
    qemu = shutil.which("qemu-x86_64")
    if not qemu:
        print("qemu-x86_64 is not there: scripts/setup.sh installs Debian's qemu-user\n0 passed, 1 failed, 0 skipped")
        return 1
    entries = [path.parent for path in sorted(options.models.glob("*/meta.json")) if (path.parent / "io").is_dir()]
    kinds = one_of_each_kind(entries)
    skipped = 0
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(options.jobs) as pool:
        jobs = []
        for level, model in EMULATED.items():
            emulator = (qemu, "-cpu", model)
            if not options.no_kernels:
                jobs.append(pool.submit(run_kernels, build, level, emulator))
            for entry in kinds if level == "x86-64-v2" else entries:
                jobs.append(pool.submit(run_model, build, entry, level, emulator, work))
        if machine_has_v4():
            jobs += [pool.submit(run_model, build, entry, "x86-64-v4", (), work) for entry in kinds]
        else:
            print("this machine has no AVX-512: code for x86-64-v4 is compiled alone", flush=True)
            skipped += len(kinds)
            jobs += [pool.submit(compile_model, build, entry, "x86-64-v4", work) for entry in kinds]
        jobs += [pool.submit(compile_model, build, entry, cpu, work) for cpu in COMPILED for entry in kinds]
        counts = [sum(numbers) for numbers in zip(*(job.result() for job in jobs))]
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[2] + skipped} skipped")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
