// Enumerations of the hybrid dialect, and their attributes.
#ifndef JARANA_HYBRID_ENUMS_TD
#define JARANA_HYBRID_ENUMS_TD

include "dialects/hybrid/HybridDialect.td"
include "mlir/IR/EnumAttr.td"

class Hybrid_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::hybrid";
  let genSpecializedAttr = 0;
}

class Hybrid_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<Hybrid_Dialect, info, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Hybrid_Activation : Hybrid_Enum<"Activation", "function applied to the result", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Silu", 1, "silu">]>;
def Hybrid_ActivationAttr : Hybrid_EnumAttr<Hybrid_Activation, "activation">;

def Hybrid_AttentionMask : Hybrid_Enum<"AttentionMask", "which keys a query sees", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Causal", 1, "causal">]>;
def Hybrid_AttentionMaskAttr : Hybrid_EnumAttr<Hybrid_AttentionMask, "mask">;

def Hybrid_RotaryMode : Hybrid_Enum<"RotaryMode", "which dimensions make a pair", [
  I32EnumAttrCase<"Half", 0, "half">,
  I32EnumAttrCase<"Interleaved", 1, "interleaved">]>;
def Hybrid_RotaryModeAttr : Hybrid_EnumAttr<Hybrid_RotaryMode, "rotary_mode">;

def Hybrid_GatePosition : Hybrid_Enum<"GatePosition", "where the gate is applied", [
  I32EnumAttrCase<"Before", 0, "before">,
  I32EnumAttrCase<"After", 1, "after">]>;
def Hybrid_GatePositionAttr : Hybrid_EnumAttr<Hybrid_GatePosition, "gate_position">;

def Hybrid_ScanView : Hybrid_Enum<"ScanView", "form in which a scan is computed", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Chunked", 1, "chunked">,
  I32EnumAttrCase<"Recurrent", 2, "recurrent">]>;

def Hybrid_Packing : Hybrid_Enum<"Packing", "layout of a derived weight", [
  I32EnumAttrCase<"Panels", 0, "panels">,
  I32EnumAttrCase<"PanelsTransposed", 1, "panels_transposed">]>;

def Hybrid_Repacking : Hybrid_Enum<"Repacking", "what is made of a stored weight", [
  I32EnumAttrCase<"Widened", 0, "widened">,
  I32EnumAttrCase<"Codes", 1, "codes">,
  I32EnumAttrCase<"CodesTransposed", 2, "codes_transposed">,
  I32EnumAttrCase<"Transposed", 3, "transposed">]>;

#endif // JARANA_HYBRID_ENUMS_TD
