// Which extensions of x86-64 an instruction needs, by its encoding.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <set>
#include <string>

namespace jarana::pipeline {

/// Whether this knows the instructions of a feature: code generation is kept
/// from all others. Also true for what every x86-64 processor has.
bool isKnownX86Feature(llvm::StringRef feature);

/// Adds the features, by LLVM's names, that the instruction needs; where its
/// encoding leaves open which of several, all of them. `name` is LLVM's name of
/// the instruction (VADDPSZrr).
void addX86Features(llvm::StringRef name, llvm::ArrayRef<uint8_t> bytes,
                    std::set<std::string> &needed);

} // namespace jarana::pipeline
