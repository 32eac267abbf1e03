"""Takes some members out of a wheel, which is a zip file.

Usage: unpack_wheel.py WHEEL FOLDER PREFIX=PLACE...
A member whose name begins with PREFIX is written to FOLDER/PLACE followed by the rest of its name. Every PREFIX must
match. Prints a line `DONE TOTAL`, in bytes, as it goes; zipfile checks each member's CRC. Errors are one line, exit code 1.
"""

import os
import sys
import zipfile

PIECE_BYTES = 16 << 20


def main(wheel: str, folder: str, rules: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        jobs = []
        for rule in rules:
            prefix, place = rule.split("=")
            members = [member for member in archive.infolist() if member.filename.startswith(prefix)]
            if not members:
                raise ValueError(f"{wheel}: expected a member {prefix}, found none")
            jobs += [(member, place + member.filename[len(prefix) :]) for member in members if not member.is_dir()]
        total = sum(member.file_size for member, _ in jobs)
        done = 0
        for member, place in jobs:
            if os.path.isabs(place) or ".." in place.split("/"):
                raise ValueError(f"{wheel}: the member {member.filename} leaves its folder")
            path = os.path.join(folder, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as target:
                while piece := source.read(PIECE_BYTES):
                    target.write(piece)
                    done += len(piece)
                    print(f"{done} {total}\n", end="", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"{type(error).__name__}: {error}")
