#!/usr/bin/env python3
"""Writes a Bamba with random weights, without PyTorch: `make_model.py mini OUT.onnx [--form=traced]`.

Forms: `mobius`, the graph of mobius-onnx (named operators, states as inputs and outputs), and `traced`, what tracing the
Hugging Face model gives (a chunked scan taken apart, no state), in its `einsum` and its `reduce` generation. The weights of a
configuration are the same in all forms. They go to OUT.onnx.data, so that the model may be larger than a protobuf.
"""

import argparse
import dataclasses
from pathlib import Path

import mobius_form
import traced_form
from bamba import CONFIGS, Config

FORMS = {
    "mobius": mobius_form.build,
    "traced": traced_form.build,
    "traced-reduce": lambda *a, **k: traced_form.build(*a, generation="reduce", **k),
}


def config_of(text):
    """A named configuration, with changes: `tiny`, `mini,layers=2`, `tiny,groups=2,chunk=24`."""
    name, *changes = text.split(",")
    if name not in CONFIGS:
        raise argparse.ArgumentTypeError(f"no configuration {name!r}; there are {', '.join(CONFIGS)}")
    fields = {f.name for f in dataclasses.fields(Config)} - {"attention_layers"}
    values = {}
    for change in changes:
        key, _, value = change.partition("=")
        if key not in fields or not value.lstrip("-").isdigit():
            raise argparse.ArgumentTypeError(f"{change!r} is not FIELD=NUMBER; fields: {', '.join(sorted(fields))}")
        values[key] = int(value)
    return dataclasses.replace(CONFIGS[name], **values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=config_of, metavar="CONFIG", help="|".join(CONFIGS) + "[,FIELD=NUMBER...]")
    parser.add_argument("path", type=Path)
    parser.add_argument("--form", choices=FORMS, default="mobius")
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--zeros", action="store_true", help="a sparse file of zeros for weights: for time and memory")
    options = parser.parse_args()
    FORMS[options.form](options.config, options.path, options.seed, zeros=options.zeros)


if __name__ == "__main__":
    main()
