"""What really happened, slot by slot, and how good the forecasts were."""
