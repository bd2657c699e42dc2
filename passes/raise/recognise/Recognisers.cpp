// The recognisers, in the order in which they look at a function.
#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

std::vector<std::unique_ptr<Recogniser>> makeRecognisers() {
  std::vector<std::unique_ptr<Recogniser>> all;
  // First, so that products which are only summed up are never made.
  all.push_back(makeContractionRecogniser());
  // Before its value is computed once more for the heads of a step.
  all.push_back(makeSoftplusRecogniser());
  all.push_back(makeScanRecogniser());
  all.push_back(makeScanStepRecogniser());
  all.push_back(makeScanLoopRecogniser());
  all.push_back(makeCausalConvRecogniser());
  all.push_back(makeRMSNormRecogniser());
  all.push_back(makeRotaryRecogniser());
  all.push_back(makeAttentionRecogniser());
  return all;
}

} // namespace jarana::raise::recognise
