// raise-onnx: functions in onnx form are built again in hybrid form.
#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/Leftovers.h"
#include "passes/raise/Lowering.h"
#include "passes/raise/Passes.h"
#include "passes/raise/ShapesAnalysis.h"

#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace jarana::raise {
#define GEN_PASS_DEF_RAISEONNXPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// numpy's name of an ONNX element type.
std::string dtypeName(Type element) {
  if (element.isInteger(1))
    return "bool";
  if (element.isBF16())
    return "bfloat16";
  std::string width = std::to_string(element.getIntOrFloatBitWidth());
  if (isa<FloatType>(element))
    return "float" + width;
  return (element.isUnsignedInteger() ? "uint" : "int") + width;
}

class FunctionRaiser {
public:
  FunctionRaiser(func::FuncOp source, onnx::SymbolicShapes &shapes,
                 RaiseReport &report)
      : source(source), shapes(shapes), report(report) {}

  LogicalResult run() {
    OpBuilder b(source);
    auto convert = [](Type type) -> Type {
      auto tensor = cast<RankedTensorType>(type);
      return tensor.clone(signless(tensor.getElementType()));
    };
    SmallVector<Type> inputs =
        llvm::map_to_vector(source.getArgumentTypes(), convert);
    SmallVector<Type> results =
        llvm::map_to_vector(source.getResultTypes(), convert);
    target = func::FuncOp::create(b, source.getLoc(), source.getName(),
                                  b.getFunctionType(inputs, results));
    target.setVisibility(source.getVisibility());
    Block *entry = target.addEntryBlock();
    b.setInsertionPointToEnd(entry);
    // Everything computed from dimensions alone is put before this op.
    Operation *anchor = arith::ConstantIndexOp::create(b, source.getLoc(), 0);

    Lowering *self = nullptr;
    DimMaterializer dims(shapes.context(), anchor,
                         [&](OpBuilder &at, symbolic::SymbolId id) {
                           return self->valueOf(at, id);
                         });
    TensorBuilder build(b, shapes.context(), dims);
    build.loc = source.getLoc();
    Lowering lowering(build, shapes, report);
    self = &lowering;
    lowering.setArguments(entry->getArguments());
    checkArguments(lowering);
    lowering.emitPendingChecks();
    for (auto [from, to] :
         llvm::zip(source.getArguments(), entry->getArguments())) {
      Shape shape;
      for (auto [axis, extent] :
           llvm::enumerate(cast<RankedTensorType>(to.getType()).getShape()))
        shape.push_back(shapes[from].shape[axis]);
      lowering.set(from, build.castShape({to, shape}, shape));
    }
    if (failed(lowering.lowerBlock(source.getBody().front())))
      return failure();
    Operation *terminator = source.getBody().front().getTerminator();
    SmallVector<Value> returned;
    for (auto [operand, type] : llvm::zip(terminator->getOperands(), results)) {
      build.loc = terminator->getLoc();
      Tensor tensor = lowering.get(operand);
      Value value = tensor.value;
      // The shape of a loop's result is written down, as the loop hides it.
      if (value.getDefiningOp<scf::ForOp>() &&
          !cast<RankedTensorType>(value.getType()).hasStaticShape()) {
        SmallVector<OpFoldResult> offsets(tensor.rank(), b.getIndexAttr(0)),
            strides(tensor.rank(), b.getIndexAttr(1));
        value = tensor::ExtractSliceOp::create(
            b, build.loc, cast<RankedTensorType>(value.getType()), value,
            offsets, build.sizes(tensor.shape), strides);
      }
      if (value.getType() != type)
        value = tensor::CastOp::create(b, value.getLoc(), type, value);
      returned.push_back(value);
    }
    func::ReturnOp::create(b, terminator->getLoc(), returned);
    if (anchor->use_empty())
      anchor->erase();
    describeSignature(terminator);
    return failure(lowering.failed());
  }

  func::FuncOp target;

private:
  /// Dimensions with one name must agree, and input symbols have lower bounds.
  void checkArguments(Lowering &lowering) {
    OpBuilder &b = lowering.builder();
    symbolic::Context &context = shapes.context();
    for (auto [number, argument] : llvm::enumerate(source.getArguments())) {
      Value raised = target.getArgument(static_cast<unsigned>(number));
      for (auto [axis, dim] : llvm::enumerate(shapes[argument].shape)) {
        if (!cast<RankedTensorType>(raised.getType()).isDynamicDim(axis))
          continue;
        Location loc = lowering.loc();
        auto require = [&](arith::CmpIPredicate predicate, Value bound,
                           const Twine &message) {
          Value size = b.createOrFold<tensor::DimOp>(loc, raised, axis);
          lowering.check(arith::CmpIOp::create(b, loc, predicate, size, bound),
                         message);
        };
        std::string what =
            "input '" + nameOf(number) + "' dimension " + std::to_string(axis);
        auto symbol = dim.asSymbol();
        auto defining = symbol ? shapes.source(*symbol) : std::nullopt;
        if (defining !=
            std::make_optional(std::pair<unsigned, unsigned>(number, axis))) {
          require(arith::CmpIPredicate::eq, lowering.build.dims.plain(b, dim),
                  what + " must be " + context.print(dim) +
                      (symbol ? ", the size of " +
                                    context.symbolInfo(*symbol).origin +
                                    " of the same name"
                              : std::string()));
          continue;
        }
        int64_t bound = context.symbolInfo(*symbol).lowerBound;
        if (bound > 0)
          require(arith::CmpIPredicate::sge,
                  arith::ConstantIndexOp::create(b, loc, bound),
                  what + " ('" + context.symbolInfo(*symbol).name +
                      "') must be at least " + Twine(bound));
      }
    }
  }

