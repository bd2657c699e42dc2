// RUN: jarana-opt %s -verify-diagnostics

// check_c1
func.func @check_c1(%c: i1) {
  // expected-error @below {{'hybrid.check' op the message must not be empty}}
  hybrid.check %c, ""
  return
}
