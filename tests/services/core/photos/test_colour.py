"""Colours become sRGB as their profile, code points, chunks or EXIF define them."""

import struct
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from benchmarks.hostile_uploads import HEIC as HEIC_FILE
from services.core.photos.colour import to_srgb
from services.core.photos.photo import prepare
from tests.services.core.photos import icc

Primaries = Sequence[tuple[float, float]]
COLOUR = (200, 40, 40)
# Inside the drawn mug of the HEIC.
BLUE = (410, 350)
# After a JPEG of quality 85 without chroma.
NEAR = 3
P3 = icc.profile("Display P3", icc.DISPLAY_P3, icc.srgb_parametric())


def upload(format_: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    colour = COLOUR if mode in ("RGB", "P") else 128 if mode == "L" else (0, 204, 204, 55)
    image = Image.new("RGB" if mode == "P" else mode, (64, 64), colour)
    image = image.convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image
    options |= {"quality": 100} | ({"lossless": True} if format_ == "WEBP" else {})
    image.save(out, format_, **options)
    return out.getvalue()


def shown(content: bytes, place: tuple[int, int] = (32, 32)) -> tuple[int, int, int]:
    with Image.open(BytesIO(prepare(content, "images[0]").stored_jpeg)) as image:
        red, green, blue = image.getpixel(place)  # type: ignore[misc]
        return red, green, blue


def nclx(primaries: int, transfer: int) -> bytes:
    return b"nclx" + struct.pack(">3HB", primaries, transfer, 6, 0x80)


def heic_with(box: bytes) -> bytes:
    """The HEIC with other content in its box of colours."""
    heic = bytearray(HEIC_FILE.read_bytes())
    at = heic.index(b"colr")
    length = int.from_bytes(heic[at - 4 : at], "big")
    longer = len(box) + 8 - length
    heic[at - 4 : at - 4 + length] = struct.pack(">I", len(box) + 8) + b"colr" + box
    for outer in (b"meta", b"iprp", b"ipco"):
        start = heic.index(outer) - 4
        heic[start : start + 4] = struct.pack(">I", int.from_bytes(heic[start : start + 4], "big") + longer)
    # The places of both items.
    for place in (0x1BB, 0x128B):
        start = heic.index(struct.pack(">I", place), heic.index(b"iloc"))
        heic[start : start + 4] = struct.pack(">I", place + longer)
    return bytes(heic)


def near(colour: tuple[int, ...], by: int = NEAR) -> object:
    return pytest.approx(colour, abs=by)


def test_expected_value_is_published() -> None:
    assert icc.in_srgb(COLOUR, icc.DISPLAY_P3) == (218, 0, 26)


@pytest.mark.parametrize(
    "name",
    [
        "DCI-P3 D65 Gamut with sRGB Transfer",
        "Display P3 Gamut with sRGB Transfer",
        "sRGB display P3",
        "sRGB IEC61966-2.1",
    ],
)
@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_name_does_not_make_srgb(name: str, version: int, format_: str) -> None:
    curve = icc.srgb_parametric() if version == 4 else icc.sampled(icc.srgb_curve)
    profile = icc.profile(name, icc.DISPLAY_P3, curve, version=version)
    assert shown(upload(format_, icc_profile=profile)) == near((218, 0, 26))


Space = tuple[Primaries, bytes, Callable[[icc.Floats], icc.Floats], tuple[float, float]]
SPACES: dict[str, Space] = {
    "Linear sRGB": (icc.SRGB, icc.gamma_curve(1), icc.power(1), icc.D65),
    "Apple RGB": (icc.APPLE_RGB, icc.gamma_curve(1.8), icc.power(1.8), icc.D65),
    "Rec. 709": (icc.SRGB, icc.rec709_parametric(), icc.rec709_curve, icc.D65),
    "Adobe RGB": (icc.ADOBE_RGB, icc.gamma_curve(563 / 256), icc.power(563 / 256), icc.D65),
    "ProPhoto": (icc.PROPHOTO, icc.gamma_curve(1.8), icc.power(1.8), icc.WHITE_D50),
    "sRGB of gamma 2.2": (icc.SRGB, icc.gamma_curve(2.2), icc.power(2.2), icc.D65),
}


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("version", [2, 4])
def test_profile_defines_colours(name: str, version: int) -> None:
    primaries, curve, formula, white = SPACES[name]
    profile = icc.profile(name, primaries, curve, white, version)
    expected = icc.in_srgb(COLOUR, primaries, formula, white)
    assert shown(upload("JPEG", icc_profile=profile)) == near(expected)


SRGB_PROFILES = (
    icc.profile("c2", icc.SRGB, icc.srgb_parametric()),
    icc.profile("IEC", icc.SRGB, icc.sampled(icc.srgb_curve), version=2),
    ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
)


@pytest.mark.parametrize("profile", SRGB_PROFILES, ids=["c2", "IEC", "lcms"])
def test_srgb_keeps_each_level(profile: bytes) -> None:
    levels = Image.frombytes("RGB", (256, 1), bytes(level for each in range(256) for level in (each,) * 3))
    assert list(to_srgb(levels, profile).tobytes()) == list(levels.tobytes())


def test_palette_follows_its_profile() -> None:
    assert shown(upload(mode="P", icc_profile=P3)) == near((218, 0, 26))


def test_grey_follows_a_grey_profile() -> None:
    grey = icc.file("Grey", {b"wtpt": icc.fixed(icc.D50), b"kTRC": icc.gamma_curve(1)}, b"GRAY")
    expected = icc.in_srgb((128, 128, 128), icc.SRGB, icc.power(1))
    assert shown(upload(mode="L", icc_profile=grey)) == near(expected)


def test_grey_follows_an_rgb_profile() -> None:
    linear = icc.profile("Linear", icc.SRGB, icc.gamma_curve(1))
    expected = icc.in_srgb((128, 128, 128), icc.SRGB, icc.power(1))
    assert shown(upload(mode="L", icc_profile=linear)) == near(expected)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_mismatched_profile_changes_nothing(mode: str) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert shown(upload("JPEG", mode, icc_profile=lab)) == near(shown(upload("JPEG", mode)))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_damaged_profile_changes_nothing(cut: float) -> None:
    assert shown(upload("JPEG", icc_profile=P3[: int(len(P3) * cut)])) == near(COLOUR)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((1, 13), COLOUR),
        ((2, 2), COLOUR),
        ((12, 13), icc.in_srgb(COLOUR, icc.DISPLAY_P3)),
        ((9, 13), icc.in_srgb(COLOUR, icc.BT2020)),
        ((1, 8), icc.in_srgb(COLOUR, icc.SRGB, icc.power(1))),
        ((1, 4), icc.in_srgb(COLOUR, icc.SRGB, icc.power(2.2))),
    ],
)
def test_png_code_points_define_colours(points: tuple[int, int], expected: tuple[int, int, int]) -> None:
    assert shown(with_chunks((b"cICP", bytes((*points, 0, 1))))) == near(expected)


