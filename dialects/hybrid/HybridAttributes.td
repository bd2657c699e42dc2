// Attributes of the hybrid dialect: where a weight is, how a group is compiled.
#ifndef JARANA_HYBRID_ATTRIBUTES_TD
#define JARANA_HYBRID_ATTRIBUTES_TD

include "dialects/hybrid/HybridEnums.td"
include "mlir/IR/AttrTypeBase.td"

class Hybrid_Attr<string name, string attrMnemonic> : AttrDef<Hybrid_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Hybrid_FileRangeAttr : Hybrid_Attr<"FileRange", "file_range"> {
  let summary = "a range of bytes of a file of the model";
  let description = [{
    `#hybrid.file_range<"model.onnx.data", 4096, 512>` is the 512 bytes from
    byte 4096 of a file, little-endian and row-major. The path is relative to
    the folder that the module's `hybrid.model_dir` names.

    1. (`file_range_c1`) the offset and the number of bytes are not negative,
       and neither is their sum (it does not overflow).
    2. (`file_range_c2`) the file has a name.
  }];
  let parameters = (ins StringRefParameter<"path of the file">:$file,
                        "int64_t":$offset, "int64_t":$bytes);
  let assemblyFormat = "`<` $file `,` $offset `,` $bytes `>`";
  let genVerifyDecl = 1;
}

def Hybrid_RepackedAttr : Hybrid_Attr<"Repacked", "repacked"> {
  let summary = "a weight whose file has it in another form";
  let description = [{
    `#hybrid.repacked<<"model.onnx", 4096, 1280>, tensor<64x40xui4>, widened, 1>`
    is made from the tensor `tensor<64x40xui4>` in that range of a file when the
    bundle is written:

    | packing | what is stored | the weight |
    |---|---|---|
    | `widened` | 2 or 4-bit integers, floats of 4 or 8 bits | the same values in i8, f16 (f32 for f8E8M0FNU) |
    | `codes` | integers of 4 or 8 bits, `[k, n]` | `[n, ceil(k / block), block * bits / 8]`, the codes of `hybrid.quantized_matmul` |
    | `codes_transposed` | the same, `[n, k]` | the same |
    | `transposed` | `[k, n]`, of whole bytes | `[n, k]` |

    Codes have no sign: those that are stored with one are moved up by
    `2^(bits - 1)`.

    1. (`repacked_c1`) the block is positive.
    2. (`repacked_c2`) the range has as many bytes as the stored tensor.
  }];
  let parameters = (ins "FileRangeAttr":$range, TypeParameter<"::mlir::RankedTensorType", "what the file has">:$stored,
                        EnumParameter<Hybrid_Repacking>:$packing, "int64_t":$block);
  let assemblyFormat = "`<` $range `,` $stored `,` $packing `,` $block `>`";
  let genVerifyDecl = 1;
}

def Hybrid_DerivedAttr : Hybrid_Attr<"Derived", "derived"> {
  let summary = "a weight made from another one when the bundle is written";
  let description = [{
    `#hybrid.derived<@source, panels, 16>` packs a matrix `[k, n]` into panels
    `[ceil(n/16), k, 16]`: panel `q` holds columns `16q` to `16q + 15`, row by
    row, with zeros for the columns beyond `n`. `panels_transposed` is the same
    for a source that is stored as `[n, k]`.

    1. (`derived_c1`) the panel width is positive.
  }];
  let parameters = (ins "FlatSymbolRefAttr":$source,
                        EnumParameter<Hybrid_Packing>:$packing, "int64_t":$nr);
  let assemblyFormat = "`<` $source `,` $packing `,` $nr `>`";
  let genVerifyDecl = 1;
}

def Hybrid_StrategyAttr : Hybrid_Attr<"Strategy", "strategy"> {
  let summary = "how a group is compiled";
  let description = [{
    `#hybrid.strategy<view = chunked, chunk = 64, tiles = [1, 64, 1, 8]>`: the
    view of the scans of the group, the positions per chunk (0: not said), and
    the tile size of each loop of the group's root op (0: not tiled).

    1. (`strategy_c1`) the chunk is not negative, and is given only for the
       chunked view.
    2. (`strategy_c2`) no tile size is negative.
  }];
  let parameters = (ins EnumParameter<Hybrid_ScanView>:$view,
                        DefaultValuedParameter<"int64_t", "0">:$chunk,
                        OptionalArrayRefParameter<"int64_t">:$tiles);
  let assemblyFormat = "`<` struct($view, $chunk, custom<Tiles>($tiles)) `>`";
  let genVerifyDecl = 1;
}

#endif // JARANA_HYBRID_ATTRIBUTES_TD
