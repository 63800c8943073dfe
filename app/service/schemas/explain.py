"""Why a slot is as it is, as REST clients read it. Names are public: additive changes only."""

from pydantic import ConfigDict, Field

from app.service.schemas import run_examples as examples
from app.service.schemas.plan import Out, SlotOut
from app.service.schemas.prices import ExportParts, ImportParts
from app.service.schemas.runs import RunStamp


class PriceOut(Out):
    """A slot's prices per kWh with the parts they add up from."""

    import_price_per_kwh: float
    import_parts: ImportParts
    export_price_per_kwh: float
    export_parts: ExportParts
    source: str
    estimated: bool


class AlternativeOut(Out):
    """What one more stored kWh would gain by an action, against leaving the battery alone."""

    action: str = Field(description="charge, discharge, hold, export or pv_charge")
    gain_per_kwh: float = Field(description="per stored kWh; limits and margins aside")
    is_planned: bool


class ExplanationOut(Out):
    """Why a slot does what it does."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPLANATION]})

    run: RunStamp
    currency: str
    slot: SlotOut
    reason: str = Field(description="stable reason code")
    text: str
    rule: str = Field(description="the rule that decided")
    marginal_value_per_kwh: float = Field(description="worth of one more kWh stored at slot_end")
    price: PriceOut | None = Field(description="null where the parts are no longer known")
    alternatives: list[AlternativeOut] = Field(description="the best first")
    notes: list[str] = Field(description="what is not known, and why")
