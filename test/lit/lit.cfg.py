# Configuration of the lit suite: `make check` runs it, or
#   .venv/bin/lit -sv --param build=build test/lit
# `--param roundtrip=1` runs every jarana-opt line with --verify-roundtrip as well.
import os

import lit.formats

config.name = "jarana"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "lit.cfg.py"]

source = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
build = os.path.abspath(lit_config.params.get("build", os.path.join(source, "build")))
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(build, "test", "lit")

llvm = "/usr/lib/llvm-22"
path = [os.path.join(build, "bin"), os.path.join(llvm, "bin"), os.environ["PATH"]]
config.environment["PATH"] = os.pathsep.join(path)
# Variables of one CHECK-LABEL block are not seen in the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"

roundtrip = " --verify-roundtrip" if lit_config.params.get("roundtrip") else ""
opt = os.path.join(build, "bin", "jarana-opt")
config.substitutions.append((r"\bjarana-opt\b", opt + roundtrip))
config.substitutions.append((r"%llvm_lib", os.path.join(llvm, "lib")))
config.substitutions.append((r"%python", os.path.join(source, ".venv", "bin", "python")))
config.substitutions.append((r"%source", source))
