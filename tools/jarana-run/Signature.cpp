// jarana-run OUT.jarana --inputs=in.safetensors --outputs=out.safetensors
#include "Modes.h"

#include "jarana/session.hpp"
#include "lib/safetensors/Safetensors.h"
#include "runtime/Manifest.h"

#include <algorithm>

namespace jarana::tools {

static jarana_dtype dtypeNamed(const std::string &numpyName) {
  for (int i = 0; jarana_dtype_name(static_cast<jarana_dtype>(i)); ++i)
    if (numpyName == jarana_dtype_name(static_cast<jarana_dtype>(i)))
      return static_cast<jarana_dtype>(i);
  throw Error("dtype '" + numpyName + "' is not supported");
}

int runSignature(const Options &options) {
  Bundle bundle(options.positional()[0],
                options.has("verify") ? JARANA_VERIFY_WEIGHTS : 0);
  auto inputs = safetensors::File::open(options.text("inputs"));
  const std::string entry = options.text("entry", "main");
  Call call(bundle, entry,
            static_cast<uint32_t>(options.number("threads", 0, 1, 4096)));
  for (const auto &[name, tensor] : inputs->entries()) {
    try {
      call.setInput(name, {dtypeNamed(bundle::numpyDtype(tensor.dtype)),
                           tensor.shape, const_cast<std::byte *>(tensor.data)});
    } catch (const Error &e) {
      throw Error("'" + options.text("inputs") + "': " + e.what());
    }
  }
  call.run();
  std::map<std::string, safetensors::Entry> outputs;
  for (const TensorSpec &spec : bundle.outputs(entry)) {
    TensorView tensor = call.output(spec.name);
    outputs[spec.name] = {
        bundle::safetensorsDtype(jarana_dtype_name(tensor.dtype)), tensor.shape,
        static_cast<const std::byte *>(tensor.data), tensor.bytes()};
  }
  safetensors::write(options.text("outputs"), outputs);
  return 0;
}

} // namespace jarana::tools
