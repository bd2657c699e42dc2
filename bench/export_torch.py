#!/usr/bin/env python3
"""Exports a Bamba with random weights by tracing it with PyTorch: `export_torch.py mini OUT.onnx`.

The sizes are those of make_model.py's configurations; its form `traced` writes nearly this graph without PyTorch. What a real export
has beside that: each layer's decays and skips are its own, and nodes and values lie as the exporter left them. Needs torch,
transformers and onnxscript, which nothing else here does: install them into a virtual environment of their own.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is downloaded

import torch
from make_model import config_of
from transformers import BambaConfig, BambaForCausalLM


def model_of(c, seed):
    """The model with the weights that training starts from, but with what starts the same in every layer drawn."""
    torch.manual_seed(seed)
    config = BambaConfig(
        hidden_size=c.hidden,
        intermediate_size=c.intermediate,
        num_hidden_layers=c.layers,
        attn_layer_indices=list(c.attention_layers),
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_heads,
        vocab_size=c.vocabulary,
        max_position_embeddings=c.positions,
        rms_norm_eps=c.epsilon,
        rope_theta=c.theta,
        mamba_n_heads=c.mamba_heads,
        mamba_d_head=c.mamba_head_dim,
        mamba_expand=c.inner // c.hidden,
        mamba_n_groups=c.groups,
        mamba_d_state=c.state,
        mamba_d_conv=c.conv,
        mamba_chunk_size=c.chunk,
        tie_word_embeddings=False,
    )
    if config.hidden_size // config.num_attention_heads != c.head_dim:
        raise SystemExit("Bamba's heads of attention share its hidden size: head_dim must be hidden / heads")
    if config.mamba_expand * c.hidden != c.inner:
        raise SystemExit(
            "Bamba's heads of Mamba share a multiple of its hidden size: mamba_heads * mamba_head_dim must be one"
        )
    model = BambaForCausalLM(config).eval()
    with torch.no_grad():
        for layer in model.model.layers:
            if mixer := getattr(layer, "mamba", None):
                mixer.A_log.copy_(torch.empty(c.mamba_heads).uniform_(1, 16).log())
                mixer.D.normal_(1, 0.2)
                mixer.dt_bias.normal_(-3, 1)
    return model


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask=None):
        return self.model(input_ids, attention_mask=attention_mask, use_cache=False).logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "config", type=config_of, metavar="CONFIG", help="as make_model.py takes it: mini, tiny,layers=2, ..."
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--mask", action="store_true", help="with an attention mask as second input")
    parser.add_argument(
        "--length",
        type=int,
        help="fix the length and a batch of 1, as some runtimes want it; what sizes give is then constant",
    )
    parser.add_argument("--seed", default=0, type=int)
    options = parser.parse_args()
    c = options.config
    names = ["input_ids", "attention_mask"] if options.mask else ["input_ids"]
    several = 2 * c.chunk + c.chunk // 3  # chunks and a rest, so that no number of them is fixed
    ids = torch.randint(c.vocabulary, (1, options.length) if options.length else (2, several))
    dims = {0: torch.export.Dim("batch"), 1: torch.export.Dim("seq")}
    program = torch.onnx.export(
        Logits(model_of(c, options.seed)).eval(),
        (ids, torch.ones_like(ids))[: len(names)],
        dynamo=True,
        input_names=names,
        output_names=["logits"],
        dynamic_shapes=None if options.length else dict.fromkeys(names, dims),
    )
    program.save(options.path, external_data=True)


if __name__ == "__main__":
    main()
