"""The look over HTTP: a stylesheet that follows the choice, and files that come and go."""

import json
from pathlib import Path

import pytest
import yaml

from app.themes.model import BUILT_IN, BUILT_IN_LIGHT
from app.themes.tokens import tokens_of
from tests.api.test_config import home, served

__all__ = ["home"]
PALETTE = [f"#{index:02x}{index * 3:02x}{255 - index:02x}" for index in range(16)]
MINE = {"foreground": "#eeeeee", "background": "#123456", "palette": PALETTE}
PAGE = {"Accept": "text/html"}


async def test_the_stylesheet_is_that_of_the_theme_chosen_and_kept_until_it_changes(
    home: Path,
) -> None:
    async with served(home) as (_, client):
        first = await client.get("/theme.css")
        again = await client.get("/theme.css", headers={"If-None-Match": first.headers["ETag"]})
        await client.post("/api/theme", json={"theme": "daylight", "accent_index": 2})
        after = await client.get("/theme.css", headers={"If-None-Match": first.headers["ETag"]})
    assert first.headers["Content-Type"] == "text/css; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert f"--bg: {BUILT_IN.background};" in first.text
    assert (again.status_code, after.status_code) == (304, 200)
    assert f"--bg: {BUILT_IN_LIGHT.background};" in after.text
    assert f"--accent: {tokens_of(BUILT_IN_LIGHT, 2)['accent']};" in after.text


async def test_another_theme_can_be_looked_at_and_nothing_is_saved(home: Path) -> None:
    before = (home / "config.yaml").read_bytes()
    async with served(home) as (_, client):
        seen = await client.get("/theme.css?theme=DAYLIGHT&accent=3")
        gone = await client.get("/theme.css?theme=gone")
        wrong = await client.get("/theme.css?accent=16")
        now = await client.get("/theme.css")
    assert f"--accent: {tokens_of(BUILT_IN_LIGHT, 3)['accent']};" in seen.text
    assert (gone.status_code, wrong.status_code) == (404, 422)
    assert f"--bg: {BUILT_IN.background};" in now.text
    assert (home / "config.yaml").read_bytes() == before


async def test_auto_is_saved_and_both_schemes_are_in_stylesheet_and_head(home: Path) -> None:
    async with served(home) as (_, client):
        dark = (await client.get("/login")).text
        chosen = (await client.post("/api/theme", json={"theme": "Auto"})).json()
        listed = (await client.get("/api/themes")).json()
        css = (await client.get("/theme.css")).text
        page = (await client.get("/login")).text
    assert '<meta name="color-scheme" content="dark">' in dark
    assert f'<meta name="theme-color" content="{BUILT_IN.background}">' in dark
    assert (chosen["current"], chosen["theme"]["name"]) == ("auto", "darkstar")
    assert listed["current"] == "auto"
    assert "@media (prefers-color-scheme: light)" in css
    assert '<meta name="color-scheme" content="dark light">' in page
    assert (
        f'<meta name="theme-color" content="{BUILT_IN_LIGHT.background}" '
        'media="(prefers-color-scheme: light)">'
    ) in page


async def test_a_theme_put_beside_the_data_is_there_at_once_and_a_bad_one_is_told(
    home: Path,
) -> None:
    folder = home / "data" / "themes"
    async with served(home) as (_, client):
        folder.mkdir()
        (folder / "Mine.json").write_text(json.dumps(MINE))
        (folder / "bad.yaml").write_text("palette: 1")
        listed = (await client.get("/api/themes")).json()
        css = (await client.get("/theme.css?theme=mine")).text
        (folder / "Mine.json").write_text(json.dumps({**MINE, "background": "#223344"}))
        changed = (await client.get("/theme.css?theme=mine")).text
    assert "Mine" in [each["name"] for each in listed["themes"]]
    assert listed["problems"] == [{"file": "bad.yaml", "reason": "palette must list 16 colours"}]
    assert "--bg: #123456;" in css
    assert "--bg: #223344;" in changed


