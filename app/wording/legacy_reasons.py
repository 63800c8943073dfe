"""Why a setting of the original Darkstar has no effect any more, in words for its owner."""

from typing import Final

from app.wording.i18n import marked

ALWAYS = marked("every plan is written to the configured database")
WATER = marked("the heater's runs are placed at the lowest cost")
STEPS = marked("a power is planned slot by slot, as high as it pays")
FORECASTS = marked("Darkstar chooses the forecast by what your home has recorded")
LEARNS = marked("Darkstar learns from what it has recorded and needs no switches for it")
PAGES = marked("the pages are other ones here and show what is new by themselves")
NO_CHAT = marked("there is no assistant here that talks to a language model")
NOBODY = marked("whether somebody is at home is not asked")
TOTALS = marked("what a day brings is counted from the totals")
NO_COMMANDS = marked("Darkstar commands no device: your controller follows the plan")
NO_NAME = marked("a home has no name here")
RISK = marked("the safety factor is made from sun and temperature only")
HARD = marked("only the hard limit of the fuse is kept")
FIXED = marked("a fixed fee changes no plan")
SPREAD = marked("the plan's start is spread by itself")
THEME = marked("a theme is light or dark by itself")
EMPTY = marked("it is empty")
NOTHING = marked("Darkstar has nothing like it")
NO_FLAT = marked("slots already past are never planned")
AWAY = marked("there is no holiday mode: hold the heater by hand")
REASONS: Final = (
    ALWAYS, WATER, STEPS, FORECASTS, LEARNS, PAGES, NO_CHAT, NOBODY, TOTALS, NO_COMMANDS,
    NO_NAME, RISK, HARD, FIXED, SPREAD, THEME, EMPTY, NOTHING, NO_FLAT, AWAY,
)  # fmt: skip
