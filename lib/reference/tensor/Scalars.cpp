#include "lib/reference/tensor/Scalars.h"

#include "lib/reference/Exact.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/operators/Support.h"
#include "lib/reference/tensor/Softplus.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace jarana;
using namespace jarana::reference;

template <class Real>
InstructionOf<Real> reference::scalarInstruction(mlir::Operation &op) {
  InstructionOf<Real> result;
  result.run = findScalar<Real>(op.getName().getStringRef());
  if (!result.run || op.getNumRegions() != 0)
    throw Error("'" + op.getName().getStringRef().str() +
                "' has no meaning in the reference evaluator");
  result.from = elementTypeOf(op.getOperand(0).getType());
  result.to = elementTypeOf(op.getResult(0).getType());
  if (auto compare = mlir::dyn_cast<mlir::arith::CmpIOp>(op))
    result.immediate = static_cast<int64_t>(compare.getPredicate());
  if (auto compare = mlir::dyn_cast<mlir::arith::CmpFOp>(op))
    result.immediate = static_cast<int64_t>(compare.getPredicate());
  return result;
}

namespace {
template <class Real>
void extract(const InstructionOf<Real> &i, Cell<Real> *cells) {
  const TensorOf<Real> &x = *i.tensor;
  int64_t at = 0;
  for (auto [d, operand] : llvm::enumerate(i.operands)) {
    int64_t index = cells[operand].integer, size = x.shape[d];
    if (index < 0 || index >= size)
      throw Error("tensor.extract reads index " + std::to_string(index) +
                  " of dimension " + std::to_string(d) + ", which has " +
                  std::to_string(size));
    at = at * size + index;
  }
  cells[i.result] = cellOf(x, at);
}

template <class Real>
void copyCell(const InstructionOf<Real> &i, Cell<Real> *cells) {
  cells[i.result] = cells[i.operands[0]];
}

/// log(1 + exp(x)), as the operator Softplus is in a domain where log is a
/// function of which nothing is known.
template <class Real>
void softplus(const InstructionOf<Real> &i, Cell<Real> *cells) {
  using std::exp, std::log1p;
  cells[i.result].real = log1p(exp(cells[i.operands[0]].real));
}

/// Skipping is done by the loop over the instructions.
template <class Real> void never(const InstructionOf<Real> &, Cell<Real> *) {}

/// affine.apply has one result; of several, `Choose` gives the least or the
/// greatest.
template <class Real, bool greatest>
void affine(const InstructionOf<Real> &i, Cell<Real> *cells) {
  llvm::SmallVector<int64_t> values;
  for (int operand : i.operands)
    values.push_back(cells[operand].integer);
  int64_t result = 0;
  for (auto [n, value] : llvm::enumerate(mapped(i.map, values)))
    result = n == 0     ? value
             : greatest ? std::max(result, value)
                        : std::min(result, value);
  cells[i.result].integer = result;
}
} // namespace

template <class Real>
ScalarProgram<Real>::ScalarProgram(
    mlir::Block &block,
    llvm::function_ref<TensorPtrOf<Real>(mlir::Value)> valueOf)
    : valueOf(valueOf) {
  for (mlir::Value argument : block.getArguments())
    newCell(argument);
  compile(block);
  for (mlir::Value value : block.getTerminator()->getOperands())
    results.push_back(cellFor(value));
}

template <class Real> int ScalarProgram<Real>::newCell(mlir::Value value) {
  cells.emplace_back();
  int cell = static_cast<int>(cells.size()) - 1;
  cellOfValue[value] = cell;
  return cell;
}

/// The value's cell; one of outside the block becomes a constant of the
/// program.
template <class Real> int ScalarProgram<Real>::cellFor(mlir::Value value) {
  auto found = cellOfValue.find(value);
  if (found != cellOfValue.end())
    return found->second;
  TensorPtrOf<Real> outside = valueOf(value);
  if (!outside || outside->rank() != 0)
    throw Error("a scalar of outside its region is none");
  int cell = newCell(value);
  cells[cell] = cellOf(*outside, 0);
  return cell;
}

