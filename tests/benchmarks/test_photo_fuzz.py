from collections import Counter

from benchmarks.photo_fuzz.__main__ import fuzz
from benchmarks.photo_fuzz.seeds import seeds
from services.core.photos.protocol import CPU_S

PHOTOS = seeds()


def test_seeds_have_six_formats() -> None:
    assert len(PHOTOS) >= 40
    assert len(Counter(seed.format for seed in PHOTOS)) == 6


def test_every_seed_is_read() -> None:
    from services.core.photos.photo import prepare

    for seed in PHOTOS:
        assert prepare(seed.content, "images[0]").stored_jpeg


def test_mutated_photos_are_read_or_refused() -> None:
    run = fuzz(PHOTOS, seed=7, start=0, count=400)
    assert run.unexpected == []
    assert run.inputs == 400
    assert run.slowest_s < CPU_S
