#!/usr/bin/env python3
"""Prints UnicodeRanges.inc: the code points that are letters (L*) and numbers (N*), as ranges, from Python's unicodedata."""

import unicodedata


def ranges(kind):
    found = []
    for code in range(0x110000):
        if unicodedata.category(chr(code))[0] == kind:
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return found


def main():
    print(f"// Unicode {unicodedata.unidata_version}; made by gen_unicode_ranges.py.")
    print("// clang-format off")
    for name, kind in (("letterRanges", "L"), ("numberRanges", "N")):
        print(f"constexpr CodeRange {name}[] = {{")
        words = [f"{{{first:#x}, {last:#x}}}" for first, last in ranges(kind)]
        for at in range(0, len(words), 8):
            print("    " + ", ".join(words[at : at + 8]) + ",")
        print("};")
    print("// clang-format on")


if __name__ == "__main__":
    main()
