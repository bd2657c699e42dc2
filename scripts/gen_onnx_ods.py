"""Makes the operations of the onnx dialect, and the importer's operator table, from the schemas of the onnx package.

gen_onnx_ods.py ods OPERATORS.txt OUT.td      one operation per operator, in its newest version
gen_onnx_ods.py table OPERATORS.txt OUT.inc   every version that an opset from 7 on can mean: arity, attributes
"""

import argparse
import re
import sys
from pathlib import Path

import onnx
import onnx.defs as defs

OLDEST_OPSET = 7
# Attributes whose default changed, which the importer knows (lib/onnx/Older.cpp).
CHANGED_DEFAULTS = {("Hardmax", "axis"), ("LogSoftmax", "axis"), ("Softmax", "axis")}
ELEMENTS = {
    "float16": "F16", "bfloat16": "BF16", "float": "F32", "double": "F64", "bool": "I1",
    "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "uint8": "UI8", "uint16": "UI16", "uint32": "UI32", "uint64": "UI64",
}  # fmt: skip
# Attributes that hold the number of an element type.
TYPE_ATTRIBUTES = {"to", "dtype", "output_dtype", "precision", "softmax_precision"}
KINDS = {
    "INT": ("i", "I64Attr"),
    "FLOAT": ("f", "F32Attr"),
    "STRING": ("s", "StrAttr"),
    "TENSOR": ("t", "ElementsAttr"),
    "GRAPH": ("g", None),
    "INTS": ("I", "DenseI64ArrayAttr"),
    "FLOATS": ("F", "DenseF32ArrayAttr"),
    "STRINGS": ("S", "StrArrayAttr"),
    "SPARSE_TENSOR": ("x", None),
}


def read_operators(path: Path) -> dict[str, str]:
    """Operator name to its mark: "", "fold", "hand" or "importer"."""
    operators = {}
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            operators[words[0]] = words[1] if len(words) > 1 else ""
    return operators


def versions(name: str) -> list[defs.OpSchema]:
    """Those that an opset from OLDEST_OPSET on can mean, oldest first."""
    all_of_it = sorted(
        (s for s in defs.get_all_schemas_with_history() if s.domain == "" and s.name == name),
        key=lambda s: s.since_version,
    )
    # Until a version that only says that the operator is no more; one that a later version replaced is of its opsets.
    while all_of_it and all_of_it[-1].deprecated:
        all_of_it.pop()
    if not all_of_it:
        sys.exit(f"{name} is not an operator of onnx {onnx.__version__}")
    old = [s for s in all_of_it if s.since_version <= OLDEST_OPSET][-1:]
    return old + [s for s in all_of_it if s.since_version > OLDEST_OPSET]


def option(parameter) -> str:
    return {"Single": "s", "Optional": "?", "Variadic": "*"}[parameter.option.name]


def default_of(attribute):
    """The default of an attribute, or None."""
    proto = attribute.default_value
    if proto.type == onnx.AttributeProto.UNDEFINED:
        return None
    return onnx.helper.get_attribute_value(proto)


def element_types(schema: defs.OpSchema, type_str: str) -> list[str]:
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}.get(type_str, [type_str])
    found = {m.group(1) for text in allowed if (m := re.fullmatch(r"tensor\((\w+)\)", text))}
    return [ods for name, ods in ELEMENTS.items() if name in found]


def type_variables(schema: defs.OpSchema) -> str:
    """One letter per operand and result, "aa*:a": equal letters are equal element types, '.' is free, '*' repeats."""
    letters: dict[str, str] = {}
    variables = {c.type_param_str for c in schema.type_constraints}

    def spell(parameter) -> str:
        repeat = "*" if parameter.option.name == "Variadic" else ""
        if parameter.type_str not in variables or (repeat and not parameter.is_homogeneous):
            return "." + repeat
        return letters.setdefault(parameter.type_str, chr(ord("a") + len(letters))) + repeat

    return "".join(map(spell, schema.inputs)) + ":" + "".join(map(spell, schema.outputs))


