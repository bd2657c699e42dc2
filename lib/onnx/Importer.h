// Internal to lib/onnx: what is shared while one model is imported.
#pragma once

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "dialects/onnx/ShapeInference.h"
#include "jarana/error.h"
#include "lib/onnx/Import.h"
#include "lib/onnx/ModelFile.h"
#include "lib/onnx/OperatorTable.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace jarana::onnx {

namespace pb = ::onnx;

/// Thrown where a diagnostic has already been emitted.
struct Diagnosed {};

/// The opsets and the attributes that the nodes of the model's graph, or of one
/// call of a model-local function, see.
struct Frame {
  llvm::StringMap<int64_t> opsets;
  /// What ref_attr_name refers to: the call's attributes and the function's
  /// defaults.
  llvm::StringMap<const pb::AttributeProto *> attributes;
  int depth = 0; ///< functions that this one is called through
};

/// The pieces of a SplitToSequence, or how to cut them.
struct Sequence {
  std::vector<mlir::Value> pieces;
  mlir::Value whole; ///< where `pieces` is empty: cut into pieces of `step`
                     ///< along `axis`
  int64_t axis = 0, step = 1;
  bool keepDims = true;
};

/// The values that the nodes of one graph or function body can name.
struct Scope {
  Scope *outer = nullptr; ///< the graph around a subgraph
  Frame *frame = nullptr;
  llvm::StringMap<mlir::Value>
      values; ///< a null Value is an absent optional input
  llvm::StringMap<Sequence> sequences;
  llvm::StringMap<const pb::TensorProto *>
      initializers; ///< become values when first used
  const google::protobuf::RepeatedPtrField<pb::NodeProto> *nodes = nullptr;
  std::vector<std::string> outputs; ///< the graph's or function's
  std::string place; ///< the file or function, where `outer` is null
  int64_t node = 0;  ///< the number of the node that is being imported

  /// "model.onnx: node 21", or in the body of a node "model.onnx: node 21, node
  /// 3": counted from 0.
  std::string position() const;

  /// Whether a node reads the value, or it is an output.
  bool isRead(llvm::StringRef name);

private:
  std::optional<llvm::StringSet<>> reads;
};

/// An attribute of a node, ref_attr_name resolved.
struct NodeAttribute {
  llvm::StringRef name;
  const pb::AttributeProto *proto;
};

/// A node that has been checked against its operator's schema.
struct CheckedNode {
  const pb::NodeProto &proto;
  const OperatorVersion &version;
  std::string title; ///< "node 'x' (Softmax)", for messages
  mlir::Location location;
  Scope &scope;
  std::vector<NodeAttribute> attributes;
  std::vector<mlir::Value>
      operands; ///< null where absent; not those that are sequences

  const pb::AttributeProto *attribute(llvm::StringRef name) const;
  int64_t intAttribute(llvm::StringRef name, int64_t otherwise) const;
  float floatAttribute(llvm::StringRef name, float otherwise) const;
  mlir::Value operand(size_t index) const {
    return index < operands.size() ? operands[index] : mlir::Value();
  }
  [[noreturn]] void fail(const std::string &message) const {
    throw Error(title + ": " + message);
  }
};

/// The contents of a tensor of the model, checked but not read.
struct TensorSource {
  mlir::RankedTensorType type;
  /// What the file has: another type where `type` is a wider one for integers
  /// of fewer than 8 bits and for floats of 8.
  mlir::RankedTensorType stored;
  int64_t elements = 0, bytes = 0; ///< in the file; booleans take a byte each
  const pb::TensorProto *proto = nullptr;
  std::string file; ///< where the bytes are in a file: its name, and
  uint64_t offset = 0;
};

/// The element type of a TensorProto.DataType, null where it is not supported
/// as a value of its own; `dataTypeName(1)` is "FLOAT".
mlir::Type elementType(mlir::MLIRContext *context, int dataType);
std::string dataTypeName(int dataType);
/// The element types that are stored, and become wider ones where a graph reads
/// them; null for any other.
mlir::Type narrowType(mlir::MLIRContext *context, int dataType);

