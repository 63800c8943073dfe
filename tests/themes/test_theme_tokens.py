"""What pages draw with: readable on page and card in every theme, and no two roles alike."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.shipped import SHIPPED
from app.themes import Look, read_themes
from app.themes.apart import APART, APART_BLIND
from app.themes.blindness import blind_distance, seen
from app.themes.colour_space import chroma_and_hue, colour_at, distance, lab_distance, lab_of
from app.themes.colours import contrast, label_on, least_contrast, mixed, readable
from app.themes.css import stylesheet, variables
from app.themes.model import BARS, BUILT_IN, ROLES, Theme
from app.themes.tokens import scheme_of, tokens_of

PALETTE = [f"#{index:02x}{index * 3:02x}{255 - index:02x}" for index in range(16)]
DRAWN = (*ROLES, "soc")
TEXTS = ("text", "muted", "accent", "good", "warn", "bad")
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
shipped = read_themes(SHIPPED / "themes")
every_theme = pytest.mark.parametrize("theme", shipped.found.values(), ids=shipped.found)


def faults(theme: Theme, accent_index: int = 0) -> list[str]:
    """Return what cannot be read."""
    tokens = tokens_of(theme, accent_index)
    behind = (tokens["bg"], tokens["card"])
    labels = {f"{role}_text": role for role in DRAWN} | {"accent_text": "accent"}
    labels |= {f"{role}_button_text": f"{role}_button" for role in ROLES}
    return [
        *(role for role in DRAWN if least_contrast(tokens[role], behind) < 3),
        *(text for text in TEXTS if least_contrast(tokens[text], behind) < 4.5),
        *(label for label, on in labels.items() if contrast(tokens[label], tokens[on]) < 4.5),
    ]


def closest(tokens: dict[str, str], names: tuple[str, ...]) -> tuple[float, str, str]:
    return min((distance(tokens[a], tokens[b]), a, b) for a, b in combinations(names, 2))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert label_on("#ffff00") == "#000000"


# From the supplementary test data of Sharma, Wu and Dalal (2005).
@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_ciede2000(
    one: tuple[float, float, float], other: tuple[float, float, float], apart: float
) -> None:
    assert lab_distance(one, other) == pytest.approx(apart, abs=1e-4)
    assert lab_distance(other, one) == pytest.approx(apart, abs=1e-4)


@given(colours)
def test_a_colour_survives_the_way_to_lab_and_back(colour: str) -> None:
    assert colour_at(lab_of(colour)[0], *chroma_and_hue(colour)) == colour


def test_a_colour_no_screen_shows_keeps_its_hue() -> None:
    made = colour_at(60, 150, 250)
    assert chroma_and_hue(made)[1] == pytest.approx(250, abs=3)


@every_theme
def test_every_shipped_theme_is_readable_with_any_accent(theme: Theme) -> None:
    assert [faults(theme, index) for index in range(16)] == [[]] * 16


@every_theme
def test_no_two_roles_of_a_shipped_theme_are_taken_for_each_other(theme: Theme) -> None:
    tokens = tokens_of(theme)
    assert closest(tokens, DRAWN)[0] >= APART
    assert closest(tokens, ("good", "warn", "bad"))[0] >= APART


def test_the_blind_see_what_is_known_of_them() -> None:
    assert seen("#ffffff") == ("#ffffff", "#ffffff")
    assert seen("#808080") == ("#808080", "#808080")
    assert blind_distance("#5ab8ff", "#c792ff") < 1
    assert distance("#5ab8ff", "#c792ff") > APART


@every_theme
def test_bars_side_by_side_differ_for_eyes_without_red_or_green(theme: Theme) -> None:
    tokens = tokens_of(theme)
    alike = [
        (a, b)
        for a, b in combinations(BARS, 2)
        if blind_distance(tokens[a], tokens[b]) < APART_BLIND
    ]
    assert alike == []


@every_theme
def test_text_is_readable_on_the_tints_that_lie_under_it(theme: Theme) -> None:
    tokens = tokens_of(theme)
    tints = [
        mixed(tokens["bg"], tokens["warn"], 0.12),
        mixed(tokens["bg"], tokens["bad"], 0.14),
        mixed(tokens["card"], tokens["accent"], 0.09),
    ]
    assert least_contrast(tokens["text"], [*tints, tokens["line"]]) >= 4.5
    assert least_contrast(tokens["muted"], tints) >= 4.5


@pytest.mark.parametrize("name", ["High Contrast", "High Contrast Light"])
def test_the_high_contrast_themes_have_seven_to_one_for_text_and_roles(name: str) -> None:
    tokens = tokens_of(shipped.found[name])
    behind = (tokens["bg"], tokens["card"])
    low = [each for each in TEXTS[:3] if least_contrast(tokens[each], behind) < 7]
    assert low == []
    assert [each for each in ROLES if least_contrast(tokens[each], behind) < 5.5] == []


@settings(deadline=None)
@given(colours, colours, st.lists(colours, min_size=16, max_size=16), st.integers(0, 15))
def test_any_colours_become_readable_and_different(
    foreground: str, background: str, palette: list[str], accent_index: int
) -> None:
    theme = Theme("x", foreground, background, tuple(palette))
    assert faults(theme, accent_index) == []
    # A page of middling grey leaves little room; 12 is still no mistake between lines.
    assert closest(tokens_of(theme), DRAWN)[0] >= 12


def test_a_palette_of_one_colour_still_gives_nine_different_roles() -> None:
    theme = Theme("x", "#eeeeee", "#101010", ("#5ab8ff",) * 16)
    tokens = tokens_of(theme)
    assert tokens["charge"] == "#5ab8ff"
    assert closest(tokens, DRAWN)[0] >= APART


def test_a_middling_grey_page_leaves_text_for_its_cards_too() -> None:
    theme = Theme("x", "#000000", "#777777", tuple(PALETTE))
    assert faults(theme) == []


def test_a_readable_colour_is_left_as_it_is() -> None:
    assert tokens_of(BUILT_IN)["charge"] == BUILT_IN.palette[0]
    dark = Theme("x", "#eeeeee", "#101010", ("#101010", *["#123456"] * 7, "#88ccff", *PALETTE[9:]))
    assert tokens_of(dark)["charge"] == "#88ccff", "the matching button's colour comes next"


def test_a_colour_made_readable_keeps_its_hue() -> None:
    made = readable(["#f29718"], ["#ffffff"], least=4.5)
    assert contrast(made, "#ffffff") >= 4.5
    assert chroma_and_hue(made)[1] == pytest.approx(chroma_and_hue("#f29718")[1], abs=5)


@every_theme
def test_the_stylesheet_names_every_colour_and_the_scheme(theme: Theme) -> None:
    named = variables(theme, 0)
    assert named["color-scheme"] == scheme_of(theme)
    assert {f"--{role.replace('_', '-')}" for role in DRAWN} < set(named)
    assert {f"--{each}" for each in ("bg", "card", "line", "accent-text", *TEXTS)} < set(named)
    assert f"--charge-button: {theme.palette[8].lower()};" in stylesheet(
        Look(theme.name, theme), shipped, 0
    )


def test_auto_follows_the_device_for_scheme_and_contrast() -> None:
    rules = stylesheet(shipped.look("auto"), shipped, 0).splitlines()
    media = [rule.partition(" { ")[0] for rule in rules]
    assert media == [
        ":root",
        "@media (prefers-color-scheme: light)",
        "@media (prefers-contrast: more)",
        "@media (prefers-contrast: more) and (prefers-color-scheme: light)",
        "@media (forced-colors: active)",
        "@media (forced-colors: active) and (prefers-color-scheme: light)",
    ]
    assert "color-scheme: dark;" in rules[0]
    assert "color-scheme: light;" in rules[1]
    assert "--bg: #000000;" in rules[4]
    assert "--bg: #ffffff;" in rules[5]
