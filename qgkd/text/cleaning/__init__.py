"""Cleaning: what stands in a text beside its sentences is taken off before the sentences are read.

Comes in: any text, and the answers that a person chose in it. Goes out: `CleanText`: sentences alone, the place of each
of their characters in the text as it came, and what was left out.
Others use: `clean.clean`, `clean_text.CleanText`, `kinds.Kind`.

Read in this order: tracked, spelling, markup, phonetics, time_stamps, lines, apparatus, furniture, verse, broken_lines,
prose, blanks, clean.
"""
