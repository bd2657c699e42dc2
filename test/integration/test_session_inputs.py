#!/usr/bin/env python3
"""Sessions of graphs whose states, masks and positions have other names and types: generation equals ONNX Runtime's with the same
layers on whole sequences. What a session cannot fill is said, with the options that would state it."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import session_models

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))

PROMPT, COUNT = [7, 3, 50, 12, 9], 12

# What the graph is, and the options that its session needs.
KINDS = {
    "plain": ({}, []),
    "mask-bool": ({"mask": "bool"}, []),
    "mask-int32": ({"mask": "int32"}, []),
    "mask-int64": ({"mask": "int64"}, []),
    "mask-float32": ({"mask": "float32"}, []),
    "mask-unread": ({"mask": "int64", "unread_mask": True}, []),
    "mask-by-type": ({"mask": "int64", "mask_name": "shown"}, []),
    "names-self": ({"names": "self", "mask": "int64"}, []),
    "names-cache": ({"names": "cache"}, []),
    "names-none": ({"names": "nameless", "ids": "x", "logits": "y", "shuffled": True}, []),
    "stacked": ({"stacked": True, "mask": "int64"}, []),
    "stacked-shuffled": ({"stacked": True, "shuffled": True}, []),
    "positions": ({"positions": ("position_ids",), "mask": "int64"}, []),
    "cache-position": ({"positions": ("cache_position",), "mask": "int64"}, []),
    "both-positions": ({"positions": ("position_ids", "cache_position")}, []),
    "positions-of-three": ({"positions": ("mrope",)}, []),
    "static-tensor-scatter": ({"static": "TensorScatter", "names": "cache"}, []),
    "static-tensor-scatter-mask": ({"static": "TensorScatter", "mask": "bool"}, []),
    "static-scatter-elements": ({"static": "ScatterElements", "names": "cache", "positions": ("cache_position",)}, []),
    "one-sequence": ({"batch": 1}, []),
    "stated": (
        {"names": "nameless", "ids": "x", "logits": "y", "mask": "int64", "mask_name": "m"},
        ["--ids=x", "--logits=y", "--mask=m", "--state=a0:delta", "--state=a1:gamma"],
    ),
}


def run(*command):
    return subprocess.run([str(word) for word in command], text=True, capture_output=True)


def greedy(model):
    """The tokens that ONNX Runtime gives, on whole sequences."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ids = list(PROMPT)
    for _ in range(COUNT):
        ids.append(int(session.run(None, {"input_ids": np.array([ids])})[0][0, -1].argmax()))
    return ids[len(PROMPT) :]


def check_generation(tools, work, name, expected):
    kind, options = KINDS[name]
    onnx.save(session_models.make(**kind), work / f"{name}.onnx")
    made = run(tools / "jarana-compile", work / f"{name}.onnx", "-o", work / name, *options)
    if made.returncode:
        return made.stderr
    prompt = ",".join(map(str, PROMPT))
    made = run(tools / "jarana-run", work / name, f"--prompt-ids={prompt}", f"--generate={COUNT}", "--json")
    if made.returncode:
        return made.stderr
    tokens = json.loads(made.stdout)["tokens"]
    return "" if tokens == expected else f"{tokens}, expected {expected}"


def check_batch(jarana, bundle):
    """Two sequences at once, in pieces, give what each gives alone."""
    rows = np.array([PROMPT, PROMPT[::-1]])
    both = jarana.Session(bundle, batch=2)
    both.prefill(rows[:, :3])
    both.prefill(rows[:, 3:])
    for row, logits in zip(rows, np.asarray(both.logits()), strict=True):
        alone = jarana.Session(bundle)
        alone.prefill(row)
        expected = np.asarray(alone.logits())[0, -1]
        if not np.allclose(logits[-1], expected, rtol=1e-4, atol=1e-4):
            return f"differs by {np.abs(logits[-1] - expected).max()}"
    return ""


def check_room(jarana, bundle):
    """A buffer of positions takes as many as it has places for, and says so."""
    session = jarana.Session(bundle)
    session.prefill(list(range(session_models.PLACES)))
    try:
        session.decode(1)
    except jarana.JaranaError as error:
        return "" if f"room for {session_models.PLACES} positions" in str(error) else str(error)
    return "a position beyond the buffer was taken"


def extra_input(name, dtype, shape, read=True):
    """The plain model with an input that no session knows."""
    model = session_models.make()
    model.graph.input.append(onnx.helper.make_tensor_value_info(name, dtype, shape))
    if read:
        logits = model.graph.node[-1].output[0]
        model.graph.node[-1].output[0] = "before"
        model.graph.node.add(
            op_type="Cast", input=[name], output=["float"], attribute=[onnx.helper.make_attribute("to", 1)]
        )
        model.graph.node.add(
            op_type="ReduceSum", input=["float"], output=["sum"], attribute=[onnx.helper.make_attribute("keepdims", 0)]
        )
        model.graph.node.add(op_type="Add", input=["before", "sum"], output=[logits])
    return model


# Models without a session, the options, where the message is to come from, and what it must say.
def refusals():
    yield (
        "input-unknown",
        extra_input("pixels", 1, ["batch", 3]),
        [],
        1,
        "a session cannot fill the input 'pixels' float32 [batch, 3] (may be stated by --mask=pixels)",
    )
    yield (
        "no-such-input",
        session_models.make(),
        ["--ids=words"],
        2,
        "--ids: the model has no input 'words'; its inputs are 'input_ids'",
    )
    yield "wrong-type", session_models.make(), ["--mask=past_key_values.0.key"], 2, "and must be of [batch, positions]"
    yield (
        "wrong-pair",
        session_models.make(),
        ["--state=past_key_values.0.key:logits"],
        2,
        "a state and its next value are of one type",
    )
    yield "no-session", session_models.make(names=None), ["--mask=input_ids"], 2, "no session can be made of the model"
    yield "no-value", session_models.make(), ["--ids="], 2, "option '--ids' needs the name"


def check_refusal(tools, work, name, model, options, status, message):
    onnx.save(model, work / f"{name}.onnx")
    made = run(tools / "jarana-compile", work / f"{name}.onnx", "-o", work / name, *options)
    if (
        status == 1 and made.returncode == 0
    ):  # the model runs by its own signature, and a session says why there is none
        made = run(tools / "jarana-run", work / name, "--prompt-ids=1")
    ok = made.returncode == status and message in made.stderr
    return "" if ok else f"status {made.returncode}: {made.stderr}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ.setdefault("JARANA_RUNTIME", str(build / "lib" / "libjarana_runtime.so"))
    import jarana

    passed = failed = 0

    def count(name, problem):
        nonlocal passed, failed
        passed, failed = passed + (not problem), failed + bool(problem)
        if problem:
            print(f"{name}: {problem}")

    with tempfile.TemporaryDirectory() as folder:
        work, tools = Path(folder), build / "bin"
        expected = greedy(session_models.make(names=None))
        for name in KINDS:
            if options.only and name not in options.only:
                continue
            problem = check_generation(tools, work, name, expected)
            count(name, problem)
            if not problem and KINDS[name][0].get("batch") is None:
                count(f"{name}, two sequences", check_batch(jarana, jarana.Bundle(work / name)))
            if not problem and "static" in KINDS[name][0]:
                count(f"{name}, room", check_room(jarana, jarana.Bundle(work / name)))
        for name, *rest in refusals():
            if not options.only or name in options.only:
                count(name, check_refusal(tools, work, name, *rest))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
