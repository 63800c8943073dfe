"""What every request passes: limits, headers, refusals."""
