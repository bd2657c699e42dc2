// What a session does with the inputs and outputs of a graph that carries its
// own states.
#pragma once

#include "jarana/compiler.h"
#include "lib/pipeline/StatePairs.h"

#include <optional>

namespace jarana::pipeline {

/// The roles of an entry's inputs and outputs.
struct FoundRoles {
  std::optional<bundle::StateSpec> state;
  bool carriesStates = false; ///< it takes token ids and hands states on
  /// Why there is no `state` though it carries states: what is not understood,
  /// and the options that would state it.
  std::string refusal;
};

/// Finds the roles that are not `stated`. Throws OptionError where a stated one
/// is not there, or is of a type that it cannot have.
FoundRoles findRoles(const std::string &entry,
                     const bundle::EntrySpec &signature,
                     const Dependencies &dependencies, const InputUses &uses,
                     const SessionRoles &stated);

bool isStated(const SessionRoles &roles);

} // namespace jarana::pipeline
