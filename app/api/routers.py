"""Every router of the service: what the API document shows, and what only browsers ask for."""

from app.api.appearance import pages as appearance_pages
from app.api.appearance import routes as appearance_routes
from app.api.appearance import stylesheet as appearance_stylesheet
from app.api.forecasts import finder_routes as forecasts_finder_routes
from app.api.forecasts import pages as forecasts_pages
from app.api.history import pages as history_pages
from app.api.history import routes as history_routes
from app.api.learning import routes as learning_routes
from app.api.learning import scores_routes as learning_scores_routes
from app.api.login import pages as login_pages
from app.api.login import sessions_routes as login_sessions_routes
from app.api.manual import pages as manual_pages
from app.api.manual import routes as manual_routes
from app.api.original import routes as original_routes
from app.api.plan import pages as plan_pages
from app.api.plan import routes as plan_routes
from app.api.prices import pages as prices_pages
from app.api.prices import routes as prices_routes
from app.api.settings import import_pages as settings_import_pages
from app.api.settings import pages as settings_pages
from app.api.settings import routes as settings_routes
from app.api.setup import ha_pages as setup_ha_pages
from app.api.setup import pages as setup_pages
from app.api.setup import plan_pages as setup_plan_pages
from app.api.system import alerts_routes as system_alerts_routes
from app.api.system import metrics_routes as system_metrics_routes
from app.api.system import pages as system_pages
from app.api.system import readiness as system_readiness
from app.api.system import routes as system_routes
from app.api.today import chart_data as today_chart_data
from app.api.today import events_routes as today_events_routes
from app.api.today import now_routes as today_now_routes
from app.api.today import pages as today_pages

API = (
    plan_routes.router,
    today_now_routes.router,
    manual_routes.router,
    prices_routes.router,
    learning_scores_routes.router,
    system_routes.router,
    history_routes.router,
    forecasts_finder_routes.router,
    system_alerts_routes.router,
    system_metrics_routes.router,
    system_readiness.router,
    settings_routes.router,
    today_events_routes.router,
    appearance_routes.router,
    original_routes.router,
    learning_routes.router,
    login_sessions_routes.router,
)
PAGES = (
    today_pages.router,
    prices_pages.router,
    plan_pages.router,
    history_pages.router,
    login_pages.router,
    learning_scores_routes.fragments,
    system_pages.router,
    manual_pages.router,
    today_chart_data.router,
    forecasts_pages.router,
    appearance_stylesheet.router,
    appearance_pages.router,
    # Before the pages of sections: their address would match it.
    settings_import_pages.router,
    settings_pages.router,
    setup_ha_pages.router,
    setup_plan_pages.router,
    setup_pages.router,
)
