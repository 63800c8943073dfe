"""From a spot price to what a kWh costs and pays."""
