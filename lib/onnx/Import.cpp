#include "lib/onnx/Import.h"

#include "dialects/hybrid/Hybrid.h"
#include "lib/onnx/Importer.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/JSON.h"

namespace jarana::onnx {

using namespace mlir;

/// One line of valid text, whatever names the model has.
static std::string printable(const char *message) {
  std::string text = llvm::json::fixUTF8(message);
  for (char &letter : text)
    if (static_cast<unsigned char>(letter) < ' ')
      letter = '?';
  return text;
}

OwningOpRef<ModuleOp> importModel(MLIRContext &context, const std::string &path,
                                  const ImportOptions &options) {
  context.loadDialect<mlir::onnx::OnnxDialect, hybrid::HybridDialect,
                      func::FuncDialect>();
  // One message that names the node says more than a dump of the operation.
  bool printOperation = context.shouldPrintOpOnDiagnostic();
  context.printOpOnDiagnostic(false);
  llvm::scope_exit restore(
      [&] { context.printOpOnDiagnostic(printOperation); });
  // The tools take a NameLoc for a node.
  Location location = FileLineColLoc::get(&context, path, 0, 0);
  try {
    ModelFile file(path);
    Session session(context, file, options);
    OwningOpRef<ModuleOp> module = ModuleOp::create(location);
    (*module)->setAttr("hybrid.model_dir",
                       StringAttr::get(&context, file.folder()));
    GraphImporter(session, *module).importMain();
    SmallVector<Attribute> notes;
    for (const auto &[name, reason] : session.unrecognised)
      notes.push_back(StringAttr::get(&context, name + ": " + reason));
    if (!notes.empty())
      (*module)->setAttr("onnx.unrecognised", ArrayAttr::get(&context, notes));
    if (failed(verify(*module)))
      return {};
    return module;
  } catch (const Diagnosed &) {
    return {};
  } catch (const Error &error) {
    emitError(location) << printable(error.what());
  } catch (const std::exception &error) {
    // bad_alloc, filesystem errors: still a message, never an abort.
    emitError(location) << "cannot import the model: " << error.what();
  }
  return {};
}

} // namespace jarana::onnx
