from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.errors import InvalidInput
from services.core.domain.languages import LANGUAGES, parse_languages, with_others

NAMES = st.sampled_from([*LANGUAGES, "de", "EN", "", " ", "fr-CA", "\x00"]) | st.text(max_size=5)


@given(st.lists(st.lists(NAMES, max_size=3).map(",".join), max_size=3))
def test_any_values_are_read_or_explained(values: list[str]) -> None:
    named = [name.strip() for value in values for name in value.split(",")]
    readable = bool(named) and set(named) <= set(LANGUAGES) and len(named) == len(set(named))
    try:
        found = parse_languages(values, "languages")
    except InvalidInput as error:
        assert not readable
        assert error.field == "languages" and error.remedy
    else:
        assert readable and list(found) == named


def test_preferred_language_comes_first() -> None:
    assert with_others("fr", ("en", "fr")) == ("fr", "en")
    assert with_others("en", ()) == ("en",)
