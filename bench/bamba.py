"""Bamba's sizes, and a writer of ONNX graphs with random weights: what the forms of make_model.py share."""

import dataclasses
import math
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclasses.dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    attention_layers: tuple
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    mamba_heads: int
    mamba_head_dim: int
    state: int
    vocabulary: int
    groups: int = 1
    conv: int = 4
    positions: int = 4096
    chunk: int = 256
    epsilon: float = 1e-5
    theta: float = 10000.0

    @property
    def inner(self):
        return self.mamba_heads * self.mamba_head_dim

    @property
    def conv_channels(self):
        return self.inner + 2 * self.groups * self.state

    @property
    def rotary(self):
        return self.head_dim // 2


CONFIGS = {
    "mini": Config(1024, 8, (3,), 3584, 8, 2, 128, 32, 64, 128, 32000),
    "tiny": Config(256, 4, (2,), 768, 4, 2, 64, 8, 64, 64, 512, chunk=64),
    # For tests: sizes that all differ, so that no two dimensions can be mistaken for each other.
    "odd": Config(40, 3, (1,), 56, 6, 3, 12, 10, 7, 9, 96, groups=2, chunk=8, conv=3),
    # Bamba-9B's shape, for tests of memory and time: 20 GB in f32 with 16 layers of it.
    "bamba-9b": Config(4096, 32, (9, 18, 27), 14336, 32, 8, 128, 128, 64, 128, 128256),
}


class Writer:
    """Collects nodes and initializers; weights are streamed to the data file."""

    def __init__(self, path, seed, zeros=False):
        self.seed, self.zeros = seed, zeros
        self.data = open(f"{path}.data", "wb")
        self.location = Path(f"{path}.data").name
        self.nodes, self.initializers, self.constants = [], [], {}

    def weight(self, name, array):
        raw = np.ascontiguousarray(array, dtype=np.float32)
        self.data.write(b"\0" * (-self.data.tell() % 64))
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=raw.shape, data_location=TensorProto.EXTERNAL)
        entries = {"location": self.location, "offset": self.data.tell(), "length": raw.nbytes}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        if self.zeros:  # a hole in the file
            self.data.truncate(self.data.tell() + raw.nbytes)
            self.data.seek(0, 2)
        else:
            raw.tofile(self.data)
        self.initializers.append(tensor)
        return name

    def random(self, name):
        """A generator for one tensor: its values do not depend on the form of the graph, nor on what else is in it."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def normal(self, name, *shape, scale=None):
        if self.zeros:
            return self.weight(name, np.zeros(shape, np.float32))
        scale = 1 / math.sqrt(shape[0]) if scale is None else scale
        return self.weight(name, self.random(name).standard_normal(shape, dtype=np.float32) * np.float32(scale))

    def steps(self, name, heads):
        """A bias of dt whose softplus is spread as Mamba2's initialisation spreads it."""
        steps = np.exp(self.random(name).uniform(math.log(1e-3), math.log(1e-1), heads))
        return self.weight(name, steps + np.log(-np.expm1(-steps)))

    def decays(self, name, heads):
        """A_log of decays from 1 to 16."""
        return self.weight(name, np.log(self.random(name).uniform(1, 16, heads)))

    def constant(self, value, dtype=np.int64):
        array = np.asarray(value, dtype)
        shown = array.tolist() if array.size <= 8 else zlib.crc32(array.tobytes())
        key = f"const_{array.dtype}_{list(array.shape)}_{shown}"
        if key not in self.constants:
            self.constants[key] = key
            self.initializers.append(numpy_helper.from_array(array, key))
        return key

    def save(self, path, inputs, outputs, opsets):
        self.data.close()
        graph = helper.make_graph(
            self.nodes,
            "bamba",
            [helper.make_tensor_value_info(*i) for i in inputs],
            [helper.make_tensor_value_info(*o) for o in outputs],
            self.initializers,
        )
        imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
        onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=11), path)

    def node(self, op, inputs, output, domain="", **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{outputs[0]}/{op}", domain=domain, **attributes))
        return outputs[0]
