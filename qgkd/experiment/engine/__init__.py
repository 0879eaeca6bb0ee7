"""What every comparison shares: steps made once, rows made in order, means over seeds, tables, plots, timing.

Comes in: steps, rows, figures. Goes out: models in step folders; Markdown, CSV and PNG files.
Others use: every module, from any experiment; none of them knows what is trained or scored.
"""
