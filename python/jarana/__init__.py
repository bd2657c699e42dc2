"""Runs Jarana bundles: a ctypes binding of libjarana_runtime.so (include/jarana/runtime.h), numpy in and out.

    import jarana

    bundle = jarana.Bundle("model.jarana")
    outputs = bundle.run({"input_ids": ids, ...})          # the model's own signature

    session = jarana.Session(bundle)                       # generation
    session.prefill([1, 2, 3])
    for token in session.generate(100, temperature=0.8):
        print(token)

The library is found in build/lib beside the package's folder, or where the environment variable JARANA_RUNTIME says.
"""

from ._native import JaranaError, version
from .bundle import Bundle, TensorSpec
from .session import Session, Snapshot

__all__ = ["Bundle", "JaranaError", "Session", "Snapshot", "TensorSpec", "version"]