template <class Real> void ScalarProgram<Real>::compile(mlir::Block &block) {
  for (mlir::Operation &op : block.without_terminator())
    compile(op);
}

template <class Real> void ScalarProgram<Real>::compile(mlir::Operation &op) {
  if (auto constant = mlir::dyn_cast<mlir::arith::ConstantOp>(op)) {
    int cell = newCell(constant);
    if (auto number = mlir::dyn_cast<mlir::FloatAttr>(constant.getValue()))
      cells[cell].real = Real(number.getValueAsDouble());
    else if (auto integer =
                 mlir::dyn_cast<mlir::IntegerAttr>(constant.getValue()))
      cells[cell].integer = integer.getType().isInteger(1)
                                ? integer.getValue().getZExtValue()
                                : integer.getValue().getSExtValue();
    else
      throw Error("a constant of a region is no scalar");
    return;
  }
  if (auto index = mlir::dyn_cast<mlir::linalg::IndexOp>(op)) {
    indices.emplace_back(index.getDim(), newCell(index));
    return;
  }
  if (auto dim = mlir::dyn_cast<mlir::tensor::DimOp>(op)) {
    auto at = dim.getConstantIndex();
    TensorPtrOf<Real> tensor = valueOf(dim.getSource());
    if (!at || !tensor || *at < 0 || *at >= tensor->rank())
      throw Error("tensor.dim in a region must name a dimension");
    cells[newCell(dim)].integer = tensor->shape[*at];
    return;
  }
  if (mlir::isa<mlir::scf::IfOp>(op))
    return compileIf(op);
  InstructionOf<Real> instruction;
  mlir::ValueRange operands = op.getOperands();
  mlir::Value ofSoftplus =
      std::is_same_v<Real, double> ? mlir::Value() : operandOfSoftplus(op);
  if (ofSoftplus) {
    instruction.run = softplus<Real>;
    operands = ofSoftplus;
  } else if (auto read = mlir::dyn_cast<mlir::tensor::ExtractOp>(op)) {
    instruction.run = extract<Real>;
    instruction.tensor = valueOf(read.getTensor());
    if (!instruction.tensor)
      throw Error("tensor.extract reads a tensor that is not there");
    operands = read.getIndices();
  } else if (auto apply = mlir::dyn_cast<mlir::affine::AffineApplyOp>(op)) {
    instruction.run = affine<Real, false>;
    instruction.map = apply.getMap();
  } else if (auto least = mlir::dyn_cast<mlir::affine::AffineMinOp>(op)) {
    instruction.run = affine<Real, false>;
    instruction.map = least.getMap();
  } else if (auto most = mlir::dyn_cast<mlir::affine::AffineMaxOp>(op)) {
    instruction.run = affine<Real, true>;
    instruction.map = most.getMap();
  } else {
    instruction = scalarInstruction<Real>(op);
  }
  for (mlir::Value operand : operands)
    instruction.operands.push_back(cellFor(operand));
  instruction.result = newCell(op.getResult(0));
  instructions.push_back(std::move(instruction));
}

/// A branch over the "then" block, and one over the "else" block at its end;
/// both blocks leave their results in the same cells.
template <class Real> void ScalarProgram<Real>::compileIf(mlir::Operation &op) {
  auto conditional = mlir::cast<mlir::scf::IfOp>(op);
  std::vector<int> into;
  for (mlir::Value result : op.getResults())
    into.push_back(newCell(result));
  auto branch = [&](int condition) {
    instructions.emplace_back();
    instructions.back().run = never<Real>;
    instructions.back().branches = true;
    instructions.back().operands.push_back(condition);
    return instructions.size() - 1;
  };
  auto land = [&](size_t from) {
    instructions[from].immediate = instructions.size() - from - 1;
  };
  auto block = [&](mlir::Block &body) {
    compile(body);
    for (auto [n, value] :
         llvm::enumerate(body.getTerminator()->getOperands())) {
      InstructionOf<Real> move;
      move.run = copyCell<Real>;
      move.operands.push_back(cellFor(value));
      move.result = into[n];
      instructions.push_back(std::move(move));
    }
  };
  size_t overThen = branch(cellFor(conditional.getCondition()));
  block(*conditional.thenBlock());
  cells.emplace_back(); // a false that no value is
  size_t overElse = branch(static_cast<int>(cells.size()) - 1);
  land(overThen);
  if (conditional.elseBlock())
    block(*conditional.elseBlock());
  land(overElse);
}

