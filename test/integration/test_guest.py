#!/usr/bin/env python3
"""Bundles in processes of all kinds: odd environments, small stacks, no threads, no visible symbols, and other libraries with
threads of their own (onnxruntime, and torch where it is installed). The logits are the same in all of them, bit for bit."""

import argparse
import importlib.util
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULTS = {"LD_LIBRARY_PATH": "", "PATH": os.environ.get("PATH", "")}

# Runs a session and another library in one process, in the order of the arguments.
TOGETHER = """
import hashlib, sys, threading
import numpy as np

def with_jarana():
    import jarana
    bundle = jarana.Bundle(sys.argv[1])
    session = jarana.Session(bundle, threads=3)
    session.prefill([(i * 7 + 3) % 200 for i in range(300)])
    for i in range(20):
        session.decode((i * 7 + 3) % 200)
    return session, hashlib.sha256(session.logits().tobytes()).hexdigest()

def with_onnxruntime():
    import onnx, onnxruntime
    from onnx import TensorProto, helper
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [256, 256])
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "g", [value("a"), value("b")], [value("c")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    ones = np.ones((256, 256), np.float32)
    def run():
        for _ in range(20):
            assert (session.run(None, {"a": ones, "b": ones})[0] == 256).all()
    return run

def with_torch():
    import torch
    torch.set_num_threads(3)
    ones = torch.ones(256, 256)
    def run():
        for _ in range(20):
            assert (ones @ ones == 256).all()
    return run

other = {"onnxruntime": with_onnxruntime, "torch": with_torch}
digests, runs, sessions = [], [], []
for name in sys.argv[2:]:
    if name == "jarana":
        session, digest = with_jarana()
        sessions.append(session)
        digests.append(digest)
    else:
        runs.append(other[name]())
        runs[-1]()
# At the same time.
threads = [threading.Thread(target=run) for run in runs]
for thread in threads:
    thread.start()
digests.append(with_jarana()[1])
for thread in threads:
    thread.join()
with open("/proc/self/maps") as maps:
    assert "libomp" not in maps.read()
assert len(set(digests)) == 1, digests
print(digests[0])
"""


class Guest:
    def __init__(self, build, bundle):
        self.program = build / "bin" / "guest"
        self.library = build / "lib" / "libjarana_runtime.so"
        self.bundle = bundle

    def run(self, *numbers, **options):
        command = [self.program, self.library, self.bundle, *map(str, (300, 20, *numbers))]
        return subprocess.run(command, text=True, capture_output=True, timeout=300, **options)


def without_processes():
    """No more threads for this user: root has no limit, so somebody else is chosen."""
    if os.getuid() == 0:
        os.setresgid(61236, 61236, 61236)
        os.setresuid(61236, 61236, 61236)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


def small_main_stack():
    resource.setrlimit(resource.RLIMIT_STACK, (128 << 10, 128 << 10))


def cases(guest, build, work):
    """The name of each case, and what it gives: logits' digest in `expected`'s group, or an error's text."""
    environments = [{"OMP_NUM_THREADS": value} for value in ("", "auto", "-1", "2.0", "100000")]
    environments += [{"OMP_STACKSIZE": "1", "KMP_BLOCKTIME": "x"}, {"TMPDIR": "/nonexistent"}]
    for variables in environments:
        yield str(variables), guest.run(0, env=DEFAULTS | variables)
    for threads in (1, 2, 3, 8, 64):
        yield f"{threads} threads", guest.run(threads)
    yield "the main thread has 128 KiB of stack", guest.run(3, preexec_fn=small_main_stack)
    for stack in (256 << 10, 64 << 10):
        yield f"a thread has {stack} bytes of stack", guest.run(3, stack)
        yield f"8 threads have {stack} bytes of stack", guest.run(3, stack, 8)
    yield "no threads can be made", guest.run(8, preexec_fn=without_processes)
    yield "no file can be made", guest.run(3, cwd="/proc", env=DEFAULTS | {"TMPDIR": "/proc", "HOME": "/proc"})


def check_together(bundle, order):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    environment.pop("OMP_NUM_THREADS", None)
    return subprocess.run(
        [sys.executable, "-c", TOGETHER, bundle, *order], text=True, capture_output=True, timeout=300, env=environment
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ["JARANA_RUNTIME"] = str(build / "lib" / "libjarana_runtime.so")
    counts = {"passed": 0, "failed": 0, "skipped": 0}

    def report(name, problem):
        counts["failed" if problem else "passed"] += 1
        if problem:
            print(f"{name}: {problem}")

    def compare(name, run, digests):
        digests.append(run.stdout)
        wrong = run.returncode != 0 or not run.stdout or run.stdout != digests[0]
        report(name, wrong and f"exit status {run.returncode}, {run.stdout.strip()} {run.stderr.strip()}")

    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)  # for a case that is another user
        model, bundle = Path(work) / "tiny.onnx", Path(work) / "tiny.jarana"
        subprocess.run([sys.executable, ROOT / "bench" / "make_model.py", "tiny", model], check=True)
        compiled = [build / "bin" / "jarana-compile", model, "-o", bundle]
        subprocess.run(compiled, check=True)

        guest = Guest(build, bundle)
        digests = []
        for name, run in cases(guest, build, Path(work)):
            compare(name, run, digests)

        run = guest.run(3, 16 << 10)
        expected = r"this thread has \d+ bytes of its stack left, and the model needs \d+"
        report("a stack that is too small", not re.search(expected, run.stderr) and f"{run.returncode} {run.stderr}")

        run = subprocess.run(compiled, text=True, capture_output=True, env=DEFAULTS | {"TMPDIR": "/nonexistent"})
        problem = run.returncode != 1 or "folder for temporary files in '/nonexistent'" not in run.stderr
        report("compiling where TMPDIR is not there", problem and run.stderr)

        digests = []
        for library in ("onnxruntime", "torch"):
            for order in ([library, "jarana"], ["jarana", library], ["jarana", library, "jarana"]):
                if importlib.util.find_spec(library) is None:
                    counts["skipped"] += 1
                    continue
                compare(" then ".join(order), check_together(bundle, order), digests)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
