"""The page of forecasts and its finder of best times."""