/// What all functions under construction share.
class Session {
public:
  Session(mlir::MLIRContext &context, ModelFile &file,
          const ImportOptions &options);

  mlir::MLIRContext &context;
  ModelFile &file;
  const ImportOptions &options;

  /// The model-local function that a node of `domain`, `name` and `overload`
  /// calls, or nullptr.
  const pb::FunctionProto *findFunction(const pb::NodeProto &node) const;
  /// Counts a node that is imported. Throws where functions expand to more than
  /// can be meant.
  void countNode();
  /// Throws jarana::Error where the tensor is not one: `what` names it
  /// ("initializer 'w'").
  TensorSource checkTensor(const pb::TensorProto &tensor,
                           const std::string &what);
  mlir::ElementsAttr readTensor(const TensorSource &source);

  /// Functions that have an operator's name and are not that operator, each
  /// with the reason; in order of discovery.
  std::vector<std::pair<std::string, std::string>> unrecognised;
  /// Calls already decided: a text of function, attributes and types, to
  /// whether it is the operator.
  llvm::StringMap<bool> recognised;

private:
  void checkRecursion() const;
  llvm::StringMap<const pb::FunctionProto *> functions;
  int64_t nodes = 0;
};

/// The name of a domain as it is compared: "ai.onnx" is "".
llvm::StringRef canonicalDomain(llvm::StringRef domain);

/// Builds one function in onnx form.
class GraphImporter {
public:
  GraphImporter(Session &session, mlir::ModuleOp module);

  /// `@main` from the model's graph.
  void importMain();
  /// A function `name` of tensors of `types` (null: absent) that is the one
  /// node: the operator or, where `body` is given, that function's body. The
  /// node's names are its own.
  mlir::func::FuncOp importProbe(llvm::StringRef name,
                                 const pb::NodeProto &node, Frame &frame,
                                 llvm::ArrayRef<mlir::RankedTensorType> types,
                                 const pb::FunctionProto *body);

private:
  // Graph.cpp
  void
  importNodes(const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
              Scope &scope);
  void addInitializers(const pb::GraphProto &graph, Scope &scope);
  void beginFunction(llvm::StringRef name, llvm::ArrayRef<mlir::Type> types);
  void endFunction(llvm::ArrayRef<mlir::Value> results);
  mlir::Value lookup(Scope &scope, const std::string &name,
                     const std::string &reader);
  const Sequence *lookupSequence(Scope &scope, llvm::StringRef name);
  void bind(Scope &scope, const std::string &name, mlir::Value value,
            const std::string &writer);
  void checkNew(Scope &scope, llvm::StringRef name, const std::string &writer);
  /// The value of a tensor of the model: onnx.Constant, or a weight and its
  /// load; made once, at the function's entry.
  mlir::Value tensorValue(const pb::TensorProto &tensor,
                          const std::string &what, llvm::StringRef name);
  mlir::Value weightValue(llvm::StringRef name, mlir::RankedTensorType type,
                          mlir::Attribute contents, mlir::Location location);
  mlir::Value constant(mlir::ElementsAttr value, mlir::Location location);
  mlir::Value intConstant(llvm::ArrayRef<int64_t> values,
                          mlir::Location location, bool scalar = false);
  mlir::Value none();

