#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the ELF kernel out of a bzImage.

usage: vmlinux.py BZIMAGE VMLINUX

QEMU boots the ELF file directly (PVH), which saves the three seconds that an
emulated processor needs to decompress the bzImage.
"""
import lzma
import struct
import subprocess
import sys
import zlib

DECOMPRESSORS = {
    b"\xfd7zXZ\0": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x1f\x8b\x08": lambda data: zlib.decompressobj(31).decompress(data),
    b"(\xb5/\xfd": lambda data: subprocess.run(
        ["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout,
}


def extract(image):
    """Returns the ELF file inside a bzImage (Documentation/x86/boot.rst)."""
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("not a bzImage: no HdrS signature")
    setup_sects = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sects + 1) * 512 + offset
    payload = image[start:start + length]
    # The last four bytes hold the size of the decompressed kernel.
    size = struct.unpack("<I", payload[-4:])[0]
    for magic, decompress in DECOMPRESSORS.items():
        if payload.startswith(magic):
            elf = decompress(payload[:-4])
            break
    else:
        raise ValueError(f"unknown compression: starts with {payload[:6].hex()}")
    if not elf.startswith(b"\x7fELF"):
        raise ValueError("the payload is not an ELF file")
    if payload.startswith(b"\xfd7zXZ") and len(elf) != size:
        raise ValueError(f"{len(elf)} bytes decompressed, {size} expected")
    return elf


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip().splitlines()[2])
    with open(sys.argv[1], "rb") as src:
        elf = extract(src.read())
    with open(sys.argv[2], "wb") as dst:
        dst.write(elf)


if __name__ == "__main__":
    main()
