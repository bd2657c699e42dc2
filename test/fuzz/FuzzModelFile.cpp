// The bytes of an ONNX file: the skeleton, and protobuf on what is left.
#include "jarana/error.h"
#include "lib/onnx/Skeleton.h"

#include "onnx-ml.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try {
    std::string skeleton = jarana::onnx::makeSkeleton(
        {reinterpret_cast<const char *>(data), size});
    onnx::ModelProto model;
    if (skeleton.size() <= INT32_MAX)
      (void)model.ParseFromArray(skeleton.data(),
                                 static_cast<int>(skeleton.size()));
  } catch (const jarana::Error &) {
  }
  return 0;
}
