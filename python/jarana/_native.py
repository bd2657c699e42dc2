"""The C interface by ctypes: the library, its structures and functions, errors as exceptions, dtypes as numpy's."""

import ctypes
import functools
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

import numpy as np

ABI_VERSION = 1
PIN_THREADS = 0x80000000  # JARANA_PIN_THREADS


class JaranaError(Exception):
    """What the runtime says went wrong; `status` is one of runtime.h's jarana_status."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class TensorSpecStruct(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("dtype", c_int),
        ("rank", c_size_t),
        ("shape", POINTER(c_int64)),
        ("symbols", POINTER(c_char_p)),
    ]


class TensorStruct(Structure):
    _fields_ = [("dtype", c_int), ("rank", c_size_t), ("shape", POINTER(c_int64)), ("data", c_void_p)]


class SessionOptionsStruct(Structure):
    _fields_ = [("batch", c_uint32), ("threads", c_uint32), ("context", c_uint64)]


class SamplingStruct(Structure):
    _fields_ = [("temperature", c_float), ("top_p", c_float), ("seed", c_uint64)]


# Functions that return a jarana_status, with the types of their arguments.
_CHECKED = {
    "jarana_bundle_open": [c_char_p, c_uint32, POINTER(c_void_p)],
    "jarana_bundle_signature": [c_void_p, c_char_p, POINTER(c_size_t), POINTER(c_size_t)],
    "jarana_bundle_input": [c_void_p, c_char_p, c_size_t, POINTER(TensorSpecStruct)],
    "jarana_bundle_output": [c_void_p, c_char_p, c_size_t, POINTER(TensorSpecStruct)],
    "jarana_call_create": [c_void_p, c_char_p, c_uint32, POINTER(c_void_p)],
    "jarana_call_set_input": [c_void_p, c_char_p, POINTER(TensorStruct)],
    "jarana_call_run": [c_void_p],
    "jarana_call_output": [c_void_p, c_char_p, POINTER(TensorStruct)],
    "jarana_session_create": [c_void_p, POINTER(SessionOptionsStruct), POINTER(c_void_p)],
    "jarana_session_prefill": [c_void_p, POINTER(c_int64), c_size_t],
    "jarana_session_logits": [c_void_p, POINTER(TensorStruct)],
    "jarana_session_sample": [c_void_p, POINTER(SamplingStruct), POINTER(c_int64)],
    "jarana_session_reset": [c_void_p],
    "jarana_session_pad": [c_void_p, POINTER(c_uint64)],
    "jarana_session_state_bytes": [c_void_p, POINTER(c_uint64)],
    "jarana_session_save": [c_void_p, c_void_p, c_uint64, POINTER(c_uint64)],
    "jarana_session_load": [c_void_p, c_void_p, c_uint64],
    "jarana_session_save_file": [c_void_p, c_char_p],
    "jarana_session_load_file": [c_void_p, c_char_p],
    "jarana_session_fork": [c_void_p, POINTER(c_void_p)],
    "jarana_session_snapshot": [c_void_p, POINTER(c_void_p)],
    "jarana_session_rollback": [c_void_p, c_void_p],
}

# The others: (result, arguments).
_PLAIN = {
    "jarana_abi_version": (c_uint32, []),
    "jarana_version": (c_char_p, []),
    "jarana_last_error": (c_char_p, []),
    "jarana_dtype_name": (c_char_p, [c_int]),
    "jarana_bundle_close": (None, [c_void_p]),
    "jarana_bundle_manifest": (c_char_p, [c_void_p]),
    "jarana_bundle_weight_bytes": (c_uint64, [c_void_p]),
    "jarana_bundle_entry_count": (c_size_t, [c_void_p]),
    "jarana_bundle_entry_name": (c_char_p, [c_void_p, c_size_t]),
    "jarana_bundle_has_state": (c_int, [c_void_p]),
    "jarana_call_close": (None, [c_void_p]),
    "jarana_session_close": (None, [c_void_p]),
    "jarana_session_batch": (c_uint32, [c_void_p]),
    "jarana_session_position": (c_uint64, [c_void_p]),
    "jarana_snapshot_position": (c_uint64, [c_void_p]),
    "jarana_snapshot_close": (None, [c_void_p]),
}


def _library_path() -> Path:
    named = os.environ.get("JARANA_RUNTIME")
    if named:
        return Path(named)
    found = Path(__file__).resolve().parent.parent.parent / "build" / "lib" / "libjarana_runtime.so"
    if not found.exists():
        raise ImportError(f"{found} does not exist: build the project, or name the library in JARANA_RUNTIME")
    return found


def _raise_on_error(status, function, arguments):
    if status != 0:
        raise JaranaError(status, library().jarana_last_error().decode(errors="replace"))
    return status


@functools.cache
def library() -> ctypes.CDLL:
    """The runtime, loaded when it is first needed."""
    path = _library_path()
    loaded = ctypes.CDLL(str(path))
    for name, arguments in _CHECKED.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes, function.errcheck = c_int, arguments, _raise_on_error
    for name, (result, arguments) in _PLAIN.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    if loaded.jarana_abi_version() != ABI_VERSION:
        raise ImportError(
            f"{path} has interface version {loaded.jarana_abi_version()}, this package needs {ABI_VERSION}"
        )
    return loaded


def version() -> str:
    return library().jarana_version().decode()


def dtype_name(code: int) -> str:
    return library().jarana_dtype_name(code).decode()


@functools.cache
def dtype_codes() -> dict[str, int]:
    names = {}
    while (name := library().jarana_dtype_name(len(names))) is not None:
        names[name.decode()] = len(names)
    return names


def numpy_dtype(name: str) -> np.dtype:
    """numpy has no bfloat16 of its own: ml_dtypes' where that is installed, otherwise its bits."""
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        return np.dtype(np.uint16)
    return np.dtype(ml_dtypes.bfloat16)


def to_struct(array: np.ndarray, dtype: str) -> tuple[TensorStruct, object]:
    """A tensor of `array`, and what must stay alive while it is used."""
    array = np.ascontiguousarray(array)
    shape = (c_int64 * array.ndim)(*array.shape)
    return TensorStruct(dtype_codes()[dtype], array.ndim, shape, array.ctypes.data), (array, shape)


def to_array(tensor: TensorStruct) -> np.ndarray:
    """A copy of the tensor."""
    shape = tuple(tensor.shape[i] for i in range(tensor.rank))
    dtype = numpy_dtype(dtype_name(tensor.dtype))
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return np.frombuffer(ctypes.string_at(tensor.data, size), dtype).reshape(shape).copy()


class Handle:
    """A C object that is closed when nothing refers to it."""

    def __init__(self, pointer: c_void_p, close: str):
        self._as_parameter_ = pointer
        self._close = getattr(library(), close)

    def __del__(self):
        if getattr(self, "_as_parameter_", None):
            self._close(self._as_parameter_)
            self._as_parameter_ = None


def make(function: str, close: str, *arguments) -> Handle:
    pointer = c_void_p()
    getattr(library(), function)(*arguments, byref(pointer))
    return Handle(pointer, close)


__all__ = [
    "Handle",
    "JaranaError",
    "SamplingStruct",
    "SessionOptionsStruct",
    "TensorSpecStruct",
    "TensorStruct",
    "dtype_codes",
    "dtype_name",
    "library",
    "make",
    "numpy_dtype",
    "to_array",
    "to_struct",
    "version",
]
