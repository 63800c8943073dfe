"""Which rule stands behind each reason code, for people who ask why; a sentence a code."""

RULES: dict[str, str] = {
    "manual_charge": "A manual action: its slots do what you asked, the rest is planned around it.",
    "manual_charge_not_possible": "A manual action that a limit stops: battery, fuse or target.",
    "manual_hold": "A manual action: the battery gives nothing and buys nothing in its slots.",
    "manual_export": "A manual action: its slots sell down to your floor, whatever the price.",
    "manual_export_not_possible": "A manual action that a limit or a rule of yours stops.",
    "charge_paid_for": "Negative import price: taking energy brings money, so all there is room for"
    " is taken.",
    "charge_for_later_use": "Value of stored energy: a later use earns more than buying, losses and"
    " wear cost.",
    "charge_to_minimum": "Minimum charge level: what is missing below it comes before any gain.",
    "charge_run_on": "Smoothing: a run or a rest must last as many slots as you set.",
    "charge_strategic": "Strategic charging: sun will not cover the load, and the price is below"
    " your limit.",
    "charge_for_reserve": "Reserve: energy kept for what comes, the safety factor (S-index)"
    " included.",
    "discharge_pays": "Value of stored energy: serving the house now earns more than any later"
    " use.",
    "discharge_before_sale": "Export price above import price: a slot buys or sells, never both.",
    "discharge_for_fuse": "Main fuse: what the grid cannot carry comes from the battery.",
    "discharge_run_on": "Smoothing: a run or a rest must last as many slots as you set.",
    "discharge_in_cheap_pays": "Hold in cheap windows, overruled: kept, the energy would earn"
    " less.",
    "export_beats_later_use": "Export rules: margin, peak hours, protective level and later prices"
    " all allow it.",
    "pv_store_for_later": "Value of stored energy: the sun's surplus earns more later than sold"
    " now.",
    "hold_no_battery": "There is no battery to plan.",
    "hold_soc_unknown": "Safe plan: without a charge level nothing is discharged or sold.",
    "hold_run_too_short": "Smoothing: a run must last as many slots as you set.",
    "hold_curtail": "Negative export price: the panels are throttled rather than paid to sell.",
    "hold_full": "Maximum charge level: there is no room for more.",
    "hold_sell_surplus": "Value of stored energy: sold now, the sun's surplus earns more than"
    " later.",
    "hold_empty": "Minimum charge level: nothing is taken below it.",
    "hold_balanced": "Nothing to decide: sun and load balance.",
    "hold_use_does_not_pay": "Margins: a use must earn its losses, its wear and your margin.",
    "hold_cheap_window": "Hold in cheap windows: what is stored is kept for dearer hours.",
    "hold_by_rule": "Safety factor (S-index): below 1 it counts on less consumption than forecast.",
    "hold_for_dearer": "Value of stored energy: a later use earns more than serving the house now.",
}
