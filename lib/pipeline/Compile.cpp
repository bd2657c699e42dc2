// compileModel: the way of a model through the forms.
#include "jarana/compiler.h"
#include "jarana/error.h"
#include "lib/bundle/Bundle.h"
#include "lib/onnx/Import.h"
#include "lib/pipeline/Codegen.h"
#include "lib/pipeline/DecodeGraph.h"
#include "lib/pipeline/Dialects.h"
#include "lib/pipeline/Forms.h"
#include "lib/pipeline/Reports.h"
#include "lib/pipeline/Roles.h"
#include "lib/pipeline/Signature.h"
#include "lib/pipeline/UsedFeatures.h"
#include "lib/verify/Padding.h"
#include "lib/verify/VerifyPasses.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Pipelines.h"
#include "passes/raise/Passes.h"
#include "passes/raise/Report.h"
#include "passes/state/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace jarana {
namespace {

/// Where a diagnostic comes from, for a user: the model's file or node.
std::string nameOf(Location location, const std::string &model) {
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName() == model ? model
                                   : "node '" + name.getName().str() + "'";
  if (auto fused = dyn_cast<FusedLoc>(location))
    return fused.getLocations().empty()
               ? ""
               : nameOf(fused.getLocations().front(), model);
  if (auto file = dyn_cast<FileLineColLoc>(location))
    return file.getFilename().str();
  return "";
}

class Compilation {
public:
  Compilation(const CompileOptions &options, CompileResult &result)
      : options(options), result(result), context(pipeline::dialects()) {
    context.printOpOnDiagnostic(false);
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &diagnostic) { collect(diagnostic); });
  }

  /// False where an error was reported.
  bool run() {
    bool ok = runForms();
    for (const std::string &declined : verified.declined)
      result.warnings.push_back("--verify-passes: not checked: " + declined);
    return ok;
  }

