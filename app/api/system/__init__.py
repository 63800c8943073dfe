"""The service's own health: doctor, jobs, alerts, metrics."""
