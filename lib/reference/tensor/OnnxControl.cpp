// onnx.If and onnx.Loop.
#include "lib/reference/Exact.h"
#include "lib/reference/tensor/Handlers.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using Results = mlir::FailureOr<TensorsOf<Real>>;

template <class Real>
Results<Real> runIf(mlir::Operation &op, FrameOf<Real> &frame) {
  bool condition = indexOf(frame, op.getOperand(0)) != 0;
  return frame.runBlock(op.getRegion(condition ? 0 : 1).front(), {});
}

template <class Real>
Results<Real> runLoop(mlir::Operation &op, FrameOf<Real> &frame) {
  // Longer than this is taken for endless.
  constexpr int64_t most = 1 << 20;
  int64_t count = indexOf(frame, op.getOperand(0));
  TensorsOf<Real> carried;
  for (mlir::Value operand : op.getOperands().drop_front())
    carried.push_back(frame.valueOf(operand));
  for (int64_t i = 0; i < count && carried.front()->ints.at(0); ++i) {
    if (i == most)
      throw Error("does not end");
    TensorOf<Real> number(DType::i64, frame.valueOf(op.getOperand(0))->shape);
    number.ints[0] = i;
    carried.insert(carried.begin(), share(std::move(number)));
    auto next = frame.runBlock(op.getRegion(0).front(), std::move(carried));
    if (failed(next))
      return mlir::failure();
    carried = std::move(*next);
  }
  carried.erase(carried.begin());
  return carried;
}
} // namespace

template <class Real>
void reference::addOnnxControlHandlers(HandlersOf<Real> &table) {
  table["onnx.If"] = runIf<Real>;
  table["onnx.Loop"] = runLoop<Real>;
}

template void reference::addOnnxControlHandlers(HandlersOf<double> &);
template void reference::addOnnxControlHandlers(HandlersOf<Exact> &);
