"""The Python package on the toy bundle of the unit tests."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jarana
import numpy as np
from jarana.__main__ import stream

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("JARANA_BUILD", ROOT / "build"))
DEMO = ROOT / "models" / "demo"


class JaranaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name) / "toy.jarana"
        subprocess.run([BUILD / "bin" / "make_toy_bundle", cls.path], check=True)
        cls.bundle = jarana.Bundle(cls.path, verify=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def inputs(self):
        return {
            "ids": np.array([[1, 2]], np.int64),
            "mask": np.ones((1, 3), np.int32),  # integers of any width do
            "positions": np.array([[1, 2]]),
            "past.state": np.array([[1, 2, 3]], np.float32),
            "past.key": np.array([[[[0, 1]]]], np.float32),
        }

    def test_signature(self):
        self.assertEqual(self.bundle.entries, ["main"])
        self.assertTrue(self.bundle.has_state)
        self.assertEqual(self.bundle.inputs()[4], jarana.TensorSpec("past.key", "float32", ("batch", 1, "past", 2)))
        self.assertEqual([spec.name for spec in self.bundle.outputs()], ["logits", "present.state", "present.key"])
        self.assertEqual(self.bundle.manifest["format"], "jarana")
        self.assertEqual(self.bundle.weight_bytes, 96)
        self.assertRegex(jarana.version(), r"^\d+\.\d+\.\d+$")

    def test_run_is_what_a_session_does(self):
        outputs = self.bundle.run(self.inputs())
        self.assertEqual(outputs["present.key"].shape, (1, 1, 3, 2))
        session = jarana.Session(self.bundle)
        session.prefill([3])
        # The toy's table: what the state is after token 3.
        state = np.array([[((3 * 5 + i * 3) % 7 - 3) / 4 for i in range(3)]], np.float32)
        step = self.bundle.run(
            {
                "ids": np.array([[5]]),
                "mask": np.ones((1, 2), np.int64),
                "positions": np.array([[1]]),
                "past.state": state,
                "past.key": np.array([[[[0, 1]]]], np.float32),
            }
        )
        session.decode(5)
        np.testing.assert_array_equal(session.logits(), step["logits"])

    def test_run_errors(self):
        def error(**changes):
            inputs = self.inputs()
            for name, value in changes.items():
                inputs[name.replace("__", ".")] = value
            with self.assertRaises(jarana.JaranaError) as caught:
                self.bundle.run(inputs)
            return str(caught.exception)

        self.assertIn("no input 'other'; its inputs are: ids, mask", error(other=np.zeros(1, np.float32)))
        self.assertIn("'past.state' must be float32, not float64", error(past__state=np.zeros((1, 3))))
        self.assertIn("size 3 in dimension 1", error(past__state=np.zeros((1, 4), np.float32)))
        self.assertIn("dimension 1 of input 'mask'", error(mask=np.ones((1, 2), np.int64)))
        with self.assertRaisesRegex(jarana.JaranaError, "'ids' was not given"):
            self.bundle.run({})

    def test_generate(self):
        session = jarana.Session(self.bundle, threads=1)
        session.prefill([1, 2, 3])
        other = session.fork()
        snapshot = session.snapshot()
        tokens = list(session.generate(20, temperature=1.5, seed=3))
        self.assertEqual(len(tokens), 20)
        self.assertGreater(len(set(tokens)), 1)
        self.assertEqual(session.position, 23)
        self.assertEqual(list(other.generate(20, temperature=1.5, seed=3)), tokens)
        session.rollback(snapshot)
        self.assertEqual(session.position, snapshot.position)
        with self.assertRaisesRegex(jarana.JaranaError, "no logits"):
            session.sample()
        pinned = jarana.Session(self.bundle, threads=3, pin=True)
        pinned.prefill([1, 2, 3])
        self.assertEqual(list(pinned.generate(20, temperature=1.5, seed=3)), tokens)
        for threads in (-1, 4097, 1 << 31):
            with self.assertRaisesRegex(jarana.JaranaError, f"threads is {threads}"):
                jarana.Session(self.bundle, threads=threads)
        greedy = jarana.Session(self.bundle)
        greedy.prefill([1, 2, 3])
        best = int(np.argmax(greedy.logits()[0, -1]))
        self.assertEqual(next(greedy.generate(1)), best)
        greedy.reset()
        greedy.prefill([1, 2, 3])
        self.assertEqual(list(greedy.generate(5, stop={best})), [])

    def test_states(self):
        session = jarana.Session(self.bundle)
        session.prefill([1, 2, 3])
        saved = session.save()
        file = Path(self.folder.name) / "state.safetensors"
        session.save(file)
        session.decode(4)
        for state in (saved, file):
            other = jarana.Session(self.bundle)
            other.load(state)
            self.assertEqual(other.position, 3)
            other.decode([4])
            np.testing.assert_array_equal(other.logits()[:, -1], session.logits()[:, -1])
        with self.assertRaises(jarana.JaranaError):
            session.load(saved[:50])

    def test_batches(self):
        session = jarana.Session(self.bundle, batch=2)
        session.prefill([[1, 2], [3, 4]])
        self.assertEqual(session.logits().shape, (2, 2, 8))
        session.decode(session.sample())
        with self.assertRaisesRegex(jarana.JaranaError, r"shape \[2, count\]"):
            session.prefill([1, 2])
        with self.assertRaisesRegex(jarana.JaranaError, "must be integers"):
            session.prefill([[1.5], [2.5]])

    def test_bad_bundle(self):
        with self.assertRaisesRegex(jarana.JaranaError, "cannot open bundle") as caught:
            jarana.Bundle(Path(self.folder.name) / "missing")
        self.assertEqual(caught.exception.status, 2)

    def test_streaming_text(self):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(DEMO / "tokenizer.json"))
        text = "In the beginning \u00e9\u4e2d\U0001f600 God created" * 20
        ids = tokenizer.encode(text).ids
        pieces = list(stream(tokenizer, ids))
        self.assertEqual("".join(pieces), text)
        self.assertGreater(len(pieces), 50)

    def test_command_line(self):
        def run(*arguments):
            command = [sys.executable, "-m", "jarana", "generate", *map(str, arguments)]
            return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)

        # The toy model knows 8 tokens, so the prompt must be of those.
        tokenizer = DEMO / "tokenizer.json"
        good = run(self.path, "--prompt", "!#%", "--tokenizer", tokenizer, "--max-tokens", 5)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertTrue(good.stdout.startswith("!#%"))
        bad = run(self.path, "--prompt", "hello", "--tokenizer", tokenizer)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("outside of the vocabulary", bad.stderr)
        missing = run(self.path, "--prompt", "hello")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("--tokenizer", missing.stderr)


if __name__ == "__main__":
    unittest.main()
