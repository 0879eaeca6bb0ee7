"""The sections of the teacher's page, one file each, in the order they stand on it."""
