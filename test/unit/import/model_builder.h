// Small ONNX models for the import tests, and what importing them gives.
#pragma once

#include "lib/onnx/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "onnx-ml.pb.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace import_test {

using Names = std::vector<std::string>;

inline onnx::NodeProto *
addNode(google::protobuf::RepeatedPtrField<onnx::NodeProto> *nodes,
        const std::string &op, const Names &inputs, const Names &outputs,
        const std::string &domain = "") {
  onnx::NodeProto *node = nodes->Add();
  node->set_op_type(op);
  node->set_name("the_" + op + std::to_string(nodes->size()));
  node->set_domain(domain);
  for (const std::string &name : inputs)
    node->add_input(name);
  for (const std::string &name : outputs)
    node->add_output(name);
  return node;
}

inline onnx::AttributeProto *add(onnx::NodeProto *node, const std::string &name,
                                 onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}
inline void addInt(onnx::NodeProto *node, const std::string &name,
                   int64_t value) {
  add(node, name, onnx::AttributeProto::INT)->set_i(value);
}
inline void addFloat(onnx::NodeProto *node, const std::string &name,
                     float value) {
  add(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
}
inline void addString(onnx::NodeProto *node, const std::string &name,
                      const std::string &value) {
  add(node, name, onnx::AttributeProto::STRING)->set_s(value);
}
inline void addInts(onnx::NodeProto *node, const std::string &name,
                    const std::vector<int64_t> &values) {
  onnx::AttributeProto *attribute = add(node, name, onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
}
inline void addRef(onnx::NodeProto *node, const std::string &name,
                   onnx::AttributeProto::AttributeType type,
                   const std::string &refersTo) {
  add(node, name, type)->set_ref_attr_name(refersTo);
}

/// dims: numbers or names.
inline void
addValue(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> *values,
         const std::string &name, int type, const Names &dims) {
  onnx::ValueInfoProto *info = values->Add();
  info->set_name(name);
  auto *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const std::string &dim : dims)
    tensor->mutable_shape()->add_dim()->set_dim_param(dim);
}

inline onnx::TensorProto *addTensor(onnx::GraphProto *graph,
                                    const std::string &name, int type,
                                    const std::vector<int64_t> &dims) {
  onnx::TensorProto *tensor = graph->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t dim : dims)
    tensor->add_dims(dim);
  return tensor;
}
inline void addInt64s(onnx::GraphProto *graph, const std::string &name,
                      const std::vector<int64_t> &values) {
  onnx::TensorProto *tensor = addTensor(graph, name, onnx::TensorProto::INT64,
                                        {static_cast<int64_t>(values.size())});
  for (int64_t value : values)
    tensor->add_int64_data(value);
}

inline void addOpset(onnx::ModelProto &model, const std::string &domain,
                     int64_t version) {
  auto *import = model.add_opset_import();
  import->set_domain(domain);
  import->set_version(version);
}

/// A model of one opset with the float input x [batch, 8] and the float output
/// y [batch, 8].
inline onnx::ModelProto newModel(int64_t opset = 20) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  addOpset(model, "", opset);
  model.mutable_graph()->set_name("g");
  addValue(model.mutable_graph()->mutable_input(), "x",
           onnx::TensorProto::FLOAT, {"batch", "8"});
  addValue(model.mutable_graph()->mutable_output(), "y",
           onnx::TensorProto::FLOAT, {"batch", "8"});
  return model;
}

/// A folder of its own for each test program, removed at the end.
class Folder {
public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "jarana-import-XXXXXX")
            .string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string &name, const std::string &bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return (path / name).string();
  }
  std::filesystem::path path;
};

inline Folder &scratch() {
  static Folder folder;
  return folder;
}

struct Imported {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::string message; ///< all diagnostics
  int messages = 0;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string text; ///< the module, printed

  explicit Imported(const std::string &path,
                    const jarana::onnx::ImportOptions &options = {}) {
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          message += diagnostic.str();
          messages +=
              diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
          return mlir::success();
        });
    module = jarana::onnx::importModel(context, path, options);
    if (module) {
      llvm::raw_string_ostream stream(text);
      module->print(stream);
    }
  }
  explicit Imported(const onnx::ModelProto &model,
                    const jarana::onnx::ImportOptions &options = {})
      : Imported(scratch().write("model.onnx", model.SerializeAsString()),
                 options) {}

  bool has(const std::string &part) const {
    return text.find(part) != std::string::npos;
  }
  bool says(const std::string &part) const {
    return message.find(part) != std::string::npos;
  }
};

} // namespace import_test
