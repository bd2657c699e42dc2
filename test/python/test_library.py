"""What may be loaded into any program: libjarana_runtime.so is small, and depends on the C library and nothing else."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("JARANA_BUILD", ROOT / "build"))
LIBRARY = Path(os.environ.get("JARANA_RUNTIME", BUILD / "lib" / "libjarana_runtime.so"))


class LibraryTest(unittest.TestCase):
    def test_dependencies(self):
        listing = subprocess.run(["readelf", "-d", LIBRARY], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", listing))
        allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0"}
        loaders = {name for name in needed if name.startswith("ld-linux")}
        self.assertEqual(needed - allowed - loaders, set())
        self.assertIn("libc.so.6", needed)

    def test_size(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = Path(folder) / "stripped.so"
            subprocess.run(["strip", "-o", stripped, LIBRARY], check=True)
            self.assertLess(stripped.stat().st_size, 1_000_000)

    def test_only_the_interface_is_visible(self):
        listing = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True)
        symbols = {line.split()[-1] for line in listing.stdout.splitlines()}
        self.assertTrue(all(symbol.startswith("jarana_") for symbol in symbols), symbols)
        header = (ROOT / "include" / "jarana" / "runtime.h").read_text()
        declared = set(re.findall(r"^JARANA_API [^;]*?\b(jarana_\w+)\(", header, re.M))
        self.assertEqual(symbols, declared)


if __name__ == "__main__":
    unittest.main()
