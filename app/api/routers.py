"""Every router of the service: what the API document shows, and what only browsers ask for."""

from app.api.appearance import pages as appearance_pages
from app.api.appearance import routes as themes_api
from app.api.appearance import stylesheet as theme_pages
from app.api.forecasts import finder_routes as routes_best_time
from app.api.forecasts import pages as forecast_pages
from app.api.history import pages as history_pages
from app.api.history import routes as routes_runs
from app.api.learning import routes as learning_api
from app.api.learning import scores_routes as scores_api
from app.api.login import pages as login
from app.api.login import sessions_routes as sessions_api
from app.api.manual import pages as manual_pages
from app.api.manual import routes as routes_manual
from app.api.original import routes as original_api
from app.api.plan import pages as plan_pages
from app.api.prices import pages as price_pages
from app.api.prices import routes as prices
from app.api.settings import import_pages as settings_import_pages
from app.api.settings import pages as settings_pages
from app.api.settings import routes as config_api
from app.api.setup import ha_pages as setup_ha_pages
from app.api.setup import pages as setup_pages
from app.api.setup import plan_pages as setup_plan_pages
from app.api.system import alerts_routes as alerts_api
from app.api.system import metrics_routes as metrics_api
from app.api.system import pages as system_pages
from app.api.system import readiness
from app.api.system import routes as routes_system
from app.api.today import chart_data, pages
from app.api.today import events_routes as routes_events
from app.api.today import now_routes as now_api
from app.api.web import rest

API = (
    rest.router,
    now_api.router,
    routes_manual.router,
    prices.router,
    scores_api.router,
    routes_system.router,
    routes_runs.router,
    routes_best_time.router,
    alerts_api.router,
    metrics_api.router,
    readiness.router,
    config_api.router,
    routes_events.router,
    themes_api.router,
    original_api.router,
    learning_api.router,
    sessions_api.router,
)
PAGES = (
    pages.router,
    price_pages.router,
    plan_pages.router,
    history_pages.router,
    login.router,
    scores_api.fragments,
    system_pages.router,
    manual_pages.router,
    chart_data.router,
    forecast_pages.router,
    theme_pages.router,
    appearance_pages.router,
    # Before the pages of sections: their address would match it.
    settings_import_pages.router,
    settings_pages.router,
    setup_ha_pages.router,
    setup_plan_pages.router,
    setup_pages.router,
)