  // Node.cpp
  void importNode(const pb::NodeProto &node, Scope &scope);
  void importOperator(const pb::NodeProto &node, Scope &scope);
  CheckedNode check(const pb::NodeProto &node, Scope &scope);
  std::vector<NodeAttribute> resolveAttributes(const pb::NodeProto &node,
                                               Scope &scope,
                                               const std::string &title);
  /// Creates an operation, infers its results; null operands become onnx.None.
  mlir::Operation *emit(llvm::StringRef name,
                        llvm::ArrayRef<mlir::Value> operands,
                        mlir::NamedAttrList attributes, unsigned results,
                        mlir::Location location);
  mlir::Operation *foldKnown(mlir::Operation *op);
  mlir::NamedAttrList convertAttributes(const CheckedNode &node);
  mlir::Attribute convertAttribute(const CheckedNode &node,
                                   const NodeAttribute &attribute);
  void emitGeneric(const CheckedNode &node, llvm::StringRef name,
                   std::vector<mlir::Value> operands,
                   mlir::NamedAttrList attributes);
  void bindOutputs(const CheckedNode &node, mlir::ValueRange results);
  /// The result of a new operation of ai.onnx for a part of `node`.
  mlir::Value emitOne(const CheckedNode &node, llvm::StringRef name,
                      std::vector<mlir::Value> operands,
                      mlir::NamedAttrList attributes = {});
  mlir::NamedAttrList
  intAttributes(llvm::ArrayRef<std::pair<llvm::StringRef, int64_t>> values);
  /// A scalar of any number type.
  mlir::Value numberConstant(double value, mlir::Type element,
                             mlir::Location location);

  // Older.cpp
  bool importOlder(const CheckedNode &node);
  void importFlattened(const CheckedNode &node);
  mlir::Value maximumAlong(const CheckedNode &node, mlir::Value x,
                           int64_t axis);
  void importUpsample(const CheckedNode &node);
  void attributesToOperands(const CheckedNode &node,
                            std::vector<mlir::Value> &operands,
                            mlir::NamedAttrList &attributes);

  // Normalization.cpp
  bool importNormalization(const CheckedNode &node);
  void importBatchNormalization(const CheckedNode &node);
  void importInstanceNormalization(const CheckedNode &node);
  void importGroupNormalization(const CheckedNode &node);
  mlir::Value perChannel(const CheckedNode &node, mlir::Value vector,
                         int64_t rank);
  mlir::Value normalised(const CheckedNode &node, mlir::Value x,
                         llvm::ArrayRef<int64_t> axes, float epsilon);

  // Upgrade.cpp
  /// Imports the node where it needs more than its newest spelling; false where
  /// it does not.
  bool importSpecial(const CheckedNode &node);
  void importConstant(const CheckedNode &node);
  void importDropout(const CheckedNode &node);
  void importSplitToSequence(const CheckedNode &node);
  void importSequenceAt(const CheckedNode &node);
  void importMicrosoftRotary(const CheckedNode &node);
  /// Fills in what depends on the operands, and turns attributes of old
  /// versions into operands.
  void complete(const CheckedNode &node, std::vector<mlir::Value> &operands,
                mlir::NamedAttrList &attributes);
  /// The defaults of a convolution's attributes.
  void completeConv(const CheckedNode &node, mlir::Value x, mlir::Value w,
                    mlir::NamedAttrList &attributes);
  std::optional<std::vector<int64_t>> knownInts(mlir::Value value) const;

  // Fused.cpp
  bool importFused(const CheckedNode &node);
  mlir::Value transposedSide(const CheckedNode &node, size_t index,
                             llvm::StringRef trans, llvm::StringRef transBatch);
  void importFusedMatMul(const CheckedNode &node);
  void importFusedGemm(const CheckedNode &node);
  void importGelu(const CheckedNode &node);
  void importQuickGelu(const CheckedNode &node);
  void importSkipLayerNormalization(const CheckedNode &node);

  // Quantized.cpp
  bool importQuantized(const CheckedNode &node);
  mlir::Value castTo(const CheckedNode &node, mlir::Value value,
                     mlir::Type element);
  mlir::Value singleNumber(const CheckedNode &node, mlir::Value value);
  mlir::Value quantised(const CheckedNode &node, mlir::Value x,
                        mlir::Value scale, mlir::Value zero,
                        mlir::Type element);
  mlir::Value dequantised(const CheckedNode &node, size_t value, size_t scale,
                          size_t zero);
  mlir::Value scaledProduct(const CheckedNode &node, mlir::Value product,
                            llvm::ArrayRef<mlir::Value> scales,
                            mlir::Value resultScale, float alpha);
  void importQLinearMatMul(const CheckedNode &node);
  void importQLinearConv(const CheckedNode &node);
  void importQGemm(const CheckedNode &node);
  void importProductToFloat(const CheckedNode &node);
  void importQLinear(const CheckedNode &node);
  mlir::Value nibbles(const CheckedNode &node, mlir::Value packed,
                      int64_t size);
  void importGatherBlockQuantized(const CheckedNode &node);
  // GroupQueryAttention.cpp
  void completeGroupQueryAttention(const CheckedNode &node,
                                   std::vector<mlir::Value> &operands,
                                   mlir::NamedAttrList &attributes);
  /// Whether the present is the past with the new positions written into it: it
  /// is declared with the past's length, or that is a number and nothing is
  /// declared. Not where the total is the past and the new positions.
  bool sharesBuffer(const CheckedNode &node,
                    llvm::ArrayRef<mlir::Value> operands);

