// derive-state: @prefill and @decode beside @main.
#include "passes/state/Build.h"
#include "passes/state/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace jarana::state {
#define GEN_PASS_DEF_DERIVESTATEPASS
#include "passes/state/Passes.h.inc"

namespace {

struct DeriveState : impl::DeriveStatePassBase<DeriveState> {
  using impl::DeriveStatePassBase<DeriveState>::DeriveStatePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock() ||
        module.lookupSymbol("prefill") || module.lookupSymbol("decode"))
      return;
    func::FuncOp whole = withDefaults(main);
    deriveFrom(whole);
    if (whole != main)
      whole.erase();
  }

private:
  void deriveFrom(func::FuncOp main) {
    Refusal refusal;
    std::optional<Roles> roles =
        findRoles(main, {ids, mask, positions, logits}, refusal);
    if (!roles)
      return refuse(refusal);
    Analysis analysis(main, *roles);
    bool derivable = analysis.run();
    report(main, analysis);
    if (!derivable)
      return refuse(analysis.refusal());
    SmallVector<func::FuncOp> made;
    for (bool step : {true, false}) { // each is put right behind main
      Build build(main, analysis, step ? "decode" : "prefill", step);
      made.push_back(build.run());
      describe(made.back(), main, *roles, build);
    }
    for (func::FuncOp function : made)
      if (failed(verify(function)))
        return signalPassFailure();
    numDerived += made.size();
    remark::analysis(
        main.getLoc(),
        remark::RemarkOpts::name("derived").category("derive-state"))
        << "prefill and decode continue from states";
    for (unsigned i = 0; i < main.getNumResults(); ++i)
      if (auto name =
              main.getResultAttrOfType<StringAttr>(i, hybrid::kNameAttr);
          name && i != roles->logits)
        remark::analysis(
            main.getLoc(),
            remark::RemarkOpts::name("dropped").category("derive-state"))
            << "output '" + name.str() + "' is given by main alone";
  }

  /// Sessions give no values to inputs that have defaults: a function in which
  /// these are constants, or `main` itself where there are none.
  static func::FuncOp withDefaults(func::FuncOp main) {
    llvm::BitVector constant(main.getNumArguments());
    for (unsigned i = 0; i < main.getNumArguments(); ++i)
      if (main.getArgAttr(i, "hybrid.default"))
        constant.set(i);
    if (constant.none())
      return main;
    func::FuncOp whole = main.clone();
    main->getBlock()->getOperations().insertAfter(main->getIterator(), whole);
    OpBuilder b = OpBuilder::atBlockBegin(&whole.getBody().front());
    for (unsigned i : constant.set_bits()) {
      auto value = cast<TypedAttr>(main.getArgAttr(i, "hybrid.default"));
      whole.getArgument(i).replaceAllUsesWith(
          arith::ConstantOp::create(b, whole.getLoc(), value));
    }
    (void)whole.eraseArguments(constant);
    whole.setName("main_of_defaults");
    whole.setPrivate();
    return whole;
  }

  void refuse(const Refusal &refusal) {
    std::string node = hybrid::nodeName(refusal.op), text;
    if (isa<func::FuncOp, hybrid::CheckOp>(refusal.op))
      text = "the model " + refusal.reason;
    else if (node.empty())
      text = "op '" + refusal.op->getName().getStringRef().str() + "' " +
             refusal.reason;
    else
      text = "node '" + node + "' (" +
             refusal.op->getName().getStringRef().str() + ") " + refusal.reason;
    getOperation()->setAttr(refusalAttr, StringAttr::get(&getContext(), text));
    remark::missed(refusal.op->getLoc(),
                   remark::RemarkOpts::name("refused").category("derive-state"))
        << text;
  }

  /// The plan of the states, for the manifest.
  void describe(func::FuncOp function, func::FuncOp main, const Roles &roles,
                const Build &build) {
    Builder b(&getContext());
    SmallVector<NamedAttribute> plan;
    auto nameOf = [](DictionaryAttr attributes) {
      return attributes.getAs<StringAttr>(hybrid::kNameAttr);
    };
    auto add = [&](StringRef role, std::optional<unsigned> argument) {
      if (!argument)
        return;
      auto name = nameOf(main.getArgAttrDict(*argument));
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (nameOf(function.getArgAttrDict(i)) == name)
          plan.push_back(b.getNamedAttr(role, name));
    };
    add("ids", roles.ids);
    add("mask", roles.mask);
    add("positions", roles.positions);
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (auto name = nameOf(function.getArgAttrDict(i));
          name == "positions" && !roles.positions)
        plan.push_back(b.getNamedAttr("positions", name));
    plan.push_back(
        b.getNamedAttr("logits", nameOf(function.getResultAttrDict(0))));
    SmallVector<Attribute> tensors;
    for (const StateTensor &tensor : build.states())
      tensors.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("input", b.getStringAttr(tensor.input)),
           b.getNamedAttr("kind", b.getStringAttr(tensor.kind)),
           b.getNamedAttr("node", b.getStringAttr(tensor.node)),
           b.getNamedAttr("output", b.getStringAttr(tensor.output))}));
    plan.push_back(b.getNamedAttr("tensors", b.getArrayAttr(tensors)));
    function->setAttr(stateAttr, b.getDictionaryAttr(plan));
  }

  /// How each op that the logits depend on acts on the sequence.
  void report(func::FuncOp main, Analysis &analysis) {
    Builder b(&getContext());
    SmallVector<Attribute> rows;
    for (Operation &op : main.getBody().front()) {
      std::optional<Action> action = analysis.actionOf(&op);
      int axis = analysis.sequenceAxis(&op);
      if (!action || (axis < 0 && *action != Action::Opaque) ||
          (op.hasTrait<OpTrait::ConstantLike>() ||
           isa<tensor::EmptyOp, linalg::FillOp>(op)))
        continue;
      rows.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("action", b.getStringAttr(toString(*action))),
           b.getNamedAttr("axis", b.getI64IntegerAttr(axis)),
           b.getNamedAttr("node", b.getStringAttr(hybrid::nodeName(&op))),
           b.getNamedAttr("op",
                          b.getStringAttr(op.getName().getStringRef()))}));
    }
    getOperation()->setAttr(reportAttr, b.getArrayAttr(rows));
  }
};

} // namespace
} // namespace jarana::state
