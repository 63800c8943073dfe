"""Rebuild the demo home's recorded sample from two yearly tables.

usage: python tools/build_sample.py YEAR_2023.parquet YEAR_2024.parquet

Energies are kept as whole Wh, temperatures as tenths of a degree and prices as hundredths of an
oere per kWh, in 16- and 32-bit integers, which is below what anyone could see on the page.
"""

import sys
from pathlib import Path

import polars as pl

TARGET = Path(__file__).resolve().parent.parent / "app" / "ingest" / "sample" / "se4.parquet"


def compact(source: str) -> pl.LazyFrame:
    """Return one year as small integers."""
    return pl.scan_parquet(source).select(
        pl.col("start").alias("slot_start"),
        (pl.col("spot_sek_kwh") * 10_000).round().cast(pl.Int32).alias("spot_e4"),
        (pl.col("pv_kwh") * 1000).round().cast(pl.Int16).alias("pv_wh"),
        (pl.col("load_kwh") * 1000).round().cast(pl.Int16).alias("load_wh"),
        (pl.col("load_forecast_kwh") * 1000).round().cast(pl.Int16).alias("load_forecast_wh"),
        (pl.col("temperature_c") * 10).round().cast(pl.Int16).alias("temperature_dc"),
    )


if __name__ == "__main__":
    frame = pl.concat([compact(source) for source in sys.argv[1:]]).sort("slot_start").collect()
    frame.write_parquet(TARGET, compression="zstd", compression_level=22)
    print(f"{TARGET}: {frame.height} rows, {TARGET.stat().st_size} bytes")
