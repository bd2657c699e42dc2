#!/usr/bin/env python3
"""A prefill graph and its decode graph in one bundle: the decode graph's own signature gives what it gives alone, the weights of both
are stored once, and a decode graph of another model is refused.

The pair is made from one model with states: its decode graph is the model itself, its prefill graph the traced form with the same weights.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import goldens
import numpy as np
import onnx

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import mobius_form  # noqa: E402
import traced_form  # noqa: E402
from make_model import config_of  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    tools = parser.parse_args().build.resolve() / "bin"
    config = config_of("odd")
    results = []

    def check(ok, text):
        results.append(bool(ok))
        if not ok:
            print(text)

    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        (work / "other").mkdir()
        prefill, decode, stranger = work / "prefill.onnx", work / "other" / "decode.onnx", work / "stranger.onnx"
        traced_form.build(config, prefill)
        mobius_form.build(config, decode)
        mobius_form.build(config, stranger, seed=1)
        pair, alone = work / "pair.jarana", work / "alone.jarana"
        compiled = goldens.run([tools / "jarana-compile", prefill, f"--decode={decode}", "-o", pair])
        check(compiled[0] == 0, f"the pair: {compiled[1]}")
        compiled = goldens.run([tools / "jarana-compile", decode, "-o", alone])
        check(compiled[0] == 0, f"the decode graph alone: {compiled[1]}")

        random = np.random.default_rng(0)
        inputs = {}
        for value in onnx.load(decode, load_external_data=False).graph.input:
            dims = [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]
            sizes = {"batch": 2, "sequence_len": 1, "past_sequence_len": 5, "past_seq_len + seq_len": 6}
            shape = [sizes.get(dim, dim) for dim in dims]
            if value.name == "attention_mask":
                inputs[value.name] = np.ones(shape, np.int64)
            elif value.type.tensor_type.elem_type == onnx.TensorProto.INT64:
                inputs[value.name] = random.integers(0, 6, shape)
            else:
                inputs[value.name] = random.standard_normal(shape, np.float32)
        outputs = {}
        for name, command in (("pair", [pair, "--entry=step"]), ("alone", [alone])):
            found, status, message = goldens.evaluate([tools / "jarana-run", *command], inputs, work)
            check(status == 0, f"{name}: {message}")
            outputs[name] = found or {}
        check(outputs["pair"].keys() == outputs["alone"].keys(), "the outputs have other names")
        for name, value in outputs["alone"].items():
            worst = goldens.error(outputs["pair"].get(name, np.zeros(0)), value)
            check(worst <= 1e-6, f"{name} differs by {worst:.1e}")

        sizes = [(bundle / "weights.safetensors").stat().st_size for bundle in (pair, alone)]
        check(
            sizes[0] < 1.3 * sizes[1], f"the pair's weights have {sizes[0]} bytes, those of the decode graph {sizes[1]}"
        )
        refused = goldens.run([tools / "jarana-compile", prefill, f"--decode={stranger}", "-o", work / "no.jarana"])
        check(refused[0] == 1 and "same model" in refused[1], f"another model's decode graph: {refused}")
        _, status, message = goldens.evaluate([tools / "jarana-run", pair, "--entry=nothing"], inputs, work)
        check(status == 1 and "step" in message, f"an entry that is not there: {status} {message}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed, 0 skipped")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
