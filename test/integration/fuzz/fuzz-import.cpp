// Imports damaged models: `fuzz-import SEED RUNS WORK SEED-MODEL...`. Each run
// changes one of the models a little, in its bytes or in its messages, writes
// it to the folder WORK, and imports it: a module or an error must come of it.
// The last line says how many were taken and refused; a crash leaves the model
// at fault as WORK/mutant.onnx.
#include "lib/onnx/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "onnx-ml.pb.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <random>

#include <sys/resource.h>
#include <unistd.h>

namespace {

/// A generator whose results are the same with every library.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  uint64_t below(uint64_t bound) { return bound ? engine() % bound : 0; }
  bool chance(uint64_t oneIn) { return below(oneIn) == 0; }
  template <class List> auto &pick(List &list) {
    return list[static_cast<int>(below(std::size(list)))];
  }
  /// Small numbers, the ends of ranges, anything.
  int64_t number() {
    static constexpr int64_t special[] = {0,
                                          -1,
                                          1,
                                          2,
                                          3,
                                          -2,
                                          7,
                                          std::numeric_limits<int64_t>::max(),
                                          1 << 20,
                                          65537,
                                          std::numeric_limits<int64_t>::min(),
                                          int64_t(1) << 40};
    return chance(6) ? static_cast<int64_t>(engine()) : pick(special);
  }

private:
  std::mt19937_64 engine;
};

void damageBytes(std::string &bytes, Random &random) {
  if (bytes.empty())
    return;
  size_t at = random.below(bytes.size());
  size_t length = std::min<size_t>(1 + random.below(16), bytes.size() - at);
  switch (random.below(6)) {
  case 0:
    bytes[at] ^= static_cast<char>(1 << random.below(8));
    break;
  case 1:
    bytes[at] = static_cast<char>(random.below(256));
    break;
  case 2:
    bytes.erase(at, length);
    break;
  case 3:
    bytes.insert(at, bytes.substr(random.below(bytes.size()), length));
    break;
  case 4:
    bytes.insert(at, length, static_cast<char>(random.below(256)));
    break;
  default:
    bytes.resize(at);
  }
}

class Mutator {
public:
  Mutator(onnx::GraphProto &graph, Random &random,
          const std::vector<std::string> &operators)
      : graph(graph), random(random), operators(operators) {}

  void run() {
    switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      if (graph.node_size())
        changeAttributes(random.pick(*graph.mutable_node()));
      break;
    case 3:
    case 4:
      if (graph.node_size())
        changeOperands(random.pick(*graph.mutable_node()));
      break;
    case 5:
      if (graph.node_size())
        random.pick(*graph.mutable_node()).set_op_type(random.pick(operators));
      break;
    case 6:
      changeNodes();
      break;
    case 7:
    case 8:
      if (graph.initializer_size())
        changeTensor(random.pick(*graph.mutable_initializer()));
      break;
    default:
      changeInputs();
    }
  }