namespace {
/// Elementwise: operands have the result's shape, or are scalars.
template <class Real>
mlir::FailureOr<TensorsOf<Real>> runScalarOp(mlir::Operation &op,
                                             FrameOf<Real> &frame) {
  InstructionOf<Real> instruction = scalarInstruction<Real>(op);
  TensorsOf<Real> operands;
  Shape shape;
  for (mlir::Value operand : op.getOperands()) {
    operands.push_back(frame.valueOf(operand));
    if (operands.back()->rank() != 0)
      shape = operands.back()->shape;
  }
  std::vector<Cell<Real>> cells(operands.size() + 1);
  for (size_t k = 0; k < operands.size(); ++k) {
    instruction.operands.push_back(static_cast<int>(k));
    if (operands[k]->rank() != 0 && operands[k]->shape != shape)
      throw Error("operands have shapes " + toText(shape) + " and " +
                  toText(operands[k]->shape));
  }
  instruction.result = static_cast<int>(operands.size());
  TensorOf<Real> result(elementTypeOf(op.getResult(0).getType()), shape);
  for (int64_t i = 0, count = result.size(); i < count; ++i) {
    for (size_t k = 0; k < operands.size(); ++k)
      cells[k] = cellOf(*operands[k], operands[k]->rank() == 0 ? 0 : i);
    instruction.run(instruction, cells.data());
    setCell(result, i, cells.back());
  }
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
mlir::FailureOr<TensorsOf<Real>> runConstant(mlir::Operation &op,
                                             FrameOf<Real> &) {
  mlir::Attribute value = mlir::cast<mlir::arith::ConstantOp>(op).getValue();
  TensorOf<Real> scalar(elementTypeOf(op.getResult(0).getType()), {});
  if (auto number = mlir::dyn_cast<mlir::FloatAttr>(value))
    scalar.reals[0] = Real(number.getValueAsDouble());
  else if (auto integer = mlir::dyn_cast<mlir::IntegerAttr>(value))
    scalar.ints[0] =
        wrap(scalar.dtype, integer.getValue().getBitWidth() == 1
                               ? integer.getValue().getZExtValue()
                               : integer.getValue().getSExtValue());
  else
    throw Error("is a constant of an unknown kind");
  return TensorsOf<Real>{share(std::move(scalar))};
}
} // namespace

template <class Real>
void reference::fillByIndices(TensorOf<Real> &result, mlir::Block &block,
                              FrameOf<Real> &frame) {
  ScalarProgram<Real> program(
      block, [&](mlir::Value value) { return frame.valueOf(value); });
  Shape strides = stridesOf(result.shape);
  for (int64_t i = 0, count = result.size(); i < count; ++i) {
    for (size_t d = 0; d < strides.size(); ++d)
      program.cells[d].integer = i / strides[d] % result.shape[d];
    program.run();
    setCell(result, i, program.cells[program.results[0]]);
  }
}

template <class Real>
void reference::addScalarHandlers(HandlersOf<Real> &table) {
  for (llvm::StringRef name : scalarNames<Real>())
    table[name.str()] = runScalarOp<Real>;
  table["arith.constant"] = runConstant<Real>;
}

template InstructionOf<double> reference::scalarInstruction(mlir::Operation &);
template InstructionOf<Exact> reference::scalarInstruction(mlir::Operation &);
template class reference::ScalarProgram<double>;
template class reference::ScalarProgram<Exact>;
template void reference::addScalarHandlers(HandlersOf<double> &);
template void reference::addScalarHandlers(HandlersOf<Exact> &);
template void reference::fillByIndices(Tensor &, mlir::Block &,
                                       FrameOf<double> &);
template void reference::fillByIndices(TensorOf<Exact> &, mlir::Block &,
                                       FrameOf<Exact> &);
