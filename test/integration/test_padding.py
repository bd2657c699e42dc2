#!/usr/bin/env python3
"""Padding is allowed where padded sequences give what they give alone, and nowhere else: compiling decides, the manifest says it,
and a session holds to it. Corpus entries, and graphs made of one of them that are wrong with padding in other ways."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx
from onnx import helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "test" / "models"
sys.path.insert(0, str(ROOT / "python"))
BASE = "llama-mobius"


def with_learned_positions(model, positions):
    """Adds a row of a table to the embedding of each token, by `positions`."""
    graph = model.graph
    gather = next(node for node in graph.node if node.output[0] == "v_model.embed_tokens.Gather_0")
    width = next(t.dims[1] for t in graph.initializer if t.name == gather.input[0])
    table = np.random.default_rng(7).standard_normal((64, width)).astype(np.float32) * 0.05
    graph.initializer.append(numpy_helper.from_array(table, "table"))
    for node in graph.node:
        node.input[:] = ["with_positions" if name == gather.output[0] else name for name in node.input]
    at = list(graph.node).index(gather) + 1
    nodes = [
        *positions(graph),
        helper.make_node("Gather", ["table", "places"], ["of_place"], "learned"),
        helper.make_node("Add", [gather.output[0], "of_place"], ["with_positions"], "add_learned"),
    ]
    for offset, node in enumerate(nodes):
        graph.node.insert(at + offset, node)


def counted(graph):
    """From the first token on, whatever the mask says."""
    for name, value in (("zero", 0), ("one", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.int64), name))
    return [
        helper.make_node("Shape", ["attention_mask"], ["all_1"], "all", start=1, end=2),
        helper.make_node("Shape", ["input_ids"], ["new_1"], "new", start=1, end=2),
        helper.make_node("Squeeze", ["all_1"], ["all_0"], "all_scalar"),
        helper.make_node("Squeeze", ["new_1"], ["new_0"], "new_scalar"),
        helper.make_node("Sub", ["all_0", "new_0"], ["past_0"], "past"),
        helper.make_node("Range", ["past_0", "all_0", "one"], ["places"], "places"),
    ]


def given(_graph):
    return [helper.make_node("Identity", ["position_ids"], ["places"], "places")]


def with_summed_mask(model):
    """GroupQueryAttention takes the number of keys of a sequence, not which they are."""
    graph = model.graph
    graph.initializer.append(numpy_helper.from_array(np.array([1], np.int64), "axis_1"))
    graph.initializer.append(numpy_helper.from_array(np.array(1, np.int64), "one"))
    made = [
        helper.make_node("ReduceSum", ["attention_mask", "axis_1"], ["sums"], "sums", keepdims=0),
        helper.make_node("Sub", ["sums", "one"], ["lasts"], "lasts"),
        helper.make_node("Cast", ["lasts"], ["seqlens_k"], "seqlens", to=onnx.TensorProto.INT32),
        helper.make_node("Shape", ["attention_mask"], ["all_1"], "all", start=1, end=2),
        helper.make_node("Squeeze", ["all_1"], ["all_0"], "all_scalar"),
        helper.make_node("Cast", ["all_0"], ["total"], "total", to=onnx.TensorProto.INT32),
    ]
    nodes = []
    for node in graph.node:
        if node.op_type == "Attention":
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            q, k, v, _, past_k, past_v = node.input
            node = helper.make_node(
                "GroupQueryAttention",
                [q, k, v, past_k, past_v, "seqlens_k", "total"],
                list(node.output),
                node.name,
                domain="com.microsoft",
                num_heads=attributes["q_num_heads"],
                kv_num_heads=attributes["kv_num_heads"],
                scale=attributes["scale"],
            )
        nodes.append(node)
    del graph.node[:]
    graph.node.extend([*made, *nodes])


def variants():
    """(name, model, whether padding is allowed, parts of the refusal)."""
    for name in ("bamba-mobius", "bamba-mobius-cpu", "bamba-mobius-int8-qdq"):
        yield name, None, False, ["does not reach it", "LinearAttention", "attention_mask"]
    for name in (BASE, "bamba-hf-prefill-dynamo", "bamba-hf-prefill-torchscript-permfix"):
        yield name, None, True, []
    for name, edit, allowed, parts in (
        ("positions that count padding", lambda m: with_learned_positions(m, counted), False, ["counts positions"]),
        ("positions that are given", lambda m: with_learned_positions(m, given), True, []),
        ("a summed mask", with_summed_mask, False, ["padded tokens reach the logits"]),
    ):
        model = onnx.load(MODELS / BASE / "model.onnx")
        edit(model)
        yield name, model, allowed, parts


def last(session, rows):
    logits = np.array(session.logits(), np.float32)
    return logits.reshape(rows, -1, logits.shape[-1])[:, -1]


def differences(jarana, bundle):
    """How far a padded batch is from its sequences alone, at each step."""
    random = np.random.default_rng(2027)
    rows = [random.integers(1, 200, length) for length in (19, 11, 1)]
    padding = [max(map(len, rows)) - len(row) for row in rows]
    batch = jarana.Session(bundle, batch=len(rows))
    batch.pad(padding)
    batch.prefill(np.stack([np.pad(row, (count, 0)) for row, count in zip(rows, padding, strict=True)]))
    alone = [jarana.Session(bundle) for _ in rows]
    for session, row in zip(alone, rows, strict=True):
        session.prefill(row)
    for _ in range(3):
        expected = np.concatenate([last(session, 1) for session in alone])
        yield float(np.abs(last(batch, len(rows)) - expected).max() / np.abs(expected).max())
        new = random.integers(1, 200, len(rows))
        batch.decode(new)
        for session, token in zip(alone, new, strict=True):
            session.decode(int(token))


def check(jarana, tools, work, name, model, allowed, parts):
    """What is wrong; empty: nothing."""
    path, bundle = MODELS / name / "model.onnx", Path(work) / "model.jarana"
    if model is not None:
        path = Path(work) / "model.onnx"
        onnx.save(model, path)
    status, message = goldens.run([tools / "jarana-compile", path, "-o", bundle])
    if status:
        return f"jarana-compile: {message}"
    verdict = json.loads((bundle / "manifest.json").read_text())["state"].get("pad")
    opened = jarana.Bundle(bundle)
    jarana.Session(opened).pad([0])  # no padding at all
    if allowed:
        if verdict is not True:
            return f"padding is refused: {verdict}"
        worst = max(differences(jarana, opened))
        return "" if worst <= 1e-4 else f"a padded batch is {worst:.1e} from its sequences"
    if not isinstance(verdict, str) or any(part not in verdict for part in parts):
        return f"expected a refusal with {parts}: {verdict}"
    try:
        jarana.Session(opened, batch=2).pad([3, 0])
    except jarana.JaranaError as error:
        return "" if verdict in str(error) else f"another reason: {error}"
    return "a session takes padding"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=Path)
    build = parser.parse_args().build.resolve()
    os.environ.setdefault("JARANA_RUNTIME", str(build / "lib" / "libjarana_runtime.so"))
    import jarana

    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for name, model, allowed, parts in variants():
            wrong = check(jarana, build / "bin", work, name, model, allowed, parts)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"{name}: {wrong}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