  std::string nameOf(size_t argument) {
    auto name = source.getArgAttrOfType<StringAttr>(
        static_cast<unsigned>(argument), "onnx.name");
    return name ? name.getValue().str() : "#" + std::to_string(argument);
  }

  DictionaryAttr attributes(Attribute name, Value value) {
    Builder b(source.getContext());
    SmallVector<Attribute> dims;
    for (const Expr &dim : shapes[value].shape)
      dims.push_back(b.getStringAttr(
          shapes.context().print(shapes.context().simplify(dim))));
    SmallVector<NamedAttribute> list;
    if (name)
      list.push_back(b.getNamedAttr(hybrid::kNameAttr, name));
    list.push_back(b.getNamedAttr(
        hybrid::kDTypeAttr,
        b.getStringAttr(dtypeName(getElementTypeOrSelf(value.getType())))));
    list.push_back(b.getNamedAttr("hybrid.dims", b.getArrayAttr(dims)));
    return b.getDictionaryAttr(list);
  }

  void describeSignature(Operation *terminator) {
    for (unsigned i = 0; i < source.getNumArguments(); ++i) {
      target.setArgAttrs(i, attributes(source.getArgAttr(i, "onnx.name"),
                                       source.getArgument(i)));
      if (Attribute value = source.getArgAttr(i, "onnx.default"))
        target.setArgAttr(i, "hybrid.default", value);
    }
    for (unsigned i = 0; i < source.getNumResults(); ++i)
      target.setResultAttrs(i, attributes(source.getResultAttr(i, "onnx.name"),
                                          terminator->getOperand(i)));
  }

  func::FuncOp source;
  onnx::SymbolicShapes &shapes;
  RaiseReport &report;
};

/// Whether it is more than arithmetic on single positions, which generic code
/// does as well as an operator's.
bool isSlow(const RaiseEntry &entry) {
  static constexpr StringLiteral perPosition[] = {
      "RMSNormalization", "rms-norm", "RotaryEmbedding",
      "rotary",           "Softplus", "softplus"};
  return !llvm::is_contained(perPosition, StringRef(entry.op));
}

struct RaiseOnnx : impl::RaiseOnnxPassBase<RaiseOnnx> {
  using RaiseOnnxPassBase::RaiseOnnxPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Weights keep their values; unsigned element types become signless ones.
    for (auto weight : module.getOps<hybrid::WeightOp>()) {
      RankedTensorType type = weight.getTensorType(),
                       converted = type.clone(signless(type.getElementType()));
      if (type == converted)
        continue;
      if (auto dense = dyn_cast<DenseElementsAttr>(weight.getValue()))
        weight.setValueAttr(
            DenseElementsAttr::getFromRawBuffer(converted, dense.getRawData()));
      weight.setTypeAttr(TypeAttr::get(converted));
    }
    RaiseReport report, declined;
    // What looked like an operator and is none.
    if (auto notes = module->getAttrOfType<ArrayAttr>("onnx.declined"))
      for (auto note : notes.getAsRange<DictionaryAttr>()) {
        auto text = [&](StringRef name) {
          auto attr = note.getAs<StringAttr>(name);
          return attr ? attr.getValue().str() : std::string();
        };
        declined.kept(text("kind"), text("node"), text("reason"));
        if (std::string partsAt = text("parts_at"); !partsAt.empty())
          declined.entries.back().facts.emplace_back("parts_at", partsAt);
      }
    llvm::StringMap<std::string> positions; // by node
    module.walk([&](Operation *op) {
      positions.try_emplace(hybrid::nodeName(op),
                            hybrid::nodePosition(op->getLoc()));
    });
    for (func::FuncOp function :
         llvm::to_vector(module.getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      auto &analysis = getChildAnalysis<ShapesAnalysis>(function);
      if (failed(analysis.shapes))
        return signalPassFailure();
      FunctionRaiser raiser(function, *analysis.shapes, report);
      LogicalResult raised = guarded(function, [&] {
        reportLeftovers(function, *analysis.shapes, declined);
        return raiser.run();
      });
      if (failed(raised))
        return signalPassFailure();
      function.erase();
    }
    // A function that bears an operator's name and means something else was
    // inlined by the importer, which says why.
    if (auto notes = module->getAttrOfType<ArrayAttr>("onnx.unrecognised"))
      for (auto note : notes.getAsRange<StringAttr>()) {
        auto [function, reason] = note.getValue().split(": ");
        report.kept(function.str(), "each call", reason.str());
      }
    for (RaiseEntry &entry : declined.entries)
      report.entries.push_back(std::move(entry));
    bool fallback = false;
    for (RaiseEntry &entry : report.entries) {
      entry.position = positions.lookup(entry.node);
      Location loc = NameLoc::get(StringAttr::get(&getContext(), entry.node),
                                  module.getLoc());
      auto options = remark::RemarkOpts::name(entry.op).category("raise");
      if (!entry.result.empty()) {
        remark::passed(loc, options) << "raised to " << entry.result;
        continue;
      }
      remark::missed(loc, options) << entry.reason;
      if (errorOnFallback && isSlow(entry)) {
        emitError(loc) << entry.op << " node '" << entry.node
                       << "' stays on a generic path: " << entry.reason;
        fallback = true;
      }
    }
    report.attach(module);
    if (fallback)
      signalPassFailure();
  }
};

} // namespace
} // namespace jarana::raise
