// Writes the toy bundle to the folder that is named: for tests of what runs
// bundles.
#include "ToyBundle.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_toy_bundle OUT.jarana\n");
    return 2;
  }
  jarana::toy::writeBundle(argv[1]);
  return 0;
}
