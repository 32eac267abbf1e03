"""Writes unidecode.json: what Python's Unidecode makes of each row of 16 code points, as checksums.

    python3 -m venv venv && venv/bin/pip install Unidecode==1.4.0
    venv/bin/python unidecode_golden.py            # writes unidecode.json beside this script
    venv/bin/python unidecode_golden.py --show 2010  # prints the row that begins at U+2010

Each character is lowered first, as the reference network's script does. A row's checksum is the CRC-32 of its 16 results,
each followed by a zero byte, in UTF-8. Checksums and not the results: Unidecode's table stays in its own package.
"""

import json
import pathlib
import sys
import warnings
import zlib

from unidecode import unidecode

warnings.simplefilter("ignore")
BLOCKS = [(0x0080, 0x0250), (0x1E00, 0x1F00), (0x2000, 0x2070)]


def row(first):
    return [unidecode(chr(code).lower()) for code in range(first, first + 16)]


if sys.argv[1:2] == ["--show"]:
    first = int(sys.argv[2], 16)
    for code, result in enumerate(row(first), first):
        print(f"U+{code:04X} {result!r}")
else:
    rows = {
        f"{first:04X}": zlib.crc32("".join(result + "\0" for result in row(first)).encode())
        for begin, end in BLOCKS
        for first in range(begin, end, 16)
    }
    target = pathlib.Path(__file__).with_name("unidecode.json")
    target.write_text(json.dumps({"unidecode": "1.4.0", "rows": rows}, indent=1) + "\n")
