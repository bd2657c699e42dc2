#include "lib/onnx/OperatorTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

namespace jarana::onnx {
namespace {

constexpr OperatorVersion table[] = {
#include "lib/onnx/OperatorTable.inc"
    // Not of the standard, but ONNX Runtime takes them and exporters write
    // them: the first, and what version 17 of the second is.
    {"", "SimplifiedLayerNormalization", 1, "ss", 2, "s?", 1,
     "axis:i epsilon:f stash_type:i"},
    {"", "LayerNormalization", 1, "ss?", 2, "s??", 1,
     "axis:i epsilon:f stash_type:i"},
    {"com.microsoft", "BiasGelu", 1, "ss", 2, "s", 1, ""},
    {"com.microsoft", "CausalConvWithState", 1, "ss??", 2, "ss", 1,
     "activation:s ndim:i"},
    {"com.microsoft", "DequantizeLinear", 1, "ss?", 2, "s", 1, "axis:i"},
    {"com.microsoft", "DynamicQuantizeMatMul", 1, "sss??", 3, "s", 1, ""},
    {"com.microsoft", "FastGelu", 1, "s?", 1, "s", 1, ""},
    {"com.microsoft", "FusedGemm", 1, "ss?", 2, "s", 1,
     "activation:s activation_alpha:f activation_beta:f activation_gamma:f "
     "alpha:f beta:f transA:i transB:i"},
    {"com.microsoft", "FusedMatMul", 1, "ss", 2, "s", 1,
     "alpha:f transA:i transB:i transBatchA:i transBatchB:i"},
    {"com.microsoft", "GatherBlockQuantized", 1, "sss?", 3, "s", 1,
     "bits:i block_size:i gather_axis:i quantize_axis:i"},
    {"com.microsoft", "Gelu", 1, "s", 1, "s", 1, ""},
    {"com.microsoft", "GroupQueryAttention", 1, "s????ss???????", 7, "s???", 1,
     "do_rotary:i k_quant_type:s kv_cache_bit_width:i kv_num_heads:i! "
     "local_window_size:i num_heads:i! qk_output:i "
     "rotary_interleaved:i scale:f smooth_softmax:i softcap:f v_quant_type:s"},
    {"com.microsoft", "LinearAttention", 1, "sss???", 3, "ss", 1,
     "chunk_size:i kv_num_heads:i! q_num_heads:i! scale:f update_rule:s"},
    {"com.microsoft", "MatMulIntegerToFloat", 1, "ssss???", 4, "s", 1, ""},
    {"com.microsoft", "MatMulNBits", 1, "sss???", 3, "s", 1,
     "K:i! N:i! accuracy_level:i bits:i block_size:i! weight_prepacked:i"},
    {"com.microsoft", "QGemm", 1, "ssssss???", 6, "s", 1,
     "alpha:f transA:i transB:i"},
    {"com.microsoft", "QLinearAdd", 1, "ss?ss?s?", 7, "s", 1, ""},
    {"com.microsoft", "QLinearConcat", 1, "ss*", 3, "s", 1, "axis:i!"},
    {"com.microsoft", "QLinearLeakyRelu", 1, "ss?s?", 4, "s", 1, "alpha:f"},
    {"com.microsoft", "QLinearMul", 1, "ss?ss?s?", 7, "s", 1, ""},
    {"com.microsoft", "QLinearSigmoid", 1, "ss?s?", 4, "s", 1, ""},
    {"com.microsoft", "QLinearWhere", 1, "sssssssss", 9, "s", 1, ""},
    {"com.microsoft", "QuantizeLinear", 1, "ss?", 2, "s", 1, "axis:i"},
    {"com.microsoft", "QuickGelu", 1, "s", 1, "s", 1, "alpha:f"},
    {"com.microsoft", "RotaryEmbedding", 1, "ssss", 4, "s", 1,
     "interleaved:i is_packed_batching:i num_heads:i rotary_embedding_dim:i "
     "scale:f"},
    {"com.microsoft", "SkipLayerNormalization", 1, "sss??", 3, "s???", 1,
     "epsilon:f"},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, "sss?", 3, "s???",
     1, "epsilon:f"},
    {"com.microsoft", "Trilu", 1, "s?", 1, "s", 1, "upper:i"},
};

using Versions = llvm::SmallVector<const OperatorVersion *, 6>;

/// "domain:name" to its versions, oldest first.
const llvm::StringMap<Versions> &index() {
  static const llvm::StringMap<Versions> map = [] {
    llvm::StringMap<Versions> built;
    for (const OperatorVersion &version : table)
      built[(version.domain + ":" + version.name).str()].push_back(&version);
    for (auto &entry : built)
      llvm::sort(entry.second, [](const auto *a, const auto *b) {
        return a->since < b->since;
      });
    return built;
  }();
  return map;
}

const Versions *versionsOf(llvm::StringRef domain, llvm::StringRef name) {
  auto found = index().find((domain + ":" + name).str());
  return found == index().end() ? nullptr : &found->second;
}

} // namespace

char OperatorVersion::attributeKind(llvm::StringRef attribute) const {
  for (llvm::StringRef rest = attributes; !rest.empty();) {
    auto [entry, tail] = rest.split(' ');
    auto [key, kind] = entry.split(':');
    if (key == attribute)
      return kind.front();
    rest = tail;
  }
  return 0;
}

const OperatorVersion *findVersion(llvm::StringRef domain, llvm::StringRef name,
                                   int64_t opset) {
  const OperatorVersion *found = nullptr;
  if (const Versions *versions = versionsOf(domain, name))
    for (const OperatorVersion *version : *versions)
      if (version->since <= opset)
        found = version;
  return found;
}

const OperatorVersion *newestVersion(llvm::StringRef domain,
                                     llvm::StringRef name) {
  const Versions *versions = versionsOf(domain, name);
  return versions ? versions->back() : nullptr;
}

const OperatorVersion *oldestVersion(llvm::StringRef domain,
                                     llvm::StringRef name) {
  const Versions *versions = versionsOf(domain, name);
  return versions ? versions->front() : nullptr;
}

llvm::ArrayRef<OperatorVersion> allVersions() { return table; }

std::string nearestOperator(llvm::StringRef domain, llvm::StringRef name) {
  if (name.size() > 64) // the distance takes time in proportion
    return {};
  // A letter or two that differ are a misspelling; more are another operator.
  unsigned bestDistance = name.size() < 6 ? 2 : 3;
  const OperatorVersion *best = nullptr;
  for (const OperatorVersion &version : table) {
    if (version.domain != domain)
      continue;
    unsigned distance = name.edit_distance_insensitive(version.name);
    if (distance < bestDistance) {
      best = &version;
      bestDistance = distance;
    }
  }
  if (!best)
    return {};
  return best->domain.empty() ? best->name.str()
                              : (best->domain + "." + best->name).str();
}

} // namespace jarana::onnx