def test_png_calibration_defines_colours() -> None:
    white_first = (icc.D65, *icc.ADOBE_RGB)
    chrm = struct.pack(">8I", *(round(100_000 * value) for point in white_first for value in point))
    gama = struct.pack(">I", round(100_000 * 256 / 563))
    expected = icc.in_srgb(COLOUR, icc.ADOBE_RGB)
    # This gamma is so near to sRGB's that files which mean sRGB carry it.
    assert shown(with_chunks((b"gAMA", gama), (b"cHRM", chrm))) == near(expected)
    assert shown(with_chunks((b"gAMA", gama), (b"cHRM", chrm), (b"sRGB", b"\0"))) == near(COLOUR)
    linear = icc.in_srgb(COLOUR, icc.SRGB, icc.power(1))
    assert shown(with_chunks((b"gAMA", struct.pack(">I", 100_000)))) == near(linear)


@pytest.mark.parametrize(
    "damaged", [(b"gAMA", bytes(4)), (b"cHRM", bytes(32)), (b"cICP", b"\1"), (b"iCCP", b"x")]
)
def test_damaged_png_colours_change_nothing(damaged: tuple[bytes, bytes]) -> None:
    assert shown(with_chunks(damaged)) == near(COLOUR)


def with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    png = upload()
    return png[:33] + b"".join(chunk(*each) for each in chunks) + png[33:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("interoperability", [False, True])
def test_exif_marks_adobe_rgb(interoperability: bool) -> None:
    exif = Image.Exif()
    if interoperability:
        exif.get_ifd(0x8769)[0xA001] = 0xFFFF
        exif.get_ifd(0x8769)[0xA005] = {1: "R03", 2: b"0100"}
    else:
        exif.get_ifd(0x8769)[0xA001] = 2
    expected = icc.in_srgb(COLOUR, icc.ADOBE_RGB, icc.power(563 / 256))
    assert shown(upload("JPEG", exif=exif)) == near(expected)
    assert shown(upload("JPEG", exif=exif, icc_profile=SRGB_PROFILES[0])) == near(COLOUR)


@pytest.mark.parametrize(
    ("box", "primaries"),
    [
        (nclx(1, 13), icc.SRGB),
        (nclx(2, 2), icc.SRGB),
        (nclx(12, 13), icc.DISPLAY_P3),
        (nclx(9, 13), icc.BT2020),
        (b"prof" + P3, icc.DISPLAY_P3),
    ],
    ids=["srgb", "unspecified", "p3", "bt2020", "profile"],
)
def test_heic_colours_are_converted(box: bytes, primaries: Primaries) -> None:
    plain = shown(HEIC_FILE.read_bytes(), BLUE)
    assert max(plain) - min(plain) > 40
    assert shown(heic_with(box), BLUE) == near(icc.in_srgb(plain, primaries), 5)


@pytest.mark.parametrize(("transfer", "paper_white"), [(16, 0.58), (18, 0.75)])
def test_paper_white_of_hdr_is_white(transfer: int, paper_white: float) -> None:
    # A grey with the level that ITU-R BT.2408 gives paper white.
    out = BytesIO()
    Image.new("RGB", (64, 64), (round(255 * paper_white),) * 3).save(out, "PNG")
    png = out.getvalue()
    cicp = chunk(b"cICP", bytes((9, transfer, 0, 1)))
    assert min(shown(png[:33] + cicp + png[33:])) > 245
