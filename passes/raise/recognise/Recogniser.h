// What exporters took apart becomes one operator again, in the onnx form, and
// only where it is shown to be equal: a recogniser proposes (a cut of the graph
// and an ONNX operator, or a few, that should compute the same), the verifier
// evaluates both with the reference evaluator on random inputs of several
// shapes, and the driver puts the proposal in the graph's place or says why
// not.
#pragma once

#include "dialects/onnx/ShapeInference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jarana::raise::recognise {

/// Makes onnx ops before a given place and infers their results' types.
class OnnxBuilder {
public:
  OnnxBuilder(mlir::Operation *before, mlir::Location loc,
              onnx::SymbolicShapes &shapes);

  /// One op with `results` results. Null values (an empty vector) where shape
  /// inference refuses it: the proposal is then dropped.
  mlir::SmallVector<mlir::Value>
  create(llvm::StringRef op, mlir::ValueRange operands,
         llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
         unsigned results = 1);
  mlir::Value one(llvm::StringRef op, mlir::ValueRange operands,
                  llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  mlir::Value integers(llvm::ArrayRef<int64_t> values); ///< i64 constant [n]
  mlir::Value none();                                   ///< onnx.None
  mlir::Value transpose(mlir::Value, llvm::ArrayRef<int64_t> permutation);
  /// ONNX Reshape: 0 keeps the dimension at this position, -1 is inferred.
  mlir::Value reshape(mlir::Value, llvm::ArrayRef<int64_t> shape);
  mlir::NamedAttribute attribute(llvm::StringRef name, mlir::Attribute);
  mlir::OpBuilder b;
  mlir::Location loc;
  onnx::SymbolicShapes &shapes;
};

/// How the random values of a cut's input are drawn.
enum class Fill {
  Normal,   ///< mean 0, deviation 1
  Decay,    ///< logarithms of decays, in [-0.5, -0.01]; where there are chunks
            ///< divided by some, so that the state outlasts them
  Positive, ///< in [0.05, 1.5]
  Wide, ///< normal times 10^u, u uniform in [-2, 2]: both branches of limits
  Rows, ///< normal, each row (last dimension) times 10^u, u in [-4, 1]
  Mask, ///< boolean or 0/1: rows with zeros on the left and anywhere
};

struct CutInput {
  mlir::Value value;
  Fill fill = Fill::Normal;
};

/// A cut of the graph and what should stand in its place. Everything between
/// `inputs` and `outputs` is evaluated as it stands in the graph (constants,
/// masks, shape arithmetic); the function's arguments that it depends on
/// otherwise must be in `arguments`, as nothing is known of what they hold.
struct Proposal {
  std::string kind; ///< "LinearAttention": the operator that it becomes
  mlir::SmallVector<CutInput> inputs; ///< random in the check; all weights too
  mlir::SmallVector<mlir::Value> outputs; ///< replaced where the check passes
  mlir::SmallVector<CutInput> arguments;  ///< how function arguments are filled
  /// Makes the candidate from values that stand for `inputs`; one result per
  /// output, of the same shape and element type; empty: cannot be made.
  std::function<mlir::SmallVector<mlir::Value>(OnnxBuilder &, mlir::ValueRange)>
      build;
  /// The number of positions (a dimension of an input), to choose lengths for;
  /// absent: any symbol may take any value.
  std::optional<symbolic::Expr> length;
  int64_t chunk = 0;  ///< lengths are tried around multiples of it; 0: none
  int64_t window = 0; ///< and around this (a convolution's width); 0: none
  /// Which elements of outputs[0] count: a boolean value of the graph that
  /// broadcasts with it; null: all.
  mlir::Value relevant;
  /// Both sides are one sum of products by their index maps, which proves more
  /// than numbers could: nothing is evaluated.
  bool provenByMaps = false;
  /// What was found: heads, groups, state, ... for the report.
  std::vector<std::pair<std::string, std::string>> facts;
};

/// The function that is being recognised.
struct Graph {
  mlir::func::FuncOp function;
  onnx::SymbolicShapes &shapes;
};

/// One kind of operator. Recognisers know nothing of each other; each is one
/// file that makes one of these and is listed in Recognisers.cpp.
class Recogniser {
public:
  virtual ~Recogniser() = default;
  virtual llvm::StringRef name() const = 0;
  /// Looks at one op as an anchor. Proposals are tried in order until one
  /// passes; `declined` collects reasons where the op is an anchor and there is
  /// nothing to propose.
  virtual void propose(mlir::Operation *anchor, Graph &graph,
                       mlir::SmallVectorImpl<Proposal> &proposals,
                       std::string &declined) = 0;
};

/// All recognisers, in the order in which they look at a function: each sees
/// what the ones before it made.
std::vector<std::unique_ptr<Recogniser>> makeRecognisers();

// Each is in the file of its name.
std::unique_ptr<Recogniser>
makeContractionRecogniser();                          ///< multiply and reduce
std::unique_ptr<Recogniser> makeScanRecogniser();     ///< chunked scans
std::unique_ptr<Recogniser> makeScanStepRecogniser(); ///< one step of a scan
std::unique_ptr<Recogniser> makeScanLoopRecogniser(); ///< a loop of steps
std::unique_ptr<Recogniser> makeCausalConvRecogniser();
std::unique_ptr<Recogniser> makeRMSNormRecogniser();
std::unique_ptr<Recogniser> makeSoftplusRecogniser(); ///< with a threshold
std::unique_ptr<Recogniser> makeRotaryRecogniser();
std::unique_ptr<Recogniser> makeAttentionRecogniser();

// --- Looking around in the onnx form (Walk.cpp) ---
/// The operator's name without its dialect; "" for an argument.
llvm::StringRef opName(mlir::Operation *op);
/// The node's name, or the operator's where the node has none: for reports.
std::string reportName(mlir::Operation *op);
/// "Gather 'node_select' (model.onnx: node 126)"
std::string reportTitle(mlir::Operation *op);
llvm::StringRef opName(mlir::Value value);
bool is(mlir::Value value, llvm::StringRef op);
/// Goes up through data movement on one operand: Reshape, Transpose, Unsqueeze,
/// Squeeze, Expand, Tile, Identity, Cast between floats, Pad, Slice, Flatten.
mlir::Value
throughMovement(mlir::Value value,
                llvm::function_ref<bool(mlir::Operation *)> stop = {});
/// The value and what throughMovement passes on its way up from it.
mlir::SmallVector<mlir::Value> movementChain(mlir::Value value);
/// The float that a constant (of one element, or of equal elements) holds.
std::optional<double> scalarConstant(mlir::Value value);
/// The other operand of a two-operand op.
mlir::Value otherOperand(mlir::Operation *op, mlir::Value operand);

} // namespace jarana::raise::recognise
