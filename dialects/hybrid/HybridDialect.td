// The hybrid dialect: selective scans, attention and what surrounds them.
#ifndef JARANA_HYBRID_DIALECT_TD
#define JARANA_HYBRID_DIALECT_TD

include "mlir/IR/OpBase.td"

def Hybrid_Dialect : Dialect {
  let name = "hybrid";
  // Nested in ::mlir because upstream's AggregatedOpInterface names its types
  // without qualification.
  let cppNamespace = "::mlir::hybrid";
  let summary = "State-space scans, attention, and the weights of a model";
  let description = [{
    The ops that a hybrid SSM and attention language model is made of, in
    destination-passing style: what an op carries from one position to the next
    (the state of a scan, the window of a convolution, a cache of keys) is an
    *init* that is read and written, so that bufferization updates it in place.

    Shape letters: `b` batch, `l` sequence, `g` groups, `r` heads per group,
    `p` head dimension, `n` state dimension, `k` convolution width; in
    attention `h` key/value heads, `r` query heads per key/value head, `m`
    queries, `s` keys, `d` and `e` the head dimensions of keys and of values.

    All compute ops take ranked tensors or memrefs, never a mixture. On tensors
    there is one result per init, of the init's type; on memrefs there is none.
    A dimension of size 1 is broadcast only where the op's description says so,
    and only where the type says that it is 1.
  }];
  let dependentDialects = [
    "affine::AffineDialect", "arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
    "memref::MemRefDialect", "scf::SCFDialect", "tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
}

#endif // JARANA_HYBRID_DIALECT_TD
