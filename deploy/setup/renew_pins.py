"""Renews the pins of the engine's wheels in engine-pin.json, from a Python package index.

Usage: ROCINANTE_INDEX=https://INDEX/simple renew_pins.py [--check] [PACKAGE=VERSION...]
For every pin, with the version named here or the one that it has, reads from the index's JSON (PEP 691) which wheel there is for
the pin's platform and Python, its size and its SHA-256, and, by requests for parts of it, what its members take. --check writes
nothing and ends with 1 where something differs.
"""

import io
import json
import os
import re
import sys
import urllib.parse
import urllib.request
import zipfile

PINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "engine-pin.json")
INDEX = os.environ.get("ROCINANTE_INDEX", "").rstrip("/")
TIMEOUT_S = 60
PIECE_BYTES = 1 << 16
# What engine.mjs takes of TensorFlow's wheel, but for headers of a megabyte.
ENGINE_FILES = ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"]


class Remote(io.RawIOBase):
    """A file of an index, read in parts."""

    def __init__(self, url: str, size: int) -> None:
        self.url, self.size, self.place = url, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def readinto(self, target: bytearray) -> int:
        last = min(self.place + len(target), self.size) - 1
        if last < self.place:
            return 0
        request = urllib.request.Request(self.url, headers={"Range": f"bytes={self.place}-{last}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            if answer.status != 206:
                raise ValueError(f"{self.url}: expected a part of the file, received status {answer.status}")
            piece = answer.read()
        target[: len(piece)] = piece
        self.place += len(piece)
        return len(piece)


def wheel_of(pin: dict, version: str) -> dict:
    page = f"{INDEX}/{pin['package']}/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        files = json.load(answer)["files"]
    python = f"cp{pin['pythonVersion'].replace('.', '')}"
    name = re.compile(
        rf"{re.escape(pin['package'].replace('-', '_'))}-{re.escape(version)}-({python}-{python}|py3-none)-\S*{pin['platform']}\S*\.whl"
    )
    found = [file for file in files if name.fullmatch(file["filename"]) and not file.get("yanked")]
    if len(found) != 1:
        raise ValueError(f"{page}: expected one wheel {name.pattern}, found {len(found)}; is the platform another one now?")
    return {**found[0], "url": urllib.parse.urljoin(page, found[0]["url"])}


def renewed(pin: dict, version: str) -> dict:
    wheel = wheel_of(pin, version)
    archive = zipfile.ZipFile(io.BufferedReader(Remote(wheel["url"], wheel["size"]), PIECE_BYTES))
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    wanted = [*pin["files"], pin["licence"]] if "files" in pin else ENGINE_FILES
    # A licence lies in a folder that is named by the version.
    wanted = [name.replace(f"-{pin['version']}.dist-info", f"-{version}.dist-info") for name in wanted]
    missing = [name for name in wanted if name not in sizes]
    if missing:
        raise ValueError(f"{wheel['filename']}: expected {', '.join(missing)}, found none: look what the wheel has now")
    new = {
        **pin,
        "version": version,
        "fileName": wheel["filename"],
        "bytes": wheel["size"],
        "sha256": wheel["hashes"]["sha256"],
        "unpackedBytes": sum(sizes[name] for name in wanted),
    }
    return {**new, "licence": wanted[-1]} if "files" in pin else new


def main(words: list[str]) -> int:
    if INDEX == "":
        raise ValueError("ROCINANTE_INDEX: expected the address of an index's simple API, received none")
    check = "--check" in words
    versions = dict(word.split("=") for word in words if word != "--check")
    with open(PINS, encoding="utf-8") as file:
        pins = json.load(file)
    every = [pins["cpu"], pins["gpu"], *pins["cuda"]]
    unknown = set(versions) - {pin["package"] for pin in every}
    if unknown:
        raise ValueError(f"expected packages that are pinned, received {', '.join(sorted(unknown))}")
    new = []
    for pin in every:
        new.append(renewed(pin, versions.get(pin["package"], pin["version"])))
        print(f"{pin['package']} {new[-1]['version']}: {'as it is' if new[-1] == pin else 'renewed'}", flush=True)
    if check:
        return int(new != every)
    with open(PINS, "w", encoding="utf-8") as file:
        json.dump({"cpu": new[0], "gpu": new[1], "cuda": new[2:]}, file, indent=2)
        file.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"{type(error).__name__}: {error}")
