"""Students that are no Transformer, a BiLSTM and a TextCNN over word vectors of their own; a TextCNN as a BERT's head.

Comes in: sizes, token ids. Goes out: classifiers that `transformers` saves, and loads once `register_students` ran.
Others use: `kinds.register_students`, `kinds.new_student`, `kinds.kind_of`.
"""