private:
  void changeAttributes(onnx::NodeProto &node) {
    if (!node.attribute_size() || random.chance(8)) {
      onnx::AttributeProto *made = node.add_attribute();
      made->set_name(random.chance(2) ? "axis" : "to");
      made->set_type(onnx::AttributeProto::INT);
      made->set_i(random.number());
      return;
    }
    onnx::AttributeProto &attribute = random.pick(*node.mutable_attribute());
    switch (random.below(7)) {
    case 0:
      node.mutable_attribute()->RemoveLast();
      break;
    case 1:
      attribute.set_type(
          static_cast<onnx::AttributeProto::AttributeType>(random.below(15)));
      break;
    case 2:
      attribute.set_f(random.chance(2) ? std::nanf("") : 1e38f);
      break;
    case 3:
      attribute.set_s(random.chance(2) ? "" : "bij,bjk->bik");
      break;
    default:
      if (attribute.has_t())
        changeTensor(*attribute.mutable_t());
      else if (attribute.has_g())
        Mutator(*attribute.mutable_g(), random, operators).run();
      else if (attribute.ints_size() && random.chance(2))
        attribute.set_ints(
            static_cast<int>(random.below(attribute.ints_size())),
            random.number());
      else if (attribute.ints_size() && random.chance(3))
        attribute.mutable_ints()->RemoveLast();
      else if (attribute.type() == onnx::AttributeProto::INTS)
        attribute.add_ints(random.number());
      else
        attribute.set_i(random.number());
    }
  }

  void changeOperands(onnx::NodeProto &node) {
    switch (random.below(5)) {
    case 0:
      if (node.input_size())
        node.mutable_input()->RemoveLast();
      break;
    case 1:
      node.add_input(someValue());
      break;
    case 2:
      if (node.output_size() && random.chance(2))
        node.mutable_output()->RemoveLast();
      else
        node.add_output("another" + std::to_string(random.below(4)));
      break;
    default:
      if (node.input_size())
        *node.mutable_input(static_cast<int>(random.below(node.input_size()))) =
            someValue();
    }
  }

  std::string someValue() {
    if (random.chance(8))
      return "";
    if (graph.initializer_size() && random.chance(3))
      return random.pick(*graph.mutable_initializer()).name();
    if (graph.input_size() && random.chance(3))
      return random.pick(*graph.mutable_input()).name();
    if (graph.node_size()) {
      onnx::NodeProto &node = random.pick(*graph.mutable_node());
      if (node.output_size())
        return random.pick(*node.mutable_output());
    }
    return "nothing";
  }

  void changeNodes() {
    int size = graph.node_size();
    if (!size)
      return;
    int at = static_cast<int>(random.below(size));
    switch (random.below(3)) {
    case 0:
      graph.mutable_node()->DeleteSubrange(at, 1);
      break;
    case 1:
      graph.mutable_node()->SwapElements(at, size - 1);
      break;
    default:
      *graph.add_node() = onnx::NodeProto(graph.node(at));
    }
  }

  void changeTensor(onnx::TensorProto &tensor) {
    switch (random.below(6)) {
    case 0:
      if (tensor.dims_size())
        tensor.set_dims(static_cast<int>(random.below(tensor.dims_size())),
                        random.number());
      break;
    case 1:
      tensor.add_dims(random.number());
      break;
    case 2:
      tensor.set_data_type(static_cast<int>(random.below(27)));
      break;
    case 3:
      if (tensor.int64_data_size())
        tensor.set_int64_data(
            static_cast<int>(random.below(tensor.int64_data_size())),
            random.number());
      else
        damageBytes(*tensor.mutable_raw_data(), random);
      break;
    case 4:
      tensor.set_data_location(onnx::TensorProto::EXTERNAL);
      break;
    default:
      damageBytes(*tensor.mutable_raw_data(), random);
    }
  }

  void changeInputs() {
    auto &values =
        random.chance(3) ? *graph.mutable_output() : *graph.mutable_input();
    if (values.empty())
      return;
    auto *type = random.pick(values).mutable_type()->mutable_tensor_type();
    int rank = type->shape().dim_size();
    switch (random.below(4)) {
    case 0:
      type->set_elem_type(static_cast<int>(random.below(27)));
      break;
    case 1:
      type->mutable_shape()->add_dim()->set_dim_value(random.number());
      break;
    case 2:
      if (rank)
        type->mutable_shape()->mutable_dim()->RemoveLast();
      break;
    default:
      if (rank)
        type->mutable_shape()
            ->mutable_dim(static_cast<int>(random.below(rank)))
            ->set_dim_value(random.number());
    }
  }

  onnx::GraphProto &graph;
  Random &random;
  const std::vector<std::string> &operators;
};

std::string readAll(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// True where a module came of it; false with at least one error. Anything else
/// ends the program.
bool import(mlir::MLIRContext &context, const std::string &path) {
  int messages = 0;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    messages += d.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  auto module = jarana::onnx::importModel(context, path);
  if (module ? messages > 0 : messages == 0) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(),
                 module ? "a module, and an error" : "refused without a word");
    std::exit(1);
  }
  return bool(module);
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: fuzz-import SEED RUNS WORK MODEL...\n");
    return 2;
  }
  Random random(std::strtoull(argv[1], nullptr, 10));
  long runs = std::atol(argv[2]);
  // The libraries alone map some hundred MB.
  rlimit limit{uint64_t(3) << 30, uint64_t(3) << 30};
  setrlimit(RLIMIT_AS, &limit);

  std::vector<std::string> seeds, operators;
  for (int i = 4; i < argc; ++i) {
    seeds.push_back(readAll(argv[i]));
    onnx::ModelProto model;
    if (model.ParseFromString(seeds.back()))
      for (const onnx::NodeProto &node : model.graph().node())
        operators.push_back(node.op_type());
  }
  std::string path = std::string(argv[3]) + "/mutant.onnx";
  std::optional<mlir::MLIRContext> context;
  long taken = 0;
  for (long run = 0; run < runs; ++run) {
    std::string bytes = random.pick(seeds);
    onnx::ModelProto model;
    if (!random.chance(3) && model.ParseFromString(bytes)) {
      for (uint64_t edits = 1 + random.below(3); edits; --edits)
        if (model.opset_import_size() && random.chance(20))
          model.mutable_opset_import(0)->set_version(random.number());
        else
          Mutator(*model.mutable_graph(), random, operators).run();
      bytes = model.SerializeAsString();
    } else {
      damageBytes(bytes, random);
    }
    std::ofstream(path, std::ios::binary) << bytes;
    alarm(20); // what takes longer is killed
    // A context keeps every attribute that it ever saw.
    if (run % 500 == 0)
      context.emplace(mlir::MLIRContext::Threading::DISABLED);
    taken += import(*context, path);
  }
  std::printf("%ld taken, %ld refused\n", taken, runs - taken);
  return 0;
}
