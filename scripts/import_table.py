#!/usr/bin/env python3
"""Writes the tables of docs/importing.md: operators with their opsets and element types, element types, roles of inputs.

The operators come from dialects/onnx/operators.txt and the schemas of the onnx package, and from the rows by hand of
lib/onnx/OperatorTable.cpp; the element types from lib/onnx/Tensor.cpp. `--check` says whether the file is up to date; its last line is
`N passed, N failed, N skipped`.
"""

import argparse
import re
import sys
from pathlib import Path

import gen_onnx_ods as ods

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "importing.md"
BEGIN = "<!-- made by scripts/import_table.py: begin -->\n"
END = "<!-- made by scripts/import_table.py: end -->\n"
SHORT = {
    "float16": "f16", "bfloat16": "bf16", "float": "f32", "double": "f64", "bool": "bool",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
}  # fmt: skip
GROUPS = [
    ("floats", {"f16", "bf16", "f32", "f64"}),
    ("integers", {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"}),
]
# What the importer's own handling leaves of an operator.
NOTES = {
    "BatchNormalization": "inference",
    "Constant": "no strings, no sparse values",
    "Dropout": "inference",
    "If": "no branch needs more of the inputs than the rest of the graph",
    "Loop": "a count that is known, or carried values of fixed shapes",
    "NonZero": "what is gathered there is scattered back",
    "QuantizeLinear": "to integers of 2 to 16 bits",
    "Scan": "not that of opset 8",
    "SequenceAt": "a constant position",
    "SplitToSequence": "constant sizes",
    "Upsample": "mode `nearest`, constant scales from 1",
}
ROLES = [
    ("token ids", "integers that rows of a table are gathered by, or `--ids`", "integers, [batch, length]"),
    ("mask", "its type and use, or `--mask`", "any type, [batch, past + length], [batch, places], or [batch, length]"),
    ("positions", "its type and use, or `--positions`", "integers, [batch, length], [length], or [n, batch, length]"),
    (
        "state",
        "an output of its type is computed from it, or `--state=IN:OUT`",
        "as its output, but for a size that grows",
    ),
    ("number", "one number, named as exporters do (`num_logits_to_keep`, `seqlens_k`, ...)", "integers or booleans"),
]


def spans(name):
    """The opsets that have the operator, from the oldest that is taken; each version that changed it begins a span."""
    schemas = ods.versions(name)
    starts = [max(schema.since_version, ods.OLDEST_OPSET) for schema in schemas]
    return f"{starts[0]}" + (f" (changed in {', '.join(map(str, starts[1:]))})" if starts[1:] else "")


def types(name):
    """The element types that the first input (or the output, where there is none) can have."""
    schema = ods.versions(name)[-1]
    parameter = (list(schema.inputs) or list(schema.outputs))[0]
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    texts = allowed.get(parameter.type_str, [parameter.type_str])
    found = {SHORT[m.group(1)] for text in texts if (m := re.search(r"tensor\((\w+)\)", text)) and m.group(1) in SHORT}
    words = []
    for group, members in GROUPS:
        if members <= found:
            words.append(group)
            found -= members
    order = list(SHORT.values())
    return ", ".join(words + sorted(found, key=order.index))


def rows_by_hand():
    """(domain, name) of the rows that are written in OperatorTable.cpp."""
    text = (ROOT / "lib" / "onnx" / "OperatorTable.cpp").read_text()
    return sorted(set(re.findall(r'^    \{"([\w.]*)", "(\w+)", \d+', text, re.M)))


def data_types():
    """Names of TensorProto.DataType that values have, and that only stored tensors have."""
    text = (ROOT / "lib" / "onnx" / "Tensor.cpp").read_text()
    functions = re.findall(r"^(?:static )?Type (\w+)\(MLIRContext.*?^}", text, re.M | re.S)
    bodies = re.split(r"^(?:static )?Type \w+\(MLIRContext", text, flags=re.M)[1:]
    cases = {
        name: re.findall(r"case pb::TensorProto::(\w+)", body.split("\n}\n")[0])
        for name, body in zip(functions, bodies, strict=True)
    }
    return cases["elementType"], cases["narrowType"]


def made():
    operators = ods.read_operators(ROOT / "dialects" / "onnx" / "operators.txt")
    values, stored = data_types()
    lines = ["### Operators of ai.onnx"]
    lines += [
        "From the opset that is named on (7 is the oldest that is taken), each in the meaning that the model's opset gives it; later",
        "versions changed it or its types. The types are those of the first input that its definition has and Jarana takes.",
        "",
        "| operator | from opset | element types | |",
        "|---|---|---|---|",
    ]
    for name in sorted(operators):
        lines.append(f"| {name} | {spans(name)} | {types(name)} | {NOTES.get(name, '')} |")
    others = {}
    for domain, name in rows_by_hand():
        others.setdefault(domain or "ai.onnx, without a schema of that version", []).append(name)
    lines += ["", "### Other operators"]
    for domain, names in sorted(others.items(), key=lambda entry: entry[0], reverse=True):
        lines.append(f"- {domain}: {', '.join(names)}.")
    lines += [
        "",
        "### Element types",
        f"- Of values: {', '.join(values)}.",
        f"- Of initializers only, whose values are in wider types (i8, u8, f16, f32) when they are read: {', '.join(stored)}.",
        "",
        "### Roles of inputs",
        "Of a model that a session can run token by token:",
        "",
        "| role | which input | type |",
        "|---|---|---|",
    ]
    lines += [f"| {' | '.join(role)} |" for role in ROLES]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--build", help="not read: every suite of scripts/check.py has it")
    options = parser.parse_args()
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{DOCUMENT} does not have the two comments that the tables go between")
    wanted = before + BEGIN + made() + END + after
    if not options.check:
        DOCUMENT.write_text(wanted)
        return 0
    if text != wanted:
        print("docs/importing.md is not what scripts/import_table.py makes; run it")
    print("1 passed, 0 failed, 0 skipped" if text == wanted else "0 passed, 1 failed, 0 skipped")
    return text != wanted


if __name__ == "__main__":
    sys.exit(main())
