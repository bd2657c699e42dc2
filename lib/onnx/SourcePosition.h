// Where in the exporter's source a node comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jarana::onnx {

/// "modeling_bamba.py:614": the innermost place of a stack trace that is not
/// PyTorch's own. Traces are Python's ('File "x.py", line 614, in forward', the
/// innermost last), as in the metadata of torch.export's nodes, or
/// TorchScript's ("x.py(614): forward", the innermost first), as in a node's
/// documentation. Empty where the text is none.
std::string sourcePosition(std::string_view trace);

/// The trace of a serialised entry of a node's metadata_props; nothing where it
/// is another one, or damaged.
std::optional<std::string_view> stackTraceOf(std::string_view entry);

} // namespace jarana::onnx
