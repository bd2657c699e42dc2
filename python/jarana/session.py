"""Sessions: generating tokens, and keeping states."""

import ctypes
import os
from collections.abc import Iterator
from ctypes import byref, c_int64, c_uint64

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._native import JaranaError, SamplingStruct, SessionOptionsStruct, TensorStruct, library
from .bundle import Bundle


class Snapshot:
    """A copy of a session's state, to go back to."""

    def __init__(self, handle: _native.Handle):
        self.handle = handle

    @property
    def position(self) -> int:
        return library().jarana_snapshot_position(self.handle)


class Session:
    """A batch of sequences that advance together, from position 0 and states of zeros. One thread at a time.

    threads: 0 for all processors that the process may use. pin: each thread but the calling one stays on a processor of its
    own, where nothing else uses these. context: positions to allocate key/value caches for at once; they grow when needed.
    """

    def __init__(self, bundle: Bundle, *, batch: int = 1, threads: int = 0, pin: bool = False, context: int = 0):
        if not 0 <= threads <= 4096:
            raise JaranaError(1, f"threads is {threads}, not a number from 0 to 4096")
        options = SessionOptionsStruct(batch, threads | (_native.PIN_THREADS if pin else 0), context)
        self.handle = _native.make("jarana_session_create", "jarana_session_close", bundle.handle, byref(options))

    @property
    def batch(self) -> int:
        return library().jarana_session_batch(self.handle)

    @property
    def position(self) -> int:
        """The number of tokens that each sequence has seen."""
        return library().jarana_session_position(self.handle)

    def prefill(self, ids: ArrayLike) -> None:
        """Appends tokens: [batch, count], or [count] where the batch is 1. Continues from whatever came before."""
        array = np.asarray(ids)
        if array.size and array.dtype.kind not in "iu":
            raise JaranaError(1, f"token ids must be integers, not {array.dtype.name}")
        array = np.ascontiguousarray(array, dtype=np.int64)
        if array.ndim == 1 and self.batch == 1:
            array = array[None]
        if array.ndim != 2 or array.shape[0] != self.batch:
            raise JaranaError(1, f"token ids must have the shape [{self.batch}, count], not {list(array.shape)}")
        library().jarana_session_prefill(self.handle, array.ctypes.data_as(ctypes.POINTER(c_int64)), array.shape[1])

    def decode(self, ids: ArrayLike) -> None:
        """Appends one token per sequence: [batch], or a number where the batch is 1."""
        self.prefill(np.asarray(ids).reshape(-1, 1))

    def logits(self) -> np.ndarray:
        """Those of the last prefill or decode, as the model gives them: [batch, positions, vocabulary]."""
        tensor = TensorStruct()
        library().jarana_session_logits(self.handle, byref(tensor))
        return _native.to_array(tensor)

    def sample(self, *, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0) -> np.ndarray:
        """The next token of each sequence, [batch]; does not append it. temperature 0: the most probable one."""
        ids = np.empty(self.batch, np.int64)
        options = SamplingStruct(temperature, top_p, seed)
        library().jarana_session_sample(self.handle, byref(options), ids.ctypes.data_as(ctypes.POINTER(c_int64)))
        return ids

    def generate(
        self, count: int, *, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0, stop: set[int] | None = None
    ) -> Iterator[int]:
        """Yields up to `count` tokens as they come, ending before a token of `stop`; each is appended. Batch 1 only."""
        if self.batch != 1:
            raise JaranaError(1, "generate needs a batch of 1; use sample and decode")
        for _ in range(count):
            token = int(self.sample(temperature=temperature, top_p=top_p, seed=seed)[0])
            if stop and token in stop:
                return
            yield token
            self.decode(token)

    def reset(self) -> None:
        library().jarana_session_reset(self.handle)

    def pad(self, padding: ArrayLike) -> None:
        """Says how many of the first tokens of each sequence are padding: [batch]. Only before the first tokens."""
        counts = np.ascontiguousarray(padding, dtype=np.uint64)
        if counts.shape != (self.batch,):
            raise JaranaError(1, f"padding must have the shape [{self.batch}], not {list(counts.shape)}")
        library().jarana_session_pad(self.handle, counts.ctypes.data_as(ctypes.POINTER(c_uint64)))

    def save(self, path: str | os.PathLike | None = None) -> bytes | None:
        """The state as a safetensors file: at `path`, or returned."""
        if path is not None:
            library().jarana_session_save_file(self.handle, os.fsencode(path))
            return None
        size = c_uint64()
        library().jarana_session_state_bytes(self.handle, byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        library().jarana_session_save(self.handle, buffer, size, byref(size))
        return buffer.raw[: size.value]

    def load(self, state: bytes | str | os.PathLike) -> None:
        """Continues from a saved state."""
        if isinstance(state, (bytes, bytearray, memoryview)):
            library().jarana_session_load(self.handle, bytes(state), len(state))
        else:
            library().jarana_session_load_file(self.handle, os.fsencode(state))

    def fork(self) -> "Session":
        """An independent session with a copy of the state and the logits."""
        copy = Session.__new__(Session)
        copy.handle = _native.make("jarana_session_fork", "jarana_session_close", self.handle)
        return copy

    def snapshot(self) -> Snapshot:
        return Snapshot(_native.make("jarana_session_snapshot", "jarana_snapshot_close", self.handle))

    def rollback(self, snapshot: Snapshot) -> None:
        library().jarana_session_rollback(self.handle, snapshot.handle)
