"""Any observation that a model may give about a catalogue's goods."""

from hypothesis import strategies as st

from catalogue import Catalogue
from services.core.domain.observation import KindSeen, Observation, Said

P = st.floats(0, 1)
SAID = [
    "mug",
    "a red guitar",
    "I don't know",
    "unknown",
    "",
    "électrophone",
    "<b>",
    "yes",
    "watering can",
    "7",
]


@st.composite
def observations(draw: st.DrawFn, words: Catalogue, photos: int) -> Observation:
    """Any answer inside the contract about so many photos, of which each question may be left out."""
    department = words.departments[draw(st.sampled_from(list(words.departments)))]
    # Mostly kinds of one department, so that some are broader than others.
    near, far = [kind.id for kind in department.kinds], list(words.kinds)
    ids = draw(st.lists(st.sampled_from(near) | st.sampled_from(far), unique=True, max_size=5))
    whole = draw(P)
    kinds = [KindSeen(id_, words.kinds[id_].answer, whole * draw(P) / len(ids)) for id_ in ids]

    def shares(names: list[str]) -> dict[str, float]:
        return draw(st.just({}) | st.fixed_dictionaries(dict.fromkeys(names, P))) if names else {}

    tiles = draw(st.sampled_from([1, 5]))
    shown = st.tuples(*[P] * tiles)
    wear = [draw(st.fixed_dictionaries({tag.id: shown for tag in department.wear})) for _ in range(photos)]
    said = st.builds(Said, st.sampled_from(SAID), P, st.none() | st.sampled_from(far))
    return Observation(
        kinds=tuple(sorted(kinds, key=lambda kind: -kind.p)),
        rest=(0.0, 1.0),
        said=draw(st.none() | said),
        department=department.id,
        material=shares([each.id for each in department.materials]),
        colour=shares([each.id for each in words.colours]),
        pattern=shares([each.id for each in words.patterns]),
        wear=tuple(wear) if draw(st.booleans()) else (),
        caption="a thing",
        artifact="demo-000000000000",
        catalogue=words.version,
        calibrated=draw(st.booleans()),
        thresholds={about: draw(P) for about in ("type", "material", "colour", "pattern")},
    )
