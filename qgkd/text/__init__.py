"""Chinese text: its characters, scripts, sentences and words.

Comes in: text in either script. Goes out: character ranges, tagged words, the script, or the text in another script.
Others use: `characters`, `script`, `respelling`, `language`, `sentences`, `words`, `word_lists`, `enumerations`,
`foreign_names`.
"""
