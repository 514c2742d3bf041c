"""Distances and round trips, against figures from elsewhere."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import PlanningError
from planning.regions.places import (
    City,
    Region,
    distance,
    estimated_ms,
    great_circle_km,
    read_cities,
    read_measured,
    region,
    regions,
)

TORONTO = City("Toronto", "CA-ON", 43.65, -79.38, 3)
CALGARY = City("Calgary", "CA-AB", 51.05, -114.07, 1)
places = st.builds(
    lambda latitude, longitude: City("a", "CA", latitude, longitude, 1),
    st.floats(-90, 90),
    st.floats(-180, 180),
)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [  # great circles as atlases have them
        ("ca-central-1", "ca-west-1", 3010),
        ("ca-central-1", "us-east-1", 790),
        ("us-east-1", "ap-southeast-2", 15_700),
        ("eu-west-2", "eu-west-3", 344),
    ],
)
def test_distance_as_in_an_atlas(one: str, other: str, km: float) -> None:
    assert great_circle_km(region(one), region(other)) == pytest.approx(km, rel=0.01)


@given(places, places)
def test_distance_is_one_of_the_earth(one: City, other: City) -> None:
    km = great_circle_km(one, other)
    assert 0 <= km <= math.pi * 6371.0 + 1e-6
    assert km == pytest.approx(great_circle_km(other, one), abs=1e-6)
    # Through the earth, by the chord between two points in space.
    points = [
        (
            math.cos(math.radians(p.latitude)) * math.cos(math.radians(p.longitude)),
            math.cos(math.radians(p.latitude)) * math.sin(math.radians(p.longitude)),
            math.sin(math.radians(p.latitude)),
        )
        for p in (one, other)
    ]
    assert km == pytest.approx(6371.0 * 2 * math.asin(min(1.0, math.dist(*points) / 2)), abs=1e-2)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [  # what is commonly measured between these regions, in ms
        ("us-east-1", "us-west-2", 55, 75),
        ("ca-central-1", "us-east-1", 13, 20),
        ("ca-central-1", "ca-west-1", 40, 60),
        ("us-east-1", "eu-west-1", 65, 90),
    ],
)
def test_estimates_are_near_known_trips(one: str, other: str, low: float, high: float) -> None:
    assert low <= estimated_ms(region(one), region(other)) <= high


def test_mean_is_over_the_users() -> None:
    place = region("ca-west-1")
    near, far = estimated_ms(CALGARY, place), estimated_ms(TORONTO, place)
    found = distance([TORONTO, CALGARY], place)
    assert near == pytest.approx(5)
    assert found.mean == pytest.approx((3 * far + near) / 4)
    assert (found.p90, found.estimated) == (far, 1)
    assert distance([TORONTO, replace(CALGARY, weight=97)], place).p90 == near


def test_measured_trips_replace_estimates(tmp_path: Path) -> None:
    file = tmp_path / "measured.csv"
    file.write_text("city,region,ms\nToronto,ca-west-1,61.5\n")
    measured = read_measured(file, [TORONTO, CALGARY])
    found = distance([TORONTO, CALGARY], region("ca-west-1"), measured)
    assert found.mean == pytest.approx((3 * 61.5 + 5) / 4)
    assert found.estimated == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("Toronto,ca-west-1,fast", "line 2, ms"),
        ("Toronto,ca-west-1,-3", "line 2, ms"),
        ("Toronto,ca-west-1,nan", "line 2, ms"),
        ("Torontu,ca-west-1,3", "Torontu is not known"),
        ("Toronto,ca-west-9,3", "ca-west-9 is not known"),
        ("Toronto,ca-west-1,3\nToronto,ca-west-1,4", "there twice"),
    ],
)
def test_wrong_measurement_is_refused(tmp_path: Path, rows: str, says: str) -> None:
    file = tmp_path / "measured.csv"
    file.write_text(f"city,region,ms\n{rows}\n")
    with pytest.raises(PlanningError, match=says):
        read_measured(file, [TORONTO])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("", "no city has a weight"),
        ("Paris,FR,48.9,2.4,0", "no city has a weight"),
        ("Paris,FR,98.9,2.4,1", "line 2, latitude"),
        ("Paris,France,48.9,2.4,1", "line 2, jurisdiction"),
        ("Paris,FR,48.9,2.4,-1", "line 2, weight"),
        ("Paris,FR,48.9,2.4,inf", "line 2, weight"),
        ("Paris,FR,48.9,2.4,1\nParis,FR,48.9,2.4,1", "Paris is there twice"),
        ("Paris,FR,48.9,2.4,1,1", "line 2"),
    ],
)
def test_wrong_city_is_refused(tmp_path: Path, rows: str, says: str) -> None:
    file = tmp_path / "cities.csv"
    file.write_text(f"city,jurisdiction,latitude,longitude,weight\n{rows}\n")
    with pytest.raises(PlanningError, match=says):
        read_cities(file)


def test_spreadsheets_cities_are_read(tmp_path: Path) -> None:
    file = tmp_path / "cities.csv"
    rows = "city,jurisdiction,latitude,longitude,weight\r\nMontréal,CA-QC,45.5,-73.57,1\r\n"
    file.write_bytes(rows.encode("utf-8-sig"))
    assert read_cities(file) == (City("Montréal", "CA-QC", 45.5, -73.57, 1),)


def test_canadian_cities_are_the_default() -> None:
    cities = read_cities()
    assert sum(one.weight for one in cities) > 0.6 * 36_991_981  # of Canada's inhabitants in 2021
    assert all(one.jurisdiction.startswith("CA-") for one in cities)
    assert all(isinstance(one, Region) for one in regions().values())
