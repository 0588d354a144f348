"""Judges QR codes by a reader and by another maker of them, neither of which is ours.

Reads one JSON object a line, {"text": …, "mask": 0…7 or left out, "size": n, "modules": "0110…"}, and prints for each what
`zxing-cpp` reads and, where a mask is given, whether `segno` draws the same modules: `read=ok drawn=same`.
"""

import json
import sys

import segno
import zxingcpp

SCALE, QUIET = 3, 4


def picture(size, modules):
    side = (size + 2 * QUIET) * SCALE
    rows = bytearray(b"\xff" * side * side)
    for y in range(size):
        for x in range(size):
            if modules[y * size + x] == "1":
                for line in range(SCALE):
                    start = ((y + QUIET) * SCALE + line) * side + (x + QUIET) * SCALE
                    rows[start : start + SCALE] = b"\0" * SCALE
    return memoryview(bytes(rows)).cast("B", shape=[side, side])


def drawn(text, mask):
    symbol = segno.make(text, error="l", micro=False, boost_error=False, mode="byte", mask=mask)
    return "".join("1" if module else "0" for row in symbol.matrix for module in row)


for line in sys.stdin:
    symbol = json.loads(line)
    found = [code.text for code in zxingcpp.read_barcodes(picture(symbol["size"], symbol["modules"]))]
    read = "ok" if found == [symbol["text"]] else "wrong"
    mask = symbol.get("mask")
    same = "unasked" if mask is None else "same" if drawn(symbol["text"], mask) == symbol["modules"] else "different"
    print(f"read={read} drawn={same}")
