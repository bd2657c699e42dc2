"""Bundles, and running a model by its own signature."""

import json
import os
from collections.abc import Mapping
from ctypes import byref, c_size_t
from dataclasses import dataclass

import numpy as np

from . import _native
from ._native import JaranaError, TensorSpecStruct, TensorStruct, library


@dataclass(frozen=True)
class TensorSpec:
    """An input or output: a dimension is a number, or the name of a symbol or expression."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


class Bundle:
    """A compiled model, opened and checked. Any number of sessions and threads may share it.

    verify: also compare the checksum of the weights, which reads all of them.
    """

    def __init__(self, path: str | os.PathLike, *, verify: bool = False):
        self.handle = _native.make("jarana_bundle_open", "jarana_bundle_close", os.fsencode(path), int(verify))

    @property
    def manifest(self) -> dict:
        """What manifest.json says."""
        return json.loads(library().jarana_bundle_manifest(self.handle))

    @property
    def weight_bytes(self) -> int:
        return library().jarana_bundle_weight_bytes(self.handle)

    @property
    def has_state(self) -> bool:
        """Whether a Session can be made."""
        return bool(library().jarana_bundle_has_state(self.handle))

    @property
    def entries(self) -> list[str]:
        count = library().jarana_bundle_entry_count(self.handle)
        return [library().jarana_bundle_entry_name(self.handle, i).decode() for i in range(count)]

    def inputs(self, entry: str = "main") -> list[TensorSpec]:
        return self._specs(entry)[0]

    def outputs(self, entry: str = "main") -> list[TensorSpec]:
        return self._specs(entry)[1]

    def run(self, inputs: Mapping[str, np.ndarray], *, entry: str = "main", threads: int = 0) -> dict[str, np.ndarray]:
        """Computes all outputs. Arrays must have the dtypes of the signature, except that integers of any width do where an
        integer is wanted. threads: 0 for all processors."""
        lib = library()
        call = _native.make("jarana_call_create", "jarana_call_close", self.handle, entry.encode(), threads)
        specs, outputs = self._specs(entry)
        wanted = {spec.name: spec.dtype for spec in specs}
        alive = []
        for name, value in inputs.items():
            array = np.asarray(value)
            dtype = wanted.get(name, array.dtype.name)
            if array.dtype.kind in "iu" and dtype.lstrip("u").startswith("int"):
                array = _converted(name, array, dtype)
            elif array.dtype != _native.numpy_dtype(dtype):
                raise JaranaError(1, f"input '{name}' must be {dtype}, not {array.dtype.name}")
            tensor, kept = _native.to_struct(array, dtype)
            alive.append(kept)
            lib.jarana_call_set_input(call, name.encode(), byref(tensor))
        lib.jarana_call_run(call)
        results = {}
        for spec in outputs:
            tensor = TensorStruct()
            lib.jarana_call_output(call, spec.name.encode(), byref(tensor))
            results[spec.name] = _native.to_array(tensor)
        return results

    def _specs(self, entry: str) -> tuple[list[TensorSpec], list[TensorSpec]]:
        lib = library()
        counts = c_size_t(), c_size_t()
        lib.jarana_bundle_signature(self.handle, entry.encode(), byref(counts[0]), byref(counts[1]))
        result = []
        for function, count in zip((lib.jarana_bundle_input, lib.jarana_bundle_output), counts):
            specs = []
            for index in range(count.value):
                raw = TensorSpecStruct()
                function(self.handle, entry.encode(), index, byref(raw))
                shape = tuple(
                    raw.symbols[d].decode() if raw.symbols[d] is not None else raw.shape[d] for d in range(raw.rank)
                )
                specs.append(TensorSpec(raw.name.decode(), _native.dtype_name(raw.dtype), shape))
            result.append(specs)
        return result[0], result[1]


def _converted(name: str, array: np.ndarray, dtype: str) -> np.ndarray:
    converted = array.astype(dtype)
    if not np.array_equal(converted, array):
        raise JaranaError(1, f"input '{name}' has values that {dtype} cannot hold")
    return converted
