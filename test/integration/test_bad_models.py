#!/usr/bin/env python3
"""Models that must be refused: exit status 1 and a message that names what is wrong, within 10 s and 2 GiB; and a legal
model of 200,000 nodes that must be taken, or refused by a clear limit, in linear time."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parent.parent.parent
MEMORY = 2 << 30


def limit_memory():
    # Address space is more than memory in use, and the LLVM libraries alone map some hundred MB; so this is the stricter test.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY + (1 << 30), MEMORY + (1 << 30)))


def compile_model(build, model, seconds):
    with tempfile.TemporaryDirectory() as work:
        bundle = Path(work) / "out.jarana"
        try:
            run = subprocess.run(
                [build / "bin" / "jarana-compile", model, "-o", bundle],
                text=True,
                capture_output=True,
                timeout=seconds,
                preexec_fn=limit_memory,
            )
        except subprocess.TimeoutExpired:
            return None, f"took more than {seconds} s"
        leftovers = [path.name for path in Path(work).iterdir() if path != bundle or run.returncode]
        if leftovers:
            return None, f"left {leftovers} behind"
        return run.returncode, run.stderr


def chain(path, nodes):
    ops = [helper.make_node("Neg" if i % 2 else "Identity", [f"v{i}"], [f"v{i + 1}"]) for i in range(nodes)]
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [8]) for name in ("v0", f"v{nodes}")]
    graph = helper.make_graph(ops, "chain", value[:1], value[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--models", default=ROOT / "test" / "models" / "bad", type=Path)
    options = parser.parse_args()
    build = options.build.resolve()
    passed = failed = 0
    for meta in sorted(options.models.glob("*/meta.json")):
        facts = json.loads(meta.read_text())
        if facts["expect"] != "reject":
            continue
        status, message = compile_model(build, meta.with_name("model.onnx"), 10)
        words = facts.get("expect_message_about") or facts.get("values_never_defined", [])
        said = message.replace(str(meta.parent), "").lower()
        ok = status == 1 and any(word.lower() in said for word in words)
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(f"{meta.parent.name}: exit status {status}, expected 1 and one of {words}: {message[:300]}")
    with tempfile.TemporaryDirectory() as work:
        model = Path(work) / "chain.onnx"
        chain(model, 200_000)
        status, message = compile_model(build, model, 60)
        ok = status == 0 or (status == 1 and any(word in message for word in ("limit", "nodes", "large")))
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(f"a chain of 200,000 nodes: exit status {status}: {message[:300]}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
