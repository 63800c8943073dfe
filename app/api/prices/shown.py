"""The view of the prices that pages ask for, or why there is none."""

import asyncio
from typing import Annotated

from fastapi import Depends

from app.api.prices.routes import prices_of
from app.api.prices.view import PriceView, price_view, unavailable
from app.api.web.dependencies import OverviewDep, ServicesDep
from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.wording.i18n import _


async def prices_view(deps: ServicesDep, known: OverviewDep) -> PriceView:
    """Return the page's view of prices and their parts, or why there is none."""
    try:
        # The status has just asked: asking again would cost the database's whole patience.
        prices = await prices_of(deps) if known[1].database_ok else None
    except DatabaseUnavailableError:
        prices = None
    if prices is None:
        return unavailable(_("prices show here once the database answers"))
    return await asyncio.to_thread(price_view, prices, clock.now())


PricesDep = Annotated[PriceView, Depends(prices_view)]
