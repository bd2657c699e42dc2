"""The tokenizer of jarana-bench against the tokenizers package: on text, and on pieces that try every branch of the patterns."""

import json
import os
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("JARANA_BUILD", ROOT / "build"))
DEMO = ROOT / "models" / "demo"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def sample_texts():
    rng = random.Random(0)
    pieces = [
        "'s",
        "'S",
        "'ll",
        "'RE",
        "'x",
        "it's",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\u00a0",
        "\u3000",
        "a",
        "B",
        "\u00e9",
        "\u0416",
        "\u4e2d",
        "\u0e01",
    ]
    pieces += [
        "1",
        "12345",
        "\u00bd",
        "\u0661",
        ".",
        "--",
        "!?",
        "\U0001f600",
        "\u0301",
        "_",
        "<|endoftext|>",
        "\u017f",
        "the ",
        "and",
    ]
    for _ in range(200):
        yield "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 30)))


class TokenizerTest(unittest.TestCase):
    def ids(self, tokenizer, text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "text"
            file.write_bytes(text.encode())
            run = subprocess.run([BUILD / "bin" / "tokenize", tokenizer, file], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return [int(line) for line in run.stdout.split()]

    def test_held_out_text(self):
        expected = Tokenizer.from_file(str(DEMO / "tokenizer.json"))
        text = (DEMO / "heldout.txt").read_text()
        self.assertEqual(self.ids(DEMO / "tokenizer.json", text), expected.encode(text).ids)

    def test_patterns(self):
        demo = json.loads((DEMO / "tokenizer.json").read_text())
        for llama3 in (False, True):
            model = models.BPE(
                vocab=demo["model"]["vocab"],
                merges=[tuple(merge) for merge in demo["model"]["merges"]],
                ignore_merges=llama3,
            )
            tokenizer = Tokenizer(model)
            tokenizer.add_special_tokens(["<|endoftext|>"])
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            if llama3:
                tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
                    [
                        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                    ]
                )
            tokenizer.decoder = decoders.ByteLevel()
            # The end of a text is another branch, so that each is also tried alone.
            texts = [*sample_texts()]
            texts.append("".join(texts))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "tokenizer.json"
                tokenizer.save(str(path))
                for text in texts:
                    self.assertEqual(self.ids(path, text), tokenizer.encode(text).ids, (llama3, text))

    def test_unsupported(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokenizer.json"
            Tokenizer(models.WordLevel({"a": 0}, "a")).save(str(path))
            run = subprocess.run([BUILD / "bin" / "tokenize", path, path], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn("only BPE is supported", run.stderr)


if __name__ == "__main__":
    unittest.main()
