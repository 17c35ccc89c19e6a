"""A company's hotlines: what they are, where they are published, where that is wrong, and what is done about it."""