@pytest.mark.parametrize("path", ["/theme.css", "/theme.css?theme=daylight"])
async def test_the_login_page_has_its_colours_before_anyone_has_logged_in(
    home: Path, path: str
) -> None:
    (home / "config.yaml").write_text(
        (home / "config.yaml").read_text() + "access: {reads: login}\n"
    )
    async with served(home) as (_, client):
        headers = {"X-Forwarded-For": "203.0.113.9"}
        assert (await client.get("/api/status", headers=headers)).status_code == 401
        assert (await client.get(path, headers=headers)).status_code == 200


async def test_the_page_lists_every_theme_with_its_colours_and_the_choice(home: Path) -> None:
    async with served(home) as (_, client):
        names = [each["name"] for each in (await client.get("/api/themes")).json()["themes"]]
        page = (await client.get("/settings/appearance")).text
    assert [name for name in ("auto", *names) if f'name="theme" value="{name}"' not in page] == []
    assert 'value="darkstar" checked' in page
    assert f'fill="{tokens_of(BUILT_IN_LIGHT)["charge"]}"' in page
    assert "style=" not in page


async def test_the_form_saves_look_and_language_and_leads_back(home: Path) -> None:
    form = {"theme": "Nord", "accent": "3", "language": "sv"}
    async with served(home) as (_, client):
        saved = await client.post("/settings/appearance", data=form)
        page = (await client.get(saved.headers["Location"])).text
        listed = (await client.get("/api/themes")).json()
    assert (saved.status_code, saved.headers["Location"]) == (
        303,
        "/settings/appearance?saved=true",
    )
    assert (listed["current"], listed["accent_index"]) == ("Nord", 3)
    assert '<html lang="sv"' in page
    assert 'id="saved"' in page
    assert yaml.safe_load((home / "config.yaml").read_text())["ui"] == {
        "theme": "Nord",
        "theme_accent_index": 3,
        "language": "sv",
    }


async def test_what_stands_in_the_way_of_saving_is_told_on_the_page(home: Path) -> None:
    async with served(home) as (_, client):
        gone = await client.post(
            "/settings/appearance", data={"theme": "gone", "accent": "0", "language": "en"}
        )
        wrong = await client.post(
            "/settings/appearance", data={"theme": "Nord", "accent": "16", "language": "en"}
        )
        (home / "config.yaml").write_text("timezone: [")
        broken = await client.post(
            "/settings/appearance", data={"theme": "Nord", "accent": "0", "language": "en"}
        )
    assert gone.status_code == 404
    assert "There is no theme &#39;gone&#39;" in gone.text
    assert wrong.status_code == 422
    assert broken.status_code == 409
    assert "<strong>Not saved.</strong>" in broken.text


async def test_a_theme_that_is_gone_is_told(home: Path) -> None:
    (home / "config.yaml").write_text((home / "config.yaml").read_text() + "ui: {theme: Batman}\n")
    async with served(home) as (_, client):
        page = (await client.get("/settings/appearance")).text
    assert "The theme Batman is gone." in page
    assert "Darkstar is shown in its place." in page


async def test_another_site_and_a_stranger_cannot_change_the_look(home: Path) -> None:
    form = {"theme": "Nord", "accent": "3", "language": "sv"}
    async with served(home) as (_, client):
        forged = await client.post(
            "/settings/appearance", data=form, headers={"Sec-Fetch-Site": "cross-site"}
        )
        stranger = await client.post(
            "/settings/appearance", data=form, headers=PAGE | {"X-Forwarded-For": "203.0.113.9"}
        )
        listed = (await client.get("/api/themes")).json()
    assert forged.status_code == 403
    assert (stranger.status_code, stranger.headers["Location"][:6]) == (303, "/login")
    assert listed["current"] == "darkstar"
