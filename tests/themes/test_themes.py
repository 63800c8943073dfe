"""Themes: three kinds of file, bad ones told, what is shipped, and read again when one changes."""

import json
import os
from pathlib import Path

import pytest

from app.core.shipped import SHIPPED
from app.themes import NoSuchThemeError, read_themes, themes_now
from app.themes.files import ThemeError, read_theme
from app.themes.model import BUILT_IN, BUILT_IN_LIGHT
from app.themes.tokens import scheme_of

PALETTE = [f"#{index:02x}{index * 3:02x}{255 - index:02x}" for index in range(16)]
GOOD = {"foreground": "#eeeeee", "background": "#101010", "palette": PALETTE}
shipped = read_themes(SHIPPED / "themes")


def test_what_is_shipped_has_no_bad_file_and_the_built_in_ones_come_first() -> None:
    assert shipped.problems == ()
    assert list(shipped.found)[:2] == ["darkstar", "daylight"]
    assert shipped.found["darkstar"] == BUILT_IN
    assert shipped.found["daylight"] == BUILT_IN_LIGHT
    assert len(shipped.found) >= 10
    assert {scheme_of(each) for each in shipped.found.values()} == {"dark", "light"}


def test_every_borrowed_palette_is_attributed() -> None:
    text = (SHIPPED / "docs" / "themes.md").read_text()
    assert [name for name in shipped.found if f"| {name} |" not in text] == []


def test_json_yaml_and_lines_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    (tmp_path / "b.yaml").write_text(
        f"foreground: '#eeeeee'\nbackground: '#101010'\npalette: {PALETTE}"
    )
    lines = [f"palette = {index}={colour}" for index, colour in enumerate(PALETTE)]
    more = ["# a comment", "foreground = #eeeeee", "background=#101010", "cursor-color = #fff"]
    (tmp_path / "Catppuccin Latte").write_text("\n".join([*lines, *more]))
    found = read_themes(tmp_path).found
    assert list(found) == ["a", "b", "Catppuccin Latte"]
    assert len({(each.foreground, each.background, each.palette) for each in found.values()}) == 1


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[" * 5000, "not valid JSON"),
        ("a.json", "[]", "must be an object"),
        ("a.json", json.dumps({**GOOD, "palette": PALETTE[:15]}), "palette must list 16"),
        ("a.json", json.dumps({**GOOD, "background": "#javascript"}), "background is no colour"),
        ("a.json", json.dumps({**GOOD, "palette": [None, *PALETTE[1:]]}), "palette 0 is no colour"),
        ("a.json", json.dumps({"palette": PALETTE}), "foreground is missing"),
        ("a.yaml", "palette: *x", "anchors and aliases"),
        ("a", "palette = 16=#000000", "N from 0 to 15"),
        ("a", "palette = 0=#000000\n", "palette lacks 1, 2"),
        ("a.json", " " * 20_000, "longer than"),
        ("a;b", "", "the name may hold"),
        ("Auto.json", json.dumps(GOOD), "'auto' stands for"),
    ],
)
def test_a_bad_file_is_told_and_left_out(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    read = read_themes(tmp_path)
    assert list(read.found) == ["good"]
    assert [each.file for each in read.problems] == [name]
    assert says in read.problems[0].reason


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("foreground = x")
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ThemeError, match="no plain file"):
        read_theme(tmp_path / "themes" / "link")


def test_names_are_found_in_any_case_and_without_files_there_are_two(tmp_path: Path) -> None:
    empty = read_themes(tmp_path / "none")
    assert list(empty.found) == ["darkstar", "daylight"]
    assert empty.named("Darkstar") is BUILT_IN
    assert empty.current("gone").theme is BUILT_IN
    with pytest.raises(NoSuchThemeError, match="there are: darkstar, daylight, auto"):
        empty.named("../../etc/passwd")


def test_a_theme_that_is_gone_gives_way_to_the_default_not_to_the_first_of_the_alphabet() -> None:
    assert shipped.current("Batman").theme == BUILT_IN


def test_auto_is_the_dark_and_the_light_one_even_where_the_folder_has_neither(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    look = read_themes(tmp_path).look("Auto")
    assert (look.name, look.theme, look.light) == ("auto", BUILT_IN, BUILT_IN_LIGHT)


def test_an_owners_theme_takes_the_place_of_a_shipped_one_of_that_name(tmp_path: Path) -> None:
    for folder, background in (("ours", "#101010"), ("own", "#202020")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Nord.json").write_text(json.dumps({**GOOD, "background": background}))
    (tmp_path / "own" / "nord.yaml").write_text("x: 1")
    read = read_themes(tmp_path / "ours", tmp_path / "own")
    assert [each.background for each in read.found.values()] == ["#202020"]
    assert [each.file for each in read.problems] == ["nord.yaml"]


def test_files_are_read_again_only_when_one_has_changed(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    mine = tmp_path / "themes" / "Mine.json"
    mine.write_text(json.dumps(GOOD))
    first = themes_now(str(tmp_path))
    assert themes_now(str(tmp_path)) is first
    mine.write_text(json.dumps({**GOOD, "background": "#202020"}))
    os.utime(mine, ns=(1, 1))
    second = themes_now(str(tmp_path))
    assert (first.found["Mine"].background, second.found["Mine"].background) == (
        "#101010",
        "#202020",
    )
    mine.write_text("{")
    third = themes_now(str(tmp_path))
    assert "Mine" not in third.found
    assert [each.file for each in third.problems] == ["Mine.json"]
    mine.unlink()
    assert themes_now(str(tmp_path)).problems == ()
