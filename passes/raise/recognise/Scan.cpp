// A chunked scan (Dao and Gu 2024, "Transformers are SSMs", section 6), taken
// apart by an exporter, becomes LinearAttention with the gated rule:
//
//   S_t = exp(decay_t) S_{t-1} + v_t (outer) B_t,   y_t = S_t C_t
//
// It is found by its decay, which is summed up along each chunk. All that
// depends on the decay until the parts meet again is the scan; what enters
// there beside the decay is v (x * dt), B, C and perhaps a state. Which is
// which is tried out.
#include "passes/raise/recognise/Constants.h"
#include "passes/raise/recognise/ScanParts.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

class Scan : public Recogniser {
public:
  StringRef name() const override { return "scan"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    if (opName(anchor) != "CumSum" || !isFloat(anchor->getResult(0)))
      return;
    Value root = rootOfDecay(anchor->getOperand(0));
    // Several sums of one decay are one scan.
    if (!root || rankOf(root) != 3 || !seen.insert(root).second)
      return;
    auto axis = integersOf(graph, anchor->getOperand(1));
    int64_t chunk = 0;
    if (axis && axis->size() == 1)
      chunk =
          dim(graph, anchor->getOperand(0), (*axis)[0]).constant().value_or(0);
    bool found = false;
    for (const ScanRegion &region : regionsFrom(root, graph)) {
      found = true;
      ScanParts parts(region, graph, chunk);
      if (!parts.read(declined))
        continue;
      for (const ScanRoles &roles : parts.assignments())
        for (Proposal &proposal : parts.proposals(roles))
          proposals.push_back(std::move(proposal));
      if (!proposals.empty())
        return;
    }
    if (declined.empty())
      declined = found ? "no value of it has the shape of a scan's result"
                       : "what depends on its decay never meets again";
  }

private:
  llvm::DenseSet<Value> seen;
};

} // namespace

std::unique_ptr<Recogniser> makeScanRecogniser() {
  return std::make_unique<Scan>();
}

} // namespace jarana::raise::recognise
