"""Chinese text: its characters, scripts, sentences and words.

Comes in: text in either script. Goes out: its sentences alone (`cleaning`), character ranges, tagged words, the script,
or the text in another script.
Others use: `cleaning`, `characters`, `plain_characters`, `script`, `respelling`, `language`, `sentences`, `words`,
`word_lists`, `enumerations`, `foreign_names`.
"""
