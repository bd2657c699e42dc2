"""jarana-run and jarana-bench on the toy bundle: results, exit statuses and messages."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("JARANA_BUILD", ROOT / "build"))
DEMO = ROOT / "models" / "demo"


class ToolsTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        self.bundle = self.folder / "toy.jarana"
        subprocess.run([BUILD / "bin" / "make_toy_bundle", self.bundle], check=True)

    def tool(self, name, *arguments):
        return subprocess.run([BUILD / "bin" / name, *map(str, arguments)], capture_output=True, text=True)

    def run_ok(self, *arguments, tool="jarana-run"):
        run = self.tool(tool, *arguments)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def fails(self, status, message, *arguments, tool="jarana-run"):
        run = self.tool(tool, *arguments)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertIn(message, run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def inputs(self, **changes):
        tensors = {
            "ids": np.array([[1, 2]], np.int64),
            "mask": np.ones((1, 3), np.int64),
            "positions": np.array([[1, 2]], np.int64),
            "past.state": np.array([[1, 2, 3]], np.float32),
            "past.key": np.array([[[[0, 1]]]], np.float32),
        }
        for name, value in changes.items():
            tensors.pop(name.replace("__", "."), None)
            if value is not None:
                tensors[name.replace("__", ".")] = value
        path = self.folder / "in.safetensors"
        save_file(tensors, path)
        return f"--inputs={path}"

    def test_signature(self):
        out = self.folder / "out.safetensors"
        self.run_ok(self.bundle, self.inputs(), f"--outputs={out}")
        outputs = load_file(out)
        self.assertEqual(outputs["logits"].shape, (1, 2, 8))
        self.assertEqual(outputs["present.key"].shape, (1, 1, 3, 2))
        # The key of the toy model is (position, mask).
        np.testing.assert_array_equal(outputs["present.key"][0, 0], [[0, 1], [1, 1], [2, 1]])

    def test_signature_errors(self):
        out = f"--outputs={self.folder / 'out.safetensors'}"
        cases = [
            (
                {"id": np.zeros((1, 2), np.int64)},
                "no input 'id'; its inputs are: ids, mask, positions, past.state, past.key",
            ),
            ({"mask": None}, "input 'mask' was not given"),
            ({"ids": np.zeros((1, 2), np.int32)}, "input 'ids' must be int64, not int32"),
            ({"ids": np.zeros(2, np.int64)}, "input 'ids' must have 2 dimensions [batch, tokens]"),
            ({"past__state": np.zeros((1, 4), np.float32)}, "input 'past.state' must have size 3 in dimension 1"),
            ({"positions": np.zeros((1, 3), np.int64)}, "'tokens' is 2 by dimension 1 of input 'ids', but 3"),
            ({"mask": np.ones((1, 4), np.int64)}, "dimension 1 of input 'mask'"),
        ]
        for changes, message in cases:
            self.fails(1, message, self.bundle, self.inputs(**changes), out)
        self.assertFalse((self.folder / "out.safetensors").exists())
        self.fails(1, "cannot write '/nonexistent/x'", self.bundle, self.inputs(), "--outputs=/nonexistent/x")
        self.fails(1, "cannot open '/nonexistent/x'", self.bundle, "--inputs=/nonexistent/x", out)
        (self.folder / "in.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0garbage")
        self.fails(1, "is not a safetensors file", self.bundle, f"--inputs={self.folder / 'in.safetensors'}", out)

    def test_generate(self):
        ids = self.run_ok(self.bundle, "--prompt-ids=1,2,3", "--generate=12", "--temperature=1", "--seed=5").strip()
        report = json.loads(
            self.run_ok(
                self.bundle, "--prompt-ids", "1,2,3", "--generate", "12", "--temperature", "1", "--seed", "5", "--json"
            )
        )
        self.assertEqual(report["tokens"], [int(word) for word in ids.split(",")])
        self.assertEqual(report["prompt_tokens"], 3)

    def test_states(self):
        state = self.folder / "state.safetensors"
        whole = json.loads(self.run_ok(self.bundle, "--prompt-ids=1,2,3,4", "--generate=8", "--json"))["tokens"]
        self.run_ok(self.bundle, "--prompt-ids=1,2,3", f"--state-out={state}")
        rest = self.run_ok(self.bundle, "--prompt-ids=4", "--generate=8", "--json", f"--state-in={state}")
        self.assertEqual(json.loads(rest)["tokens"], whole)
        state.write_bytes(state.read_bytes()[:-3])
        self.fails(1, str(state), self.bundle, "--prompt-ids=4", f"--state-in={state}")

    def test_usage(self):
        for arguments in (
            [],
            [self.bundle],
            [self.bundle, "--inputs=x"],
            [self.bundle, self.bundle, "--prompt-ids=1"],
            [self.bundle, "--nonsense"],
            [self.bundle, "--prompt-ids=1", "--prompt-ids=2"],
            [self.bundle, "--prompt-ids"],
            [self.bundle, "--prompt-ids="],
            [self.bundle, "--prompt-ids=1,x"],
            [self.bundle, "--prompt-ids=1", "--inputs=x"],
            [self.bundle, "--prompt-ids=1", "--generate=-1"],
            [self.bundle, "--prompt-ids=1", "--temperature=-1"],
            [self.bundle, "--prompt-ids=1", "--temperature=hot"],
            [self.bundle, "--prompt-ids=1", "--top-p=0"],
            [self.bundle, "--prompt-ids=1", "--threads=0"],
            [self.bundle, "--prompt-ids=1", "--device=cuda"],
            [self.bundle, "--inputs=x", "--outputs=y", "--seed=1"],
            ["--reference=model.onnx", self.bundle, "--inputs=x", "--outputs=y"],
            ["--reference=model.onnx"],
        ):
            self.fails(2, "jarana-run: ", *arguments)
        self.assertIn("examples:", self.run_ok("--help"))
        self.assertIn("examples:", self.run_ok("--help", tool="jarana-bench"))
        self.fails(2, "go together", self.bundle, "--perplexity=x", tool="jarana-bench")
        self.fails(2, "--rounds", self.bundle, "--rounds=0", tool="jarana-bench")

    def test_damaged_bundles(self):
        self.fails(1, "outside of the vocabulary", self.bundle, "--prompt-ids=8")
        self.fails(1, "cannot open bundle", self.folder / "missing", "--prompt-ids=1")
        self.fails(1, "is not a bundle", DEMO / "model.onnx", "--prompt-ids=1")
        self.fails(1, "manifest.json", self.folder, "--prompt-ids=1")
        weights = self.bundle / "weights.safetensors"
        damaged = bytearray(weights.read_bytes())
        damaged[-1] ^= 1
        weights.write_bytes(damaged)
        self.run_ok(self.bundle, "--prompt-ids=1")
        self.fails(1, "is damaged", self.bundle, "--prompt-ids=1", "--verify")
        shutil.rmtree(self.bundle)
        self.bundle.mkdir()
        self.fails(1, "manifest.json", self.bundle, "--prompt-ids=1")

    def test_bench(self):
        report = self.folder / "bench.json"
        self.run_ok(
            self.bundle,
            "--prompt=8",
            "--generate=4",
            "--context=4",
            "--rounds=1",
            f"--json={report}",
            tool="jarana-bench",
        )
        figures = json.loads(report.read_text())
        self.assertEqual(figures.keys(), {"probe", "prefill", "decode", "load_ms", "peak_mib"})
        self.assertEqual(figures["probe"].keys(), {"read_gb_per_s", "fma_gflop_per_s"})
        self.assertEqual(figures["prefill"].keys(), {"tokens", "tokens_per_s", "fma_share"})
        self.assertEqual(figures["decode"].keys(), {"context", "batch", "ms_per_token", "bandwidth_share"})
        text = self.folder / "text"
        text.write_text("short")
        arguments = f"--perplexity={text}", f"--tokenizer={DEMO / 'tokenizer.json'}"
        self.fails(1, "a window needs 513", self.bundle, *arguments, tool="jarana-bench")
        text.write_text("!" * 2000)
        self.run_ok(self.bundle, *arguments, f"--json={report}", tool="jarana-bench")
        figures = json.loads(report.read_text())
        self.assertEqual(figures["predictions"] % 512, 0)
        self.assertAlmostEqual(np.exp(figures["nll_per_token"]), figures["perplexity"])


if __name__ == "__main__":
    unittest.main()
