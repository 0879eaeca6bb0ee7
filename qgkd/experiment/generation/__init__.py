"""`qgkd compare`: the question generation systems, what each is scored on, and their report.

Comes in: a TOML file. Goes out: steps, `table.md`, `table.csv`, plots and the JSON of all rows.
Others use: `settings.load_compare`, `comparison.Comparison`, `report.write_report`.
"""