class Ods:
    def __init__(self) -> None:
        self.constraints: dict[tuple[str, ...], str] = {}

    def tensor(self, elements: list[str]) -> str:
        return self.constraints.setdefault(tuple(elements), f"Onnx_Tensor{len(self.constraints)}")

    def attribute(self, attribute) -> str:
        name, kind = attribute.name, attribute.type.name
        ods = "TypeAttr" if name in TYPE_ATTRIBUTES else KINDS[kind][1]
        default = default_of(attribute)
        if attribute.required:
            return f"{ods}:${name}"
        if default is None or ods == "TypeAttr":
            return f"OptionalAttr<{ods}>:${name}"
        if kind == "STRING":
            return f'DefaultValuedStrAttr<StrAttr, "{default.decode()}">:${name}'
        if kind == "FLOAT":
            # The shortest spelling that is this f32: 1e-05, not 9.999999747378752e-06.
            text = onnx.numpy_helper.np.format_float_scientific(onnx.numpy_helper.np.float32(default), trim="0")
            return f'DefaultValuedAttr<{ods}, "{text}f">:${name}'
        return f'DefaultValuedAttr<{ods}, "{default}">:${name}'

    def operation(self, schema: defs.OpSchema, folds: bool) -> str:
        operands, results = [], []
        for parameter in schema.inputs:
            tensor = self.tensor(element_types(schema, parameter.type_str))
            wrapped = {"s": tensor, "?": f"OnnxOptional<{tensor}>", "*": f"Variadic<{tensor}>"}[option(parameter)]
            operands.append(f"{wrapped}:${parameter.name}")
        taken = {parameter.name for parameter in schema.inputs}
        optional = sum(option(parameter) == "?" for parameter in schema.outputs)
        for parameter in schema.outputs:
            tensor = self.tensor(element_types(schema, parameter.type_str))
            name = parameter.name + "_result" if parameter.name in taken else parameter.name
            kind = option(parameter)
            if kind == "?" and optional > 1:
                # Several results that may be absent at the end: ODS can name only one such group.
                results.append("Variadic<AnyRankedTensor>:$optional_results")
                break
            results.append({"s": tensor, "?": f"Optional<{tensor}>", "*": f"Variadic<{tensor}>"}[kind] + f":${name}")
        arguments = operands + [self.attribute(a) for _, a in sorted(schema.attributes.items())]
        doc = re.sub(r"\s+", " ", schema.doc.strip()).replace('"', "'")
        first = re.split(r"(?<=[.:]) ", doc)[0].rstrip(":").rstrip(".")
        summary = first if len(first) <= 100 else f"the operator {schema.name}"
        body = schema.doc.strip().replace("}]", "} ]")
        limits = f"{schema.min_output}, {min(schema.max_output, 2**31 - 1)}"
        return (
            f'def Onnx_{schema.name}Op : OnnxOperator<"{schema.name}"> {{\n'
            f'  let summary = "{summary}";\n'
            f"  let description = [{{\nai.onnx {schema.name}, version {schema.since_version}.\n\n{body}\n  }}];\n"
            f"  let arguments = (ins {', '.join(arguments)});\n"
            f"  let results = (outs {', '.join(results)});\n"
            f'  let typeVariables = "{type_variables(schema)}";\n'
            f'  let resultLimits = "{limits}";\n' + ("  let hasFolder = 1;\n" if folds else "") + "}\n"
        )


def make_ods(operators: dict[str, str]) -> str:
    ods = Ods()
    bodies = [
        ods.operation(versions(name)[-1], mark == "fold") for name, mark in operators.items() if mark in ("", "fold")
    ]
    constraints = [
        f"def {name} : OnnxTensorOf<[{', '.join(elements)}]>;\n" for elements, name in ods.constraints.items()
    ]
    return (
        '// Made by scripts/gen_onnx_ods.py.\ninclude "dialects/onnx/OnnxDialect.td"\n\n'
        + "".join(constraints)
        + "\n"
        + "\n".join(bodies)
    )


def make_table(operators: dict[str, str]) -> str:
    rows = []
    for name in operators:
        known = versions(name)
        newest = known[-1]
        for schema in known:
            attributes = []
            for key, attribute in sorted(schema.attributes.items()):
                latest = newest.attributes.get(key)
                if (
                    latest is not None
                    and default_of(latest) != default_of(attribute)
                    and (name, key) not in CHANGED_DEFAULTS
                ):
                    sys.exit(
                        f"{name}: the default of {key} changed after version {schema.since_version}; the importer must know"
                    )
                attributes.append(f"{key}:{KINDS[attribute.type.name][0]}{'!' if attribute.required else ''}")
            inputs = "".join(map(option, schema.inputs))
            outputs = "".join(map(option, schema.outputs))
            rows.append(
                f'{{"", "{name}", {schema.since_version}, "{inputs}", {schema.min_input}, "{outputs}", '
                f'{schema.min_output}, "{" ".join(attributes)}"}},\n'
            )
    return "// Made by scripts/gen_onnx_ods.py.\n" + "".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["ods", "table"])
    parser.add_argument("operators", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    operators = read_operators(arguments.operators)
    text = make_ods(operators) if arguments.kind == "ods" else make_table(operators)
    # Left alone where it is the same, so that nothing is built again for it.
    if not arguments.output.exists() or arguments.output.read_text() != text:
        arguments.output.write_text(text)


if __name__ == "__main__":
    main()
