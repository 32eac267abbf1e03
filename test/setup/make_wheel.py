"""Writes a wheel of the engine's shape whose library is zeros: small on the wire, long to unpack.

Usage: make_wheel.py FILE PACKAGE VERSION LIBRARY_BYTES
"""

import sys
import zipfile

file, package, version, library_bytes = sys.argv[1:]
info = f"{package.replace('-', '_')}-{version}.dist-info"
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
    wheel.writestr("tensorflow/libtensorflow_framework.so.2", b"framework")
    wheel.writestr("tensorflow/libtensorflow_cc.so.2", bytes(int(library_bytes)))
    for header in ["tensorflow/c/c_api.h", "tensorflow/core/platform/ctstring.h", "tsl/platform/ctstring.h"]:
        wheel.writestr(f"tensorflow/include/{header}", "// a header\n")
    wheel.writestr("tensorflow/include/xla/tsl/c/tsl_status.h", "// a header\n")
    wheel.writestr("tensorflow/THIRD_PARTY_NOTICES.txt", "licences\n")
    wheel.writestr("tensorflow/python/__init__.py", "raise SystemExit('nothing of this is unpacked')\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")
