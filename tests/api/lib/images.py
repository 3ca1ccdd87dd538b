"""Small pictures, made by hand: whole in structure, whatever they show."""
import os
import struct
import zlib


def png(width=8, height=6, noise=0):
    """`noise` bytes of ballast make it as large as wanted, and different from every other."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(3 * width) for _ in range(min(height, 64)))
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), chunk(b"tEXt", b"k\0" + os.urandom(8).hex().encode())]
    if noise:
        parts.append(chunk(b"teSt", os.urandom(noise)))
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")])


def jpeg(width=8, height=6):
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    return (b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segment(0xFE, os.urandom(8)) + segment(0xDB, bytes(65))
            + segment(0xC0, frame) + segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\xff\x00\x34\xff\xd0\x56" + b"\xff\xd9")


def webp(width=8, height=6):
    bits = (width - 1) | (height - 1) << 14
    picture = b"\x2f" + struct.pack("<I", bits) + os.urandom(8)
    chunk = b"VP8L" + struct.pack("<I", len(picture)) + picture + (b"\0" if len(picture) & 1 else b"")
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
