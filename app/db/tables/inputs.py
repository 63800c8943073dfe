"""Tables of what a plan is made from: prices, forecasts, and what was measured in the home."""

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, Double, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import MYSQL, Base
from app.db.tables.columns import SlotTime, UtcDateTime


class Price(Base):
    """An accepted spot price per kWh, excluding VAT."""

    __tablename__ = "price"
    __table_args__ = (
        Index("ix_price_delivery_day", "delivery_day"),
        Index("ix_price_slot_start", "slot_start"),
        MYSQL,
    )

    area: Mapped[str] = mapped_column(String(8), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    spot_price_per_kwh: Mapped[float] = mapped_column(Double())
    # Units of ``currency`` per euro as the source had it, null where it does not say.
    exchange_rate_per_eur: Mapped[float | None] = mapped_column(Double())
    delivery_day: Mapped[date] = mapped_column(Date())
    provider: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime())
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime())


class SupersededPrice(Base):
    """A price that a later answer replaced, kept as plans and the ledger knew it until then."""

    __tablename__ = "superseded_price"
    __table_args__ = (Index("ix_superseded_price_slot_start", "slot_start"), MYSQL)

    area: Mapped[str] = mapped_column(String(8), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    superseded_at: Mapped[datetime] = mapped_column(UtcDateTime(), primary_key=True)
    spot_price_per_kwh: Mapped[float] = mapped_column(Double())
    exchange_rate_per_eur: Mapped[float | None] = mapped_column(Double())
    delivery_day: Mapped[date] = mapped_column(Date())
    provider: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime())
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime())


class Forecast(Base):
    """A forecast value of one slot, as issued at one time; kept to be scored later."""

    __tablename__ = "forecast"
    __table_args__ = (Index("ix_forecast_issued_at", "issued_at"), MYSQL)

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime(), primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    value: Mapped[float] = mapped_column(Double())
    # One in ten outcomes lies below p10, one in ten above p90; null where the source has no spread.
    p10: Mapped[float | None] = mapped_column(Double())
    p90: Mapped[float | None] = mapped_column(Double())
    # Fingerprint of what the forecast was made for (place, roof planes, meters): another home's
    # forecast is not reused.
    made_for: Mapped[str | None] = mapped_column(String(16))


class Observation(Base):
    """Something measured in the home."""

    __tablename__ = "observation"
    __table_args__ = (Index("ix_observation_observed_at", "observed_at"), MYSQL)

    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime(), primary_key=True)
    value: Mapped[float] = mapped_column(Double())
    unit: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(64))
    quality: Mapped[str] = mapped_column(String(16))


class ObservedSlot(Base):
    """What really happened in one slot; a null is a quantity nobody measured.

    Energies are kWh at the AC side, never negative. ``load_kwh`` is the house without the water
    heater. ``quality`` says of each quantity how it is known: measured, statistics (backfilled
    from long-term statistics), estimated, gap (part of the slot is missing) or reset (the counter
    was reset inside the slot).
    """

    __tablename__ = "observed_slot"
    __table_args__ = (MYSQL,)

    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    soc_percent: Mapped[float | None] = mapped_column(Double())  # at the slot's end
    import_kwh: Mapped[float | None] = mapped_column(Double())
    export_kwh: Mapped[float | None] = mapped_column(Double())
    pv_kwh: Mapped[float | None] = mapped_column(Double())
    load_kwh: Mapped[float | None] = mapped_column(Double())
    water_kwh: Mapped[float | None] = mapped_column(Double())
    charge_kwh: Mapped[float | None] = mapped_column(Double())
    discharge_kwh: Mapped[float | None] = mapped_column(Double())
    temperature_c: Mapped[float | None] = mapped_column(Double())
    import_price_per_kwh: Mapped[float | None] = mapped_column(Double())
    export_price_per_kwh: Mapped[float | None] = mapped_column(Double())
    quality: Mapped[dict[str, str]] = mapped_column(JSON())
    source: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ModelledPv(Base):
    """What the panels should have given in a slot that is over, by the weather it had.

    Neither corrected nor cut at an inverter's limit: what was measured then, held against it, tells
    of the roof. ``made_for`` is the fingerprint of the plant, see ``Forecast``.
    """

    __tablename__ = "modelled_pv"
    __table_args__ = (Index("ix_modelled_pv_slot_start", "slot_start"), MYSQL)

    made_for: Mapped[str] = mapped_column(String(16), primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    modelled_kwh: Mapped[float] = mapped_column(Double())
    # Part of the peak power under snow, 0 to 1.
    snow_ratio: Mapped[float] = mapped_column(Double())
    # Whether an inverter's limit cut it, or nearly.
    is_limited: Mapped[bool] = mapped_column(Boolean())


class ForecastScore(Base):
    """How far the forecast made before a local day was from what then happened, per slot.

    Errors are forecast minus measured, kWh per slot, over the ``slots`` measured; ``persistence``
    is the plain guess that a slot repeats the one 24 hours before.
    """

    __tablename__ = "forecast_score"
    __table_args__ = (MYSQL,)

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    slots: Mapped[int] = mapped_column(Integer)
    measured_kwh: Mapped[float] = mapped_column(Double())
    mean_absolute_error_kwh: Mapped[float] = mapped_column(Double())
    bias_kwh: Mapped[float] = mapped_column(Double())
    persistence_mean_absolute_error_kwh: Mapped[float | None] = mapped_column(Double())
    persistence_bias_kwh: Mapped[float | None] = mapped_column(Double())
    # Share of measured slots between p10 and p90, 0.8 when the spread is right.
    inside_spread_ratio: Mapped[float | None] = mapped_column(Double())
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime())
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime())