  // Narrow.cpp
  bool importNarrow(const CheckedNode &node);
  bool importScaledFloats(const CheckedNode &node);
  void importQuantizeNarrow(const CheckedNode &node, mlir::Type narrow);
  bool importQuantizedProduct(const CheckedNode &node);
  mlir::Value repackedValue(mlir::Value source, mlir::hybrid::Repacking packing,
                            int64_t block, int64_t bits);
  void eraseBypassed();

  // Control.cpp
  void importIf(const CheckedNode &node);
  void importRuntimeIf(const CheckedNode &node);
  void importScan(const CheckedNode &node);
  /// A branch of an If as a region.
  std::unique_ptr<mlir::Region> importBranch(const CheckedNode &node,
                                             llvm::StringRef name);
  /// Imports a graph's initializers and nodes, and gives its outputs.
  llvm::SmallVector<mlir::Value> importGraph(const CheckedNode &node,
                                             const pb::GraphProto &graph,
                                             Scope &inner);

  // Loop.cpp
  void importLoop(const CheckedNode &node);
  struct LoopBody;
  LoopBody importLoopBody(const CheckedNode &node, const pb::GraphProto &body);
  void discard(LoopBody &body);
  mlir::Value scalarOf(const CheckedNode &node, mlir::Value value);
  bool scanPositions(const CheckedNode &node, LoopBody &loop,
                     const symbolic::Expr &count);
  void unrollLoop(const CheckedNode &node, const pb::GraphProto &body,
                  int64_t count);
  void loopAsScan(const CheckedNode &node, LoopBody &loop);
  void loopAtRuntime(const CheckedNode &node, LoopBody &loop,
                     mlir::Value condition);
  void finishRegionOp(const CheckedNode &node, mlir::OperationState &state,
                      size_t results);

  // Function.cpp
  void importCall(const pb::NodeProto &node, const pb::FunctionProto &function,
                  Scope &scope);
  void inlineCall(const pb::NodeProto &node, const pb::FunctionProto &function,
                  Scope &scope, const std::string &title);
  // Recognise.cpp
  /// Whether the call means what the operator of the same name means.
  bool isOperator(const pb::NodeProto &node, const pb::FunctionProto &function,
                  Scope &scope);

  Session &session;
  mlir::ModuleOp module;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  SymbolicShapes shapes;
  mlir::Operation *lastEntryOp =
      nullptr; ///< the last constant at the function's entry
  mlir::Value noneValue;
  llvm::DenseMap<const pb::TensorProto *, mlir::Value> tensors;
  /// The types in the file of initializers of fewer than 8 bits per element,
  /// or of 8-bit floats, whose values are of wider types.
  llvm::DenseMap<mlir::Value, mlir::Type> storedTypes;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> repacked;
  llvm::SmallVector<mlir::Operation *> bypassed;
  llvm::StringMap<unsigned> weightNames;
};

/// The name of a node in messages: "node 'x' (Softmax)".
std::string titleOf(const pb::NodeProto &node);
/// Its name, around the name of its position: where in the exporter's source it
/// comes from, where that is known, and its number.
mlir::Location locationOf(mlir::MLIRContext *context, const pb::NodeProto &node,
                          const Scope &scope);

} // namespace jarana::onnx