private:
  bool runForms() {
    std::optional<pipeline::Form> last;
    if (!options.emit.empty())
      last = pipeline::parseForm(options.emit);
    pipeline::CpuTarget target =
        pipeline::makeCpuTarget(options.triple, options.cpu, options.features);
    cpu::PipelineOptions cpuOptions;
    cpuOptions.vectorBits = target.vectorBits;
    cpuOptions.vectorRegisters = target.vectorRegisters;
    cpuOptions.dotBf16 = target.dotBf16;
    cpuOptions.convertsF16 = target.convertsF16;

    say("reading " + options.model);
    onnx::ImportOptions importOptions;
    importOptions.bind = options.bind;
    module = onnx::importModel(context, options.model, importOptions);
    if (!module)
      return false;
    if (auto main = module->lookupSymbol<func::FuncOp>("main")) {
      inputUses = pipeline::usesOf(main);
      if (auto names = main->getAttrOfType<ArrayAttr>(onnx::fixedAttr))
        for (auto name : names.getAsRange<StringAttr>())
          fixedInputs.push_back(name.str());
    }
    if (!options.decode.empty()) {
      say("reading " + options.decode);
      OwningOpRef<ModuleOp> decode =
          onnx::importModel(context, options.decode, importOptions);
      if (!decode || failed(pipeline::addDecodeGraph(*module, *decode)))
        return false;
    }
    if (last == pipeline::Form::Onnx)
      return emit();

    say("raising");
    if (!runPasses([&](OpPassManager &pm) {
          pipeline::populateRaisePhase(pm, {options.errorOnFallback,
                                            options.generalizeLength,
                                            options.generalizeBatch});
        }))
      return false;
    if (wants("raise")) {
      llvm::raw_string_ostream stream(result.reports.emplace_back());
      raise::RaiseReport told = raise::RaiseReport::of(*module);
      if (options.reportJson)
        told.printJson(stream);
      else
        told.printTable(stream);
    }
    if (last == pipeline::Form::Hybrid)
      return emit();
    if (!deriveState() || !describe(target))
      return false;
    decidePadding();
    report();
    if (last == pipeline::Form::Stateful)
      return emit();
    if (!isOfManageableSize())
      return false;

    say("generating code for " + target.cpu);
    if (!runPasses([&](OpPassManager &pm) {
          cpu::populateTensorPhase(pm, cpuOptions);
        }) ||
        !placeWeights() || !runPasses([&](OpPassManager &pm) {
          cpu::populateKernelsPhase(pm, cpuOptions);
        }))
      return false;
    if (last == pipeline::Form::Kernels)
      return emit();
    takeChecksAndWeights();
    if (!runPasses(
            [&](OpPassManager &pm) { cpu::populateLlvmPhase(pm, cpuOptions); }))
      return false;
    if (last == pipeline::Form::Llvm)
      return emit();
    bundle::Manifest &manifest = bundleDescription.manifest;
    if (auto bytes = (*module)->getAttrOfType<IntegerAttr>(cpu::scratchAttr))
      manifest.scratchBytes = bytes.getInt();
    FailureOr<pipeline::GeneratedCode> generated =
        pipeline::generateObject(*module, target);
    if (failed(generated))
      return false;
    manifest.stackBytes = generated->stackBytes;
    if (manifest.stackBytes > bundle::maxStackBytes) {
      emitError((*module)->getLoc())
          << "the code would need " << manifest.stackBytes
          << " bytes of stack, and callers may have no more than "
          << bundle::maxStackBytes;
      return false;
    }
    module = {};
    manifest.target.features =
        pipeline::usedFeatures(generated->object, target);
    std::string code = pipeline::linkSharedObject(generated->object);

    say("writing " + options.output);
    bundleDescription.progress = [&](uint64_t done, uint64_t total) {
      say("writing weights: " + std::to_string(done >> 20) + " of " +
          std::to_string(total >> 20) + " MiB");
    };
    bundleDescription.temporary = options.temporary;
    return succeeded(
        bundle::writeBundle(*weights, bundleDescription, code, options.output));
  }

  void say(const std::string &line) {
    if (options.progress)
      options.progress(line);
  }

  void collect(Diagnostic &diagnostic) {
    std::string text = diagnostic.str(),
                where = nameOf(diagnostic.getLocation(), options.model);
    bool isOfOutput = !options.output.empty() &&
                      text.find(options.output) != std::string::npos;
    if (!where.empty() && !isOfOutput && text.find(where) == std::string::npos)
      text = where + ": " + text;
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      result.errors.push_back(text);
    else if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
      result.warnings.push_back(text);
  }

  bool runPasses(llvm::function_ref<void(OpPassManager &)> populate) {
    PassManager pm(&context);
    if (options.verifyPasses)
      verify::verifyPasses(pm, verified);
    populate(pm);
    return succeeded(pm.run(*module)) && verified.wrongPass.empty();
  }

  bool wants(llvm::StringRef report) const {
    return llvm::is_contained(options.reports, report);
  }

  void report() {
    const bundle::Manifest &manifest = bundleDescription.manifest;
    if (wants("state")) {
      llvm::json::Object report = pipeline::stateReport(*module, manifest);
      llvm::raw_string_ostream stream(result.reports.emplace_back());
      if (options.reportJson)
        stream << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object{
                                               {"state", std::move(report)}}));
      else
        pipeline::printStateReport(report, stream);
    }
    if (wants("memory"))
      result.memory = pipeline::memoryReport(*module, manifest);
  }

  bool emit() {
    llvm::raw_string_ostream stream(result.text);
    module->print(stream);
    return true;
  }

  /// Graphs that come with their own states are driven by these.
  bool deriveState() {
    auto main = module->lookupSymbol<func::FuncOp>("main");
    if (!main)
      return true;
    FailureOr<bundle::EntrySpec> signature = pipeline::signatureOf(main);
    if (failed(signature))
      return false;
    bundle::Manifest &manifest = bundleDescription.manifest;
    pipeline::FoundRoles found =
        pipeline::findRoles("main", *signature, pipeline::dependenciesOf(main),
                            inputUses, options.roles);
    manifest.state = found.state;
    manifest.stateRefusal = found.refusal;
    if (!found.carriesStates) {
      say("deriving the decode step");
      if (!runPasses([&](OpPassManager &pm) {
            pipeline::populateStatePhase(pm, options.roles);
          }))
        return false;
      manifest.state = pipeline::derivedStates(*module);
      if (auto refusal =
              (*module)->getAttrOfType<StringAttr>(state::refusalAttr))
        manifest.stateRefusal = refusal.str();
    }
    if (!manifest.state && pipeline::isStated(options.roles))
      throw pipeline::OptionError(
          "no session can be made of the model, so no role can be stated: " +
          manifest.stateRefusal);
    return true;
  }

  /// Whether sessions may pad sequences.
  void decidePadding() {
    std::optional<bundle::StateSpec> &state = bundleDescription.manifest.state;
    if (!state || state->mask.empty())
      return;
    say("checking that padding changes nothing");
    state->padRefusal = verify::refusalOfPadding(*module, *state);
    state->pads = state->padRefusal.empty();
  }

  /// Bufferization and LLVM take minutes for a function of more ops; models of
  /// hundreds of layers stay far below.
  bool isOfManageableSize() {
    constexpr size_t limit = 60000;
    for (auto function : module->getOps<func::FuncOp>()) {
      size_t count = 0;
      for (Block &block : function.getBody())
        count += block.getOperations().size();
      if (count > limit) {
        module->emitError("the graph is too large: its nodes become ")
            << count << " operations, and the limit is " << limit;
        return false;
      }
    }
    return true;
  }

  /// What the manifest says of the signature, from the hybrid form.
  bool describe(const pipeline::CpuTarget &target) {
    bundle::Manifest &manifest = bundleDescription.manifest;
    manifest.generator = "jarana " JARANA_VERSION;
    manifest.target = {target.triple, target.cpu, ""};
    for (auto function : module->getOps<func::FuncOp>()) {
      if (!function.isPublic())
        continue;
      FailureOr<bundle::EntrySpec> signature = pipeline::signatureOf(function);
      if (failed(signature))
        return false;
      if (function.getName() == "main")
        signature->fixed = fixedInputs;
      manifest.entries[function.getName().str()] = *signature;
    }
    bundle::estimateWork(*module, manifest);
    return true;
  }

  /// The bundle writer says where weights lie; the code reads them there.
  bool placeWeights() {
    auto placements = bundle::layoutWeights(*module);
    if (failed(placements))
      return false;
    bundleDescription.weights = *placements;
    SymbolTable symbols(*module);
    Builder builder(&context);
    for (const bundle::WeightPlacement &placement : *placements)
      symbols.lookup(placement.name)
          ->setAttr(cpu::offsetAttr,
                    builder.getI64IntegerAttr(placement.offset));
    return true;
  }

  /// Weights leave the module before it becomes LLVM's, for the bundle writer.
  void takeChecksAndWeights() {
    if (auto checks = (*module)->getAttrOfType<ArrayAttr>(cpu::checksAttr))
      for (auto &entry : bundleDescription.manifest.entries)
        for (auto message : checks.getAsRange<StringAttr>())
          entry.second.checks.push_back(message.str());
    weights = ModuleOp::create(module->getLoc());
    for (NamedAttribute attribute : (*module)->getDiscardableAttrs())
      if (attribute.getName().getValue().starts_with("hybrid.")) {
        (*weights)->setAttr(attribute.getName(), attribute.getValue());
        (*module)->removeDiscardableAttr(attribute.getName());
      }
    for (auto weight :
         llvm::make_early_inc_range(module->getOps<hybrid::WeightOp>()))
      weight->moveBefore(weights->getBody(), weights->getBody()->end());
  }

  const CompileOptions &options;
  CompileResult &result;
  MLIRContext context;
  OwningOpRef<ModuleOp> module, weights;
  bundle::BundleDescription bundleDescription;
  pipeline::InputUses inputUses;
  std::vector<std::string> fixedInputs;
  verify::VerifyLog verified;
};

} // namespace

CompileResult compileModel(const CompileOptions &options) {
  CompileResult result;
  try {
    if (options.target != "cpu")
      throw pipeline::OptionError("--target=" + options.target +
                                  " is not there yet; 'cpu' is");
    result.ok = Compilation(options, result).run();
    if (!result.ok && result.errors.empty())
      result.errors.push_back("the model cannot be compiled, and no reason was "
                              "given: this is a bug");
  } catch (const pipeline::OptionError &error) {
    result.badOption = true;
    result.errors.push_back(error.what());
  } catch (const std::bad_alloc &) {
    result.errors.push_back("out of memory");
  } catch (const std::exception &error) {
    result.errors.push_back(error.what());
  }
  return result;
}

} // namespace jarana
