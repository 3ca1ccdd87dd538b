"""Small pictures, made by hand: whole in structure, whatever they show, and each different from every other.

`secrets` puts in what phones and programs write, and `turned` which way is up (an orientation of Exif, 1 to 8);
without, a picture has nothing that is taken out of it. What is left of one with secrets is the same picture with
`turned` alone: `*_of(bits, ...)` with the same bits makes both.
"""
import os
import struct
import zlib

GPS = b"24 deg 42' N, 46 deg 40' E"


def exif(turned=1, little=True):
    """Of a camera: its maker, which way is up, and a block with where it was."""
    order = "<" if little else ">"
    entries = [struct.pack(order + "HHI4s", 0x010F, 2, 4, b"Cam\0"), struct.pack(order + "HHIHH", 0x0112, 3, 1, turned, 0),
               struct.pack(order + "HHII", 0x8825, 4, 1, 50)]
    return ((b"II*\0" if little else b"MM\0*") + struct.pack(order + "IH", 8, len(entries)) + b"".join(entries)
            + struct.pack(order + "I", 0) + GPS)


def up(turned):
    """All that may be left of it."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, turned, 0, 0)


def _exif_left(turned, secrets):
    if secrets:
        return exif(turned)
    return up(turned) if turned > 1 else None


def png(width=8, height=6, noise=0, **more):
    """`noise` bytes of ballast among the pixels make it as large as wanted."""
    return png_of(os.urandom(32), width, height, noise, **more)


def png_of(bits, width=8, height=6, noise=0, turned=1, secrets=False):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(3 * width) for _ in range(min(height, 64)))
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), chunk(b"cHRM", bits)]
    block = _exif_left(turned, secrets)
    if block:
        parts.append(chunk(b"eXIf", block))
    if secrets:
        parts += [chunk(b"tEXt", b"Author\0Sara"), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>" + GPS),
                  chunk(b"tIME", bytes(7)), chunk(b"prVt", GPS)]
    parts.append(chunk(b"IDAT", zlib.compress(rows)))
    if noise:
        parts.append(chunk(b"IDAT", os.urandom(noise)))
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IEND", b"")])


def jpeg(width=8, height=6, **more):
    return jpeg_of(os.urandom(64), width, height, **more)


def jpeg_of(bits, width=8, height=6, turned=1, secrets=False):
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    parts = [b"\xff\xd8", segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")]
    block = _exif_left(turned, secrets)
    if block:
        parts.append(segment(0xE1, b"Exif\0\0" + block))
    if secrets:
        parts += [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + GPS), segment(0xE2, b"MPF\0" + GPS),
                  segment(0xED, b"Photoshop 3.0\x008BIM" + GPS), segment(0xFE, b"by Sara")]
    parts += [segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"), segment(0xDB, b"\0" + bits), segment(0xC0, frame),
              segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\xff\x00\x34\xff\xd0\x56\xff\xd9"]
    if secrets:
        parts.append(b"\xff\xd8\xff\xe1 a film, " + GPS)
    return b"".join(parts)


def webp(width=8, height=6, **more):
    return webp_of(os.urandom(8), width, height, **more)


def webp_of(bits, width=8, height=6, turned=1, secrets=False):
    def chunk(kind, data):
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
    picture = chunk(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bits)
    block = _exif_left(turned, secrets)
    if block:
        flags = 0x0C if secrets else 0x08
        size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        picture = chunk(b"VP8X", struct.pack("<I", flags) + size) + picture + chunk(b"EXIF", block)
    if secrets:
        picture += chunk(b"XMP ", b"<x:xmpmeta>" + GPS) + chunk(b"Sara", GPS)
    return b"RIFF" + struct.pack("<I", 4 + len(picture)) + b"WEBP" + picture
