// Which inputs and outputs of a graph are states, by their names.
#pragma once

#include "runtime/Manifest.h"

#include <optional>

namespace jarana::pipeline {

/// The roles of an entry's inputs and outputs; none where it carries no states,
/// or lacks ids or logits. A state input whose next value is not an output ends
/// the matter too: the graph cannot be driven step by step.
std::optional<bundle::StateSpec> findStates(const std::string &entry,
                                            const bundle::EntrySpec &signature);

} // namespace jarana::pipeline
