"""The catalogues hold every message, translated, with the same names in it."""

from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message

from tools import translations

CATALOGUES = sorted((translations.ROOT / "locales").glob("*.po"))
# Words that a language shares with English, and what is no word.
SAME = {
    "sv": {
        "15 min",
        "{kw:.1f} kW",
        "30 min",
        "60 min",
        "ENTSO-E",
        "Energi Data Service",
        "Energy-Charts",
        "Home Assistant",
        "MariaDB",
        "Plan",
        "Port",
        "Spot",
        "{hours} h",
        "Start",
        "System",
        "Tibber",
        "Version",
        "data",
        "elprisetjustnu.se",
        "hvakosterstrommen.no",
        "import",
        "optimal",
        "plan",
        "system",
        "{day}, {from}\u2013{to}",
        "{day}: {why}",
        "{number} sensor",
        "{source}, {age}",
        "{time}, {trigger}",
    }
}


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.stem)
def held(request: pytest.FixtureRequest) -> Catalog:
    """A catalogue as it is committed, without what is commented out."""
    catalogue = translations.read(request.param)
    return translations.updated(catalogue, translations.messages())


def forms(message: Message) -> list[tuple[str, str]]:
    """Return (English, translated) of a message, of each form where it has several."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def names(text: str) -> list[tuple[str, str]]:
    """Return the ``{names}`` of a text with the way each is written."""
    parts = Formatter().parse(text)
    return sorted((name, spec or "") for _, name, spec, _ in parts if name is not None)


def test_there_is_a_catalogue() -> None:
    assert [path.stem for path in CATALOGUES] == ["sv"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_the_catalogue_holds_every_message_sorted(path: translations.Path) -> None:
    made = translations.updated(translations.read(path), translations.messages())
    behind = "make translations brings it up to date"
    committed = path.read_text(encoding="utf-8").split("\n#~")[0].strip()
    assert committed == translations.text_of(made).split("\n#~")[0].strip(), behind


def test_every_message_is_translated(held: Catalog) -> None:
    assert translations.gaps(held) == []


def test_names_and_their_formats_are_those_of_the_source(held: Catalog) -> None:
    wrong = [
        (source, translated)
        for message in held
        if message.id
        for source, translated in forms(message)
        if names(source) != names(translated)
    ]
    assert wrong == []


def test_nothing_was_left_in_english(held: Catalog) -> None:
    same = {
        source
        for message in held
        if message.id
        for source, translated in forms(message)
        if source == translated
    }
    assert same <= SAME[str(held.locale)]


def test_texts_end_as_the_source_does(held: Catalog) -> None:
    wrong = [
        (source, translated)
        for message in held
        if message.id
        for source, translated in forms(message)
        if source.endswith((".", ":", "…")) != translated.endswith((".", ":", "…"))
    ]
    assert wrong == []


def test_a_new_message_is_found_and_an_old_one_comes_back() -> None:
    before = Catalog(locale="sv")
    before.add("charge now", "ladda nu")
    gone = translations.updated(before, {"sell now"})
    assert translations.gaps(gone) == ["untranslated: sell now"]
    assert [message.id for message in gone.obsolete.values()] == ["charge now"]
    text = translations.text_of(gone)
    assert text.endswith('#~ msgid "charge now"\n#~ msgstr "ladda nu"\n')
    again = translations.updated(gone_from(text), {"charge now"})
    assert translations.gaps(again) == []


def gone_from(text: str) -> Catalog:
    """Return a catalogue as it is read from a file with this text."""
    return translations.parsed(text.encode(), "sv")


def test_a_message_that_stands_in_a_template_or_a_table_is_collected() -> None:
    found = translations.messages()
    assert {"The plan, and why", "live", "the grid"} <= found
    assert ("{number} quarter changes", "{number} quarters change") in found
    assert "{number} quarter changes" not in found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('_("a")', ["a"]),
        ('marked("a" "b")', ["ab"]),
        ("f\"{_('a')}\"", ["a"]),
        ('_("a" if x else "b", name=y)', ["a", "b"]),
        (
            'i18n.ngettext("{number} slot", "{number} slots", 2)',
            [("{number} slot", "{number} slots")],
        ),
        ("_(NAMES[key])", []),
        ('print("a")', []),
    ],
)
def test_messages_are_found_in_every_form_of_a_call(
    source: str, found: list[translations.Id]
) -> None:
    assert list(translations.in_module(source)) == found


def test_a_message_that_is_put_together_is_refused() -> None:
    with pytest.raises(SystemExit, match="put together"):
        list(translations.in_module('_(f"{name} is away")'))
