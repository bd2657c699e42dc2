// ai.onnx Scan whose body is one step of a gated scan, as exporters write
// LinearAttention where they may not use it, becomes LinearAttention.
#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/recognise/Constants.h"
#include "passes/raise/recognise/ScanParts.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

class ScanLoop : public Recogniser {
public:
  StringRef name() const override { return "scan-loop"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    auto scan = dyn_cast<::mlir::onnx::ScanOp>(anchor);
    if (!scan || scan.getNumStates() != 1 || scan->getNumResults() != 2 ||
        scan.getNumScanInputCount() < 4)
      return;
    declined = "no input of it is a decay [b, s, h]";
    for (Value input : scan.getOperands().drop_front()) {
      std::optional<ScanRegion> region = regionOf(scan, input, graph);
      if (!region)
        continue;
      declined = "what enters it is not what enters a scan";
      ScanParts parts(*region, graph, /*chunk=*/0);
      if (!parts.read(declined))
        continue;
      for (const ScanRoles &roles : parts.assignments())
        for (Proposal &proposal : parts.proposals(roles))
          proposals.push_back(std::move(proposal));
    }
  }

private:
  /// What lies between `input`, where it is still [b, s, h], and the results.
  static std::optional<ScanRegion> regionOf(::mlir::onnx::ScanOp scan,
                                            Value input, Graph &graph) {
    ScanRegion region;
    symbolic::Expr length =
        dim(graph, input,
            scan.getScanInputAxes()[llvm::find(scan.getOperands(), input) -
                                    scan.getOperands().begin() - 1]);
    for (Value value : movementChain(input)) {
      if (rankOf(value) == 3 &&
          graph.shapes.context().proveEqual(dim(graph, value, 1), length)) {
        region.decay = value;
        break;
      }
      if (Operation *op = value.getDefiningOp())
        region.ops.insert(op);
    }
    if (!region.decay)
      return std::nullopt;
    region.ops.insert(scan);
    region.join = scan->getResult(1);
    for (Value operand : scan.getOperands())
      if (operand != input && operand != region.decay)
        region.externals.push_back(operand);
    // The body may read values from outside: weights.
    scan.getBody().walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (operand.getParentBlock() == scan->getBlock() && isFloat(operand) &&
            !isFixed(operand, graph) &&
            !llvm::is_contained(region.externals, operand))
          region.externals.push_back(operand);
    });
    return region;
  }
};

} // namespace

std::unique_ptr<Recogniser> makeScanLoopRecogniser() {
  return std::make_unique<ScanLoop>();
}

} // namespace jarana::raise::recognise
