"""`qgkd glue compare`: classification systems on tasks, what each is scored on, and their report.

Comes in: a TOML file. Goes out: run folders, `table.md`, `table.csv`, `table.json`, a plot and the JSON of all rows.
Others use: `plan.load_comparison`, `comparison.run_comparison` and `write_report`.
"""
