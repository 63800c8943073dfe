"""What was learned of the home, and how good the forecasts were."""
